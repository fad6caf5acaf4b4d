"""OGC API Processes as a client meets it: a served observatory on a real PostGIS, several keys at once."""

import asyncio
import json
import multiprocessing
import multiprocessing.forkserver
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd
import psycopg
import pytest
import uvicorn
from owslib.ogcapi.processes import Processes
from psycopg import sql
from psycopg_pool import AsyncConnectionPool
from shapely import box

from observatoire.caller import Caller, TooSlow
from observatoire.cities import City, read_city
from observatoire.layers.catalog import catalog
from observatoire.layers.model import AUDIENCES
from observatoire.layers.rights import role
from observatoire.risk.grid import Grid
from observatoire.server.app import create_app
from observatoire.server.child import Task
from observatoire.server.children import Busy, Children, TookTooLong
from observatoire.server.registry import registry
from observatoire.settings import Settings
from observatoire.store.keys import create_key
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

WEST, SOUTH, SIDE = 890_000.0, 6_245_000.0, 5_000.0  # m, EPSG:2154: a square of 20 × 20 cells
BORDER = 892_530.0  # between divisions A and B; off every lattice, so that rounding moves items across
REPORTS, FACTS = 6_000, 400
NO_SUCH_PROCESS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process"


@dataclass(frozen=True)
class Served:
    """An observatory that answers."""

    base: str
    database: str
    keys: dict[str, str]
    reports: pd.DataFrame

    def client(self, audience: str = "public") -> httpx.Client:
        headers = {} if audience == "public" else {"X-API-Key": self.keys[audience]}
        return httpx.Client(base_url=self.base, headers=headers, timeout=60)

    def execute(self, process: str, body: Any, audience: str = "public", **options: Any) -> httpx.Response:
        with self.client(audience) as client:
            return client.post(f"/processes/{process}/execution", json=body, **options)


def reports() -> pd.DataFrame:
    """Two years of reports, three out of four around two places, the last ones outside every division."""
    rng = np.random.default_rng(7)
    n = REPORTS
    near = rng.choice([[891_300.0, 6_246_200.0], [893_800.0, 6_248_700.0]], n) + rng.normal(0, 300, (n, 2))
    far = np.column_stack([rng.uniform(WEST, WEST + SIDE, n), rng.uniform(SOUTH, SOUTH + SIDE, n)])
    xy = np.where(rng.random(n)[:, None] < 0.75, near, far)
    xy[-50:] = [889_000.0, 6_244_000.0]
    start = pd.Timestamp("2023-01-01", tz="Europe/Paris")
    dates = start + pd.to_timedelta(np.sort(rng.uniform(0, 730 * 86_400, n)).round(), unit="s")
    return pd.DataFrame(
        {
            "x": xy[:, 0],
            "y": xy[:, 1],
            "date": dates,
            "nature": rng.choice(["tag", "voirie", "depot-sauvage"], n),
            "origin": np.where(rng.random(n) < 0.9, "reported", "discovered"),
        }
    )


def fill(connection: psycopg.Connection, frame: pd.DataFrame) -> None:
    """Write divisions, cells, reports and facts."""
    grid = Grid.covering((WEST, SOUTH, WEST + SIDE, SOUTH + SIDE), cell=250, crs="EPSG:2154")
    rng = np.random.default_rng(8)
    with connection.cursor() as cursor:
        for key, (code, west, east) in enumerate((("A", WEST, BORDER), ("B", BORDER, WEST + SIDE)), start=1):
            cursor.execute(
                "INSERT INTO data.divisions (id, code, nom, geom, source, source_key, load_id, origin) VALUES "
                "(%s, %s, %s, ST_Multi(ST_MakeEnvelope(%s, %s, %s, %s, 2154)), 't', %s, 1, 'administrative')",
                [key, code, f"Division {code}", west, SOUTH, east, SOUTH + SIDE, code],
            )
        copy(
            cursor, "mailles", "cell_id, cote",
            [
                (k, box(x, y, x + 250, y + 250).wkt, name, "derived", name, 250)
                for k, (name, x, y) in enumerate(zip(grid.cell_id, grid.x_min, grid.y_min, strict=True), start=1)
            ],
        )  # fmt: skip
        copy(
            cursor, "signalements", "date, nature",
            [
                (k, f"POINT({r.x} {r.y})", str(k), r.origin, r.date, r.nature)
                for k, r in enumerate(frame.itertuples(), start=1)
            ],
        )  # fmt: skip
        copy(
            cursor, "faits", "date, nature",
            [
                (k, f"POINT({BORDER + rng.uniform(-60, 60)} {SOUTH + rng.uniform(100, 4900)})", str(k), "reported",
                 "2024-05-01T10:00Z", "tapage")
                for k in range(1, FACTS + 1)
            ],
        )  # fmt: skip


def copy(cursor: psycopg.Cursor, table: str, columns: str, rows: list[tuple[object, ...]]) -> None:
    """Write rows (id, geometry in EPSG:2154, key, origin, …) by one statement, so that triggers run once."""
    names = f"id, geom, source_key, origin, {columns}, source, load_id"
    with cursor.copy(f"COPY data.{table} ({names}) FROM STDIN".encode()) as out:
        for number, geometry, *others in rows:
            out.write_row((number, f"SRID=2154;{geometry}", *others, "t", 1))


@pytest.fixture(scope="module")
def city() -> City:
    return read_city(Path("cities/demo.yml"))


@pytest.fixture(scope="module")
def served(database: str, city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    var = tmp_path_factory.mktemp("var")
    frame = reports()
    with psycopg.connect(database) as connection:
        prepare(connection, city, catalog().values(), passwords(var))
        fill(connection, frame)
        keys = {a: create_key(connection, a, "test") for a in AUDIENCES if a != "public"}
    settings = Settings(var=var, database_url=database, city=Path("cities/demo.yml"), processes=2)
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}/api", database, keys, frame)
    finally:
        server.should_exit = True
        thread.join()


# ------------------------------------------------------------------------------------------------ list and description
ALLOWED = {
    "aggregate": set(AUDIENCES),
    "echo": set(AUDIENCES),
    "risk-forecast": {"planner", "roadworks", "coordination"},
    "risk-evaluation": {"planner", "roadworks", "coordination"},
    "situation-report": {"planner", "roadworks", "coordination"},
    "submit-report": set(AUDIENCES),
    "works-clash": {"planner", "roadworks", "coordination"},
    "event-adequacy": {"planner", "roadworks", "coordination"},
}


@pytest.mark.parametrize("audience", AUDIENCES)
def test_an_audience_sees_its_processes_and_no_other(served: Served, audience: str) -> None:
    with served.client(audience) as client:
        listed = {process["id"] for process in client.get("/processes").json()["processes"]}
        described = {name for name in ALLOWED if client.get(f"/processes/{name}").status_code == 200}
        document = client.get("/openapi").json()

    expected = {name for name, audiences in ALLOWED.items() if audience in audiences}
    assert listed == described == expected
    assert {path.split("/")[2] for path in document["paths"] if path.endswith("/execution")} == expected


def test_a_process_that_is_not_for_the_caller_answers_as_one_that_is_not_there(served: Served) -> None:
    hidden = served.execute("risk-forecast", {"inputs": {}})
    missing = served.execute("nope", {"inputs": {}})

    assert hidden.status_code == missing.status_code == 404
    assert hidden.json() == missing.json()
    assert missing.json()["type"] == NO_SUCH_PROCESS
    assert missing.headers["content-type"] == "application/problem+json"


def test_the_list_comes_in_pages_that_follow_each_other(served: Served) -> None:
    found, address = [], f"{served.base}/processes?limit=1"
    with served.client() as client:
        while address:
            page = client.get(address.replace("http://127.0.0.1:5000/api", served.base)).json()
            assert len(page["processes"]) == 1
            found += [process["id"] for process in page["processes"]]
            address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")

    assert found == ["aggregate", "echo", "submit-report"]


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "limit=1&limit=2", "offset=-1", "nope=1", "f=xml"])
def test_a_wrong_parameter_of_the_list_is_named(served: Served, query: str) -> None:
    with served.client() as client:
        answer = client.get(f"/processes?{query}")

    assert answer.status_code == 400
    assert query.split("=")[0] in answer.json()["detail"]


def test_a_description_is_whole_and_in_the_language_asked_for(served: Served) -> None:
    with served.client() as client:
        french = client.get("/processes/aggregate?lang=fr").json()
        answer = client.get("/processes/aggregate", headers={"Accept-Language": "de, en;q=0.8"})

    english = answer.json()
    assert answer.headers["content-language"] == "en"
    assert (french["title"], english["title"]) == ("Comptages", "Counts")
    assert english["jobControlOptions"] == ["sync-execute", "async-execute", "dismiss"]
    assert english["outputTransmission"] == ["value"]
    assert "$ref" not in answer.text
    assert {link["rel"] for link in english["links"]} >= {"self", "http://www.opengis.net/def/rel/ogc/1.0/execute"}


def test_an_output_names_the_style_that_its_features_wear(served: Served) -> None:
    with served.client("planner") as client:
        output = client.get("/processes/risk-forecast").json()["outputs"]["forecast"]
        (style,) = [each["href"].partition("/api")[2] for each in output["metadata"] if each["role"] == "stylesheet"]
        qml = client.get(style, headers={"Accept": "application/vnd.qgis.qml"})
        maplibre = client.get(style)

    assert qml.headers["content-type"] == "application/vnd.qgis.qml"
    assert 'attr="probability"' in qml.text
    assert maplibre.json()["version"] == 8
    worn = {output.worn for process in registry().values() for output in process.outputs.values()}
    assert worn - {""} <= catalog().keys()


@pytest.mark.parametrize("path", ["/processes", "/processes/aggregate"])
def test_a_person_gets_a_page_without_anything_from_elsewhere(served: Served, path: str) -> None:
    with served.client() as client:
        page = client.get(path, headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": "fr"})

    assert page.headers["content-type"].startswith("text/html")
    assert '<html lang="fr">' in page.text
    assert "Comptages" in page.text
    assert "<script" not in page.text
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page.text)
    assert addresses
    assert all(address.startswith(("/", "?")) and not address.startswith("//") for address in addresses)


# ----------------------------------------------------------------------------------------------------------- execution
@pytest.mark.parametrize("name", [name for name in ALLOWED if name != "submit-report"])  # that one writes
def test_a_process_runs_from_its_own_example(served: Served, name: str) -> None:
    with served.client("coordination") as client:
        description = client.get(f"/processes/{name}").json()
        answer = client.post(f"/processes/{name}/execution", json=description["example"])

    assert answer.status_code == 200
    media = [output["schema"].get("contentMediaType", "application/json") for output in description["outputs"].values()]
    if len(media) == 1:
        assert answer.headers["content-type"] == media[0]
    else:
        assert answer.headers["content-type"].startswith("multipart/related")
        assert answer.content.count(b"Content-ID: ") == len(media)


def test_the_raw_answer_is_the_value_and_the_document_names_it(served: Served) -> None:
    raw = served.execute("echo", {"inputs": {"message": "É"}})
    document = served.execute("echo", {"inputs": {"message": "É"}, "response": "document", "outputs": {"echo": {}}})

    assert raw.json() == "É"
    assert document.json() == {"echo": "É"}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        (b"[]", 400, "body"),
        (b"null", 400, "body"),
        (b"", 400, "body"),
        (b'{"inputs":{"message":' + b"[" * 2000 + b"]" * 2000 + b"}}", 400, "body"),
        (b'{"inputs":{"message":' + b"[" * 100 + b"]" * 100 + b"}}", 400, "inputs.message"),
        (b'{"inputs":{"message":"a\\u0000"}}', 400, "inputs.message"),
        (b'{"inputs":{}}', 400, "inputs.message"),
        (b'{"inputs":{"message":1}}', 400, "inputs.message"),
        (b'{"inputs":{"message":"a","pause":61}}', 400, "inputs.pause"),
        (b'{"inputs":{"message":"a","nope":1}}', 400, "inputs.nope"),
        (b'{"inputs":{"message":"a"},"subscriber":{"successUri":"http://127.0.0.1/"}}', 400, "subscriber"),
        (b'{"inputs":{"message":"a"},"outputs":{"echo":{"transmissionMode":"reference"}}}', 400, "outputs.echo"),
        (b'{"inputs":{"message":"' + b"a" * 20_000_000 + b'"}}', 413, "body"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_hostile_body_gets_an_answer_that_names_the_field(
    served: Served, body: bytes, status: int, field: str
) -> None:
    with served.client() as client:
        answer = client.post("/processes/echo/execution", content=body, headers={"Content-Type": "application/json"})

    assert answer.status_code == status
    assert field in answer.json()["detail"]


def test_a_body_in_another_media_type_is_refused(served: Served) -> None:
    with served.client() as client:
        answer = client.post("/processes/echo/execution", data={"message": "x"})

    assert answer.status_code == 415
    assert "Content-Type" in answer.json()["detail"]


def test_a_client_of_the_standard_lists_describes_and_executes(served: Served) -> None:
    client = Processes(served.base, headers={"X-API-Key": served.keys["planner"]})

    assert {process["id"] for process in client.processes()} == set(ALLOWED)
    assert set(client.process("aggregate")["inputs"]) >= {"collection", "period"}
    document = client.execute("echo", {"message": "x"}, response="document")
    assert document == {"echo": "x"}


def test_what_openapi_says_of_processes_is_local_and_in_its_dialect(served: Served) -> None:
    with served.client("planner") as client:
        paths = {p: item for p, item in client.get("/openapi").json()["paths"].items() if p.startswith("/processes")}
        claimed = client.get("/conformance").json()["conformsTo"]
        listed = client.get("/processes").json()["processes"]

    operations = [operation for item in paths.values() for operation in item.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations) == 1 + 2 * len(listed)
    assert not re.search(r'"\$ref": "[^#]', json.dumps(paths))
    assert not re.search(r'"type": \[|"required": \[\]|"const"|"prefixItems"', json.dumps(paths))  # not of OpenAPI 3.0
    body = paths["/processes/aggregate/execution"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["inputs"]["required"] == ["collection"]
    assert "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core" in claimed


def test_a_query_of_the_store_that_takes_too_long_is_given_up(served: Served, city: City) -> None:
    async def run() -> None:
        options = {"options": "-c statement_timeout=50", "autocommit": True}
        async with AsyncConnectionPool(served.database, kwargs=options, min_size=1, open=False) as pool:
            await Caller("public", city, pool=pool).rows(sql.SQL("SELECT pg_sleep({})").format(sql.Literal(5)))

    with pytest.raises(TooSlow, match="shorter time or a smaller area"):
        asyncio.run(run())


def test_an_execution_is_asked_for_by_post(served: Served) -> None:
    with served.client() as client:
        assert client.get("/processes/echo/execution").status_code == 405


# ----------------------------------------------------------------------------------------------------------- aggregate
def expected_rows(frame: pd.DataFrame, period: str) -> list[dict[str, Any]]:
    """Count exact positions with pandas, an implementation that shares nothing with the store."""
    code = np.where(frame["x"] < BORDER, "A", "B").astype(object)
    inside = frame["x"].between(WEST, WEST + SIDE) & frame["y"].between(SOUTH, SOUTH + SIDE)
    code[~inside] = None
    start = frame["date"].dt.tz_convert("Europe/Paris").dt.tz_localize(None).dt.to_period(period).dt.start_time
    table = pd.DataFrame({"division": code, "period": start.dt.strftime("%Y-%m-%d")})
    counts = table.groupby(["division", "period"], dropna=False).size().reset_index(name="count")
    rows = counts.sort_values(["division", "period"], na_position="last").to_dict("records")
    names = {"A": "Division A", "B": "Division B"}
    return [
        {"division": name, "nom": names.get(name)} | {"period": row["period"], "count": row["count"]}
        for row in rows
        for name in [row["division"] if isinstance(row["division"], str) else None]
    ]


@pytest.mark.parametrize(("period", "frequency"), [("month", "M"), ("year", "Y"), ("week", "W-SUN"), ("day", "D")])
def test_counts_are_those_that_pandas_finds(served: Served, period: str, frequency: str) -> None:
    answer = served.execute("aggregate", {"inputs": {"collection": "signalements", "period": period}}, "planner")

    table = answer.json()
    assert table["rows"] == expected_rows(served.reports, frequency)
    assert table["total"] == REPORTS
    assert "note" not in table


def test_the_public_counts_rounded_positions_and_is_told_so(served: Served) -> None:
    answer = served.execute(
        "aggregate", {"inputs": {"collection": "signalements", "period": "none"}}, params={"lang": "fr"}
    )

    table = answer.json()
    with psycopg.connect(served.database) as connection:
        west = connection.execute(
            "SELECT count(*) FROM obs_public.signalements, data.divisions d "
            "WHERE d.code = 'A' AND ST_Intersects(signalements.geom, d.geom)"
        ).fetchone()
    assert west is not None
    assert table["rows"][0] == {"division": "A", "nom": "Division A", "count": west[0]}
    assert table["total"] == REPORTS
    assert "arrondies à 200 m" in table["note"]


def test_time_nature_and_place_narrow_the_count(served: Served) -> None:
    inputs = {
        "collection": "signalements",
        "by": "none",
        "period": "none",
        "datetime": "2023-06-01/2023-06-30",
        "nature": "tag",
        "bbox": [5.0, 43.0, 6.0, 44.0],
    }
    answer = served.execute("aggregate", {"inputs": inputs}, "planner").json()

    local = served.reports["date"].dt.tz_convert("Europe/Paris")
    june = (local.dt.year == 2023) & (local.dt.month == 6) & (served.reports["nature"] == "tag")
    assert answer["rows"] == [{"nature": "tag", "count": int(june.sum())}]
    assert answer["total"] == int(june.sum()) > 0


def test_nothing_is_counted_where_nothing_is(served: Served) -> None:
    inputs = {"collection": "signalements", "by": "none", "period": "none", "bbox": [0, 0, 1, 1]}

    assert served.execute("aggregate", {"inputs": inputs}).json()["rows"] == [{"count": 0}]


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({}, "inputs.collection"),
        ({"collection": "signalements", "by": "street"}, "inputs.by"),
        ({"collection": "signalements", "period": "hour"}, "inputs.period"),
        ({"collection": "signalements", "datetime": "june"}, "inputs.datetime"),
        ({"collection": "signalements", "nature": "tapage"}, "inputs.nature"),
        ({"collection": "signalements", "bbox": [1, 2, 3]}, "inputs.bbox"),
        ({"collection": "signalements", "bbox": [6, 43, 5, 44]}, "inputs.bbox"),
        ({"collection": "divisions", "period": "day"}, "inputs.period"),
        ({"collection": "divisions", "nature": "tag"}, "inputs.nature"),
        ({"collection": "divisions", "datetime": "2024-01-01"}, "inputs.datetime"),
        ({"collection": "signalements'; DROP TABLE data.faits --", "x": 1}, "inputs.x"),
    ],
)
def test_a_wrong_input_of_aggregate_is_named(served: Served, inputs: dict[str, Any], field: str) -> None:
    answer = served.execute("aggregate", {"inputs": inputs})

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(field)


@pytest.mark.parametrize("collection", ["faits", "risque", "nope", "data.signalements", ""])
def test_a_collection_that_is_not_for_the_caller_does_not_exist(served: Served, collection: str) -> None:
    answer = served.execute("aggregate", {"inputs": {"collection": collection}})

    assert answer.status_code == 404
    assert answer.json()["detail"] == f"no collection {collection!r} in the catalogue"


# ----------------------------------------------------------------------------------------------------- several at once
def facts_in_a(database: str, audience: str) -> int:
    with psycopg.connect(database) as connection:
        row = connection.execute(
            sql.SQL(
                "SELECT count(*) FROM {} f, data.divisions d WHERE d.code = 'A' AND ST_Intersects(f.geom, d.geom)"
            ).format(sql.Identifier(role(audience), "faits"))  # type: ignore[arg-type]
        ).fetchone()
    assert row is not None
    return int(row[0])


def test_400_mixed_executions_by_8_clients_under_3_keys_are_400_right_answers(served: Served) -> None:
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


def test_pauses_of_many_clients_pass_at_the_same_time(served: Served) -> None:
    begin = time.monotonic()
    with ThreadPoolExecutor(8) as threads:
        bodies = [{"inputs": {"message": str(k), "pause": 1}} for k in range(8)]
        answers = list(threads.map(lambda body: served.execute("echo", body).json(), bodies))

    assert answers == [str(k) for k in range(8)]
    assert time.monotonic() - begin < 5


# ------------------------------------------------------------------------------------------------------- risk-forecast
@pytest.fixture(scope="module")
def forecast(served: Served) -> dict[str, Any]:
    answer = served.execute("risk-forecast", {"inputs": {"horizon_days": 7}}, "planner")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/geo+json"
    return dict(answer.json())


def test_a_forecast_has_a_row_a_cell_and_ranks_them_all(forecast: dict[str, Any]) -> None:
    cells = [feature["properties"] for feature in forecast["features"]]

    assert len(cells) == 400
    assert forecast["forecast"]["answer"] in ("count", "model")
    assert sorted(cell["rank"] for cell in cells) == list(range(1, 401))
    assert all(cell["lower"] <= cell["upper"] and 0 < cell["probability"] < 1 for cell in cells)
    columns = ["as_of", "cell_id", "expected", "lower", "upper", "probability", "rank", "answer", "baseline"]
    assert list(cells[0])[: len(columns)] == columns
    assert {cell["as_of"] for cell in cells} == {"2024-12-30T23:00:00Z"}  # midnight in Paris after the last report


def test_cells_lie_where_the_city_is_and_turn_the_right_way(forecast: dict[str, Any], city: City) -> None:
    ring = np.array(forecast["features"][0]["geometry"]["coordinates"][0])
    west, south, east, north = city.extent

    assert ((ring > (west - 1, south - 1)) & (ring < (east + 1, north + 1))).all()
    x, y = ring.T
    assert (x[:-1] * y[1:] - x[1:] * y[:-1]).sum() > 0  # counter-clockwise (RFC 7946, 3.1.6)


def test_the_first_cells_are_where_the_reports_are(forecast: dict[str, Any], served: Served) -> None:
    counted = served.reports[served.reports["origin"] == "reported"]
    names = (
        "CRS2154RES250mN" + (counted["y"] // 250 * 250).astype(int).astype(str)
        + "E" + (counted["x"] // 250 * 250).astype(int).astype(str)
    )  # fmt: skip
    busiest = set(names.value_counts().head(40).index)
    first = {f["properties"]["cell_id"] for f in forecast["features"] if f["properties"]["rank"] <= 40}

    assert len(first & busiest) >= 30


def test_a_forecast_is_kept_for_those_who_may_see_it_and_summed_up(forecast: dict[str, Any], served: Served) -> None:
    root = served.base.removesuffix("/api")
    with served.client("roadworks") as client:
        kept = client.get("/collections/risque/items?limit=1000").json()
        card = client.get(f"{root}/pro/forecast.json").json()

    assert len(kept["features"]) == 400
    assert {f["properties"]["cell_id"]: f["properties"]["rank"] for f in kept["features"]} == {
        f["properties"]["cell_id"]: f["properties"]["rank"] for f in forecast["features"]
    }
    assert card["n_cells"] == 400
    assert card["area_km2"] == pytest.approx(25)
    assert card["answer"] == forecast["forecast"]["answer"]
    assert card["words"] == forecast["forecast"]["words"]
    assert card["places"] == dict.fromkeys(("arret-bus", "bar", "ecole", "gare"), 0)  # the city's own, none loaded
    assert card["factors"] == forecast["forecast"]["factors"] == []
    best = sorted((f["properties"]["expected"] for f in forecast["features"]), reverse=True)[:8]  # 2 % of 400
    assert card["top2_area_km2"] == pytest.approx(8 * 0.0625)
    assert card["expected_hits_top2"] == pytest.approx(sum(best))
    total = sum(f["properties"]["expected"] for f in forecast["features"])
    assert card["expected_hits_flat"] == pytest.approx(0.02 * total)


@pytest.mark.parametrize(
    ("audience", "status"), [("public", 401), ("citizen", 404), ("steward", 404), ("planner", 200)]
)
def test_the_summary_has_the_rights_of_forecasts(
    served: Served, forecast: dict[str, Any], audience: str, status: int
) -> None:
    with served.client(audience) as client:
        assert client.get(f"{served.base.removesuffix('/api')}/pro/forecast.json").status_code == status


def test_the_same_forecast_twice_is_the_same_to_the_byte(served: Served, forecast: dict[str, Any]) -> None:
    body = {"inputs": {"horizon_days": 7}}
    once, twice = (served.execute("risk-forecast", body, audience) for audience in ("planner", "coordination"))

    assert once.content == twice.content
    assert json.loads(once.content) == forecast


def test_a_forecast_of_a_part_is_answered_and_not_kept(served: Served, forecast: dict[str, Any]) -> None:
    with psycopg.connect(served.database) as connection:
        before = connection.execute("SELECT count(*), sum(expected) FROM data.risque").fetchone()
        answer = served.execute("risk-forecast", {"inputs": {"nature": "tag", "cell": 500}}, "planner").json()
        after = connection.execute("SELECT count(*), sum(expected) FROM data.risque").fetchone()

    assert len(answer["features"]) == 100
    assert before == after


@pytest.mark.parametrize(
    ("inputs", "status", "says"),
    [
        ({"as_of": "2999-01-01"}, 400, "as_of"),
        ({"as_of": "yesterday"}, 400, "as_of"),
        ({"horizon_days": 0}, 400, "inputs.horizon_days"),
        ({"horizon_days": 29}, 400, "inputs.horizon_days"),
        ({"cell": 10}, 400, "inputs.cell"),
        ({"nature": "tapage"}, 400, "inputs.nature"),
        ({"bbox": [0, 0, 1, 1]}, 400, "bbox"),
        ({"target": "divisions"}, 400, "target"),
        ({"target": "nope"}, 404, "nope"),
        ({"target": "faits"}, 404, "faits"),
        ({"bbox": {"bbox": [5.2, 43.1, 5.6, 43.5], "crs": "EPSG:2154"}}, 400, "inputs.bbox"),
        ({"bbox": [5.2, "NaN", 5.6, 43.5]}, 400, "inputs.bbox"),
        ({"shift": "night"}, 400, "inputs.shift: shift: expected two different hours"),
        ({"places": ["revenu"]}, 400, "traits of residents are never used"),
        ({"places": ["commerce"]}, 400, "no collection holds 'commerce'"),
    ],
)
def test_a_wrong_input_of_a_forecast_is_named(served: Served, inputs: dict[str, Any], status: int, says: str) -> None:
    answer = served.execute("risk-forecast", {"inputs": inputs}, "roadworks")

    assert answer.status_code == status
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    ("inputs", "code"),
    [
        ({"as_of": "2022-12-31"}, "short-history"),  # no event
        ({"as_of": "2023-01-01T03:00:00+01:00"}, "short-history"),  # one, or two
        ({"as_of": "2023-03-12"}, "short-history"),  # ten weeks less some hours
        ({"as_of": "2023-03-13"}, "few-origins"),  # ten weeks
        ({"as_of": "2026-01-01"}, "stale-data"),
        ({"cell": 5000}, "few-cells"),  # as large as the area
        ({"target": "faits"}, "stale-data"),  # all at one moment and on one line
    ],
)
def test_too_little_to_forecast_from_is_an_abstention(served: Served, inputs: dict[str, Any], code: str) -> None:
    answer = served.execute("risk-forecast", {"inputs": {"as_of": "2024-12-31"} | inputs}, "coordination").json()

    assert (answer["forecast"]["answer"], answer["forecast"]["code"]) == ("abstains", code)
    assert {feature["properties"]["expected"] for feature in answer["features"]} == {None}
    assert answer["forecast"]["factors"] == []


def test_a_forecast_of_hours_with_places_is_answered_and_not_kept(served: Served, forecast: dict[str, Any]) -> None:
    with psycopg.connect(served.database) as connection:
        before = connection.execute("SELECT count(*), sum(expected) FROM data.risque").fetchone()
        inputs = {"shift": "05-21", "places": ["ecole", "arret-bus"]}
        answer = served.execute("risk-forecast", {"inputs": inputs}, "planner").json()
        after = connection.execute("SELECT count(*), sum(expected) FROM data.risque").fetchone()

    card = answer["forecast"]
    assert (card["shift"], card["places"]) == ("05-21", {"arret-bus": 0, "ecole": 0})
    assert card["n_events"] == pytest.approx(2 / 3 * forecast["forecast"]["n_events"], rel=0.05)
    assert before == after


# ------------------------------------------------------------------------------------------------------------ children
def task(served: Served, city: City) -> Task:
    return Task(
        "risk-forecast", {"horizon_days": 7}, Caller("planner", city, read=served.database, write=served.database)
    )


def alive(pid: int) -> bool:
    """Tell whether a process lives; a zombie that nobody has reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_an_execution_is_killed_at_its_time_limit_and_the_next_one_runs(
    served: Served, city: City, forecast: dict[str, Any]
) -> None:
    async def run() -> set[int]:
        children = Children(running=1, timeout_s=0.6)
        seen: set[int] = set()
        running = asyncio.ensure_future(children.run(task(served, city)))
        while not running.done():
            seen |= {child.pid for child in multiprocessing.active_children() if child.pid}
            await asyncio.sleep(0.02)
        with pytest.raises(TookTooLong):
            await running
        children.close()
        return seen

    seen = asyncio.run(run())
    until = time.monotonic() + 1
    while any(map(alive, seen)) and time.monotonic() < until:
        time.sleep(0.02)

    assert seen
    assert not any(map(alive, seen))
    assert served.execute("risk-forecast", {"inputs": {"bbox": [0, 0, 1, 1]}}, "planner").status_code == 400


def test_the_fork_server_may_be_killed_and_another_is_made(served: Served, forecast: dict[str, Any]) -> None:
    pid = multiprocessing.forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    os.kill(pid, signal.SIGKILL)

    answer = served.execute("risk-forecast", {"inputs": {"bbox": [0, 0, 1, 1]}}, "planner")

    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("bbox: ")
    assert multiprocessing.forkserver._forkserver._forkserver_pid != pid  # type: ignore[attr-defined]


SERVER = """
import asyncio, multiprocessing, sys
from multiprocessing import forkserver
from pathlib import Path
from observatoire.caller import Caller, TooSlow
from observatoire.cities import read_city
from observatoire.server.child import Task
from observatoire.server.children import Children

async def serve():
    caller = Caller("planner", read_city(Path("cities/demo.yml")), read=sys.argv[1])
    running = asyncio.ensure_future(Children(running=1, timeout_s=60).run(Task("risk-forecast", {}, caller)))
    while not (children := [child.pid for child in multiprocessing.active_children() if child.pid]):
        await asyncio.sleep(0.02)
    print(children[0], forkserver._forkserver._forkserver_pid, flush=True)
    await running

asyncio.run(serve())
"""


def test_a_server_that_is_killed_leaves_no_child(served: Served) -> None:
    server = subprocess.Popen([sys.executable, "-c", SERVER, served.database], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    child, fork_server = map(int, server.stdout.readline().split())
    assert alive(child)
    assert alive(fork_server)

    server.kill()
    server.wait()

    begin = time.monotonic()
    while alive(child) and time.monotonic() - begin < 5:
        time.sleep(0.02)
    assert time.monotonic() - begin < 1
    while alive(fork_server) and time.monotonic() - begin < 30:  # it tidies up, which takes it a while
        time.sleep(0.1)
    assert not alive(fork_server)


def test_as_many_wait_as_may_and_the_next_is_told_to_come_back(served: Served, city: City) -> None:
    async def run() -> list[Any]:
        children = Children(running=1, timeout_s=60)
        running = [asyncio.ensure_future(children.run(task(served, city))) for _ in range(7)]
        done, waiting = await asyncio.wait(running, timeout=0.3)
        for one in waiting:
            one.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        children.close()
        return [one.exception() for one in done]

    errors = asyncio.run(run())

    assert [type(error) for error in errors] == [Busy, Busy]
    assert errors[0].status == 503
    assert errors[0].headers["Retry-After"] == "5"


def test_registered_processes_name_an_audience_and_an_example() -> None:
    for process in registry().values():
        assert process.audience
        assert set(process.example) <= {"inputs", "outputs", "response"}
        assert process.check(process.example["inputs"])
