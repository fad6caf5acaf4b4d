"""Executions of many clients with several keys at once: each has its own answer."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from observatoire.layers.rights import role

pytestmark = pytest.mark.integration

REPORTS, FACTS = 6_000, 400


def facts_in_a(database: str, audience: str) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute(
            sql.SQL(
                "SELECT count(*) FROM {} f, data.divisions d WHERE d.code = 'A' AND ST_Intersects(f.geom, d.geom)"
            ).format(sql.Identifier(role(audience), "faits"))  # type: ignore[arg-type]
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_400_mixed_executions_by_8_clients_under_3_keys_are_400_right_answers(served: Any) -> None:
    in_a = {audience: facts_in_a(served.database, audience) for audience in ("planner", "coordination")}
    assert in_a["planner"] != in_a["coordination"]  # one sees rounded positions, the other exact ones

    def one(k: int, client: httpx.Client, audience: str) -> bool:
        if k % 2:
            answer = client.post("/processes/echo/execution", json={"inputs": {"message": f"{audience} {k}"}})
            return bool(answer.status_code == 200 and answer.json() == f"{audience} {k}")
        answer = client.post(
            "/processes/aggregate/execution", json={"inputs": {"collection": "faits", "period": "none"}}
        )
        if audience == "citizen":
            return answer.status_code == 404
        table = answer.json()
        right = {row["division"]: row["count"] for row in table["rows"]}["A"] == in_a[audience]
        return right and table["total"] == FACTS and ("note" in table) == (audience == "planner")

    def client_of(number: int) -> list[bool]:
        audience = ("planner", "coordination", "citizen")[number % 3]
        with served.client(audience) as client:
            return [one(k, client, audience) for k in range(50)]

    with ThreadPoolExecutor(8) as threads:
        answers = [right for answers in threads.map(client_of, range(8)) for right in answers]

    assert len(answers) == 400
    assert all(answers)


def test_pauses_of_many_clients_pass_at_the_same_time(served: Any) -> None:
    begin = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        bodies = [{"inputs": {"message": str(k), "pause": 1}} for k in range(8)]
        answers = list(threads.map(lambda body: served.execute("echo", body).json(), bodies))

    assert answers == [str(k) for k in range(8)]
    assert time.monotonic() - begin < 5
