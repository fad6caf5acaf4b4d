"""Jobs as clients meet them: a served observatory, a worker beside it, several keys at once."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psycopg
import pytest
import uvicorn

from observatoire.cities import read_city
from observatoire.layers.catalog import catalog
from observatoire.layers.model import AUDIENCES
from observatoire.server.app import create_app
from observatoire.settings import Settings
from observatoire.store.keys import create_key
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

OGC = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"
ASYNC = {"Prefer": "respond-async"}
SLOW = {"inputs": {"cell": 50, "horizon_days": 28}}  # seconds of computation
NIGHTLY = "SELECT status, attempt, audience FROM obs.jobs WHERE process = 'city-forecast'"
FULL = os.environ.get("OBS_PROVE") == "full"


@dataclass(frozen=True)
class Served:
    """An observatory that answers."""

    base: str
    database: str
    var: Path
    keys: dict[str, str]
    subscriber: str

    def client(self, owner: str = "public") -> httpx.Client:
        headers = {} if owner == "public" else {"X-API-Key": self.keys[owner]}
        return httpx.Client(base_url=self.base, headers=headers, timeout=60)

    def order(self, client: httpx.Client, process: str, body: Any) -> str:
        """Ask for a job and return its id."""
        end = time.monotonic() + 300
        while True:
            answer = client.post(f"/processes/{process}/execution", json=body, headers=ASYNC)
            if answer.status_code != 429 or time.monotonic() > end:
                break
            time.sleep(float(answer.headers["Retry-After"]))  # the queue of all citizens is full, as at full counts
        assert answer.status_code == 201, answer.text
        return str(answer.json()["jobID"])

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "OBS_DATABASE_URL": self.database,
            "OBS_VAR": str(self.var),
            "OBS_CITY": "cities/demo.yml",
            "OBS_WORKER_NICE": "0",
            "OBS_JOB_LEASE_S": "4",
            "OBS_CALLBACK_ORIGINS": self.subscriber,
            "OBS_CALLBACK_NETWORKS": "127.0.0.1/32",
        }


def fill(connection: psycopg.Connection) -> None:
    """Write two years of reports in a square of 5 km, three out of four around one place."""
    rng = np.random.default_rng(7)
    n = 3000
    near = rng.normal([891_300.0, 6_246_200.0], 300, (n, 2))
    far = rng.uniform([890_000.0, 6_245_000.0], [895_000.0, 6_250_000.0], (n, 2))
    xy = np.where(rng.random(n)[:, None] < 0.75, near, far)
    hours = np.sort(rng.integers(0, 730 * 24, n))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO data.divisions (id, code, nom, geom, source, source_key, load_id, origin) VALUES "
            "(1, 'A', 'A', ST_Multi(ST_MakeEnvelope(890000, 6245000, 895000, 6250000, 2154)), 't', 'A', 1, 'a')"
        )
        cursor.execute(
            "INSERT INTO data.mailles (id, cell_id, cote, geom, source, source_key, load_id, origin) "
            "SELECT row_number() OVER (), format('CRS2154RES250mN%sE%s', y, x), 250, "
            "ST_MakeEnvelope(x, y, x + 250, y + 250, 2154), 't', format('%s/%s', x, y), 1, 'derived' "
            "FROM generate_series(890000, 894750, 250) x, generate_series(6245000, 6249750, 250) y"
        )
        cursor.executemany(
            "INSERT INTO data.signalements (id, geom, date, nature, origin, source, source_key, load_id) VALUES "
            "(%s, ST_SetSRID(ST_MakePoint(%s, %s), 2154), timestamptz '2023-01-01' + %s * interval '1 hour', 'tag', "
            "'reported', 't', %s, 1)",
            [(k, x, y, int(h), str(k)) for k, ((x, y), h) in enumerate(zip(xy, hours, strict=True), start=1)],
        )


@pytest.fixture(scope="module")
def called() -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """A server that takes callbacks: its origin, and what it got."""
    got: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}", got
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def served(
    database: str, tmp_path_factory: pytest.TempPathFactory, called: tuple[str, list[tuple[str, Any]]]
) -> Iterator[Served]:
    var = tmp_path_factory.mktemp("var")
    with psycopg.connect(database) as connection:
        prepare(connection, read_city(Path("cities/demo.yml")), catalog().values(), passwords(var))
        fill(connection)
        keys = {a: create_key(connection, a, "test") for a in AUDIENCES if a != "public"}
        keys |= {f"citizen {k}": create_key(connection, "citizen", "test") for k in range(6)}
    settings = Settings(
        var=var, database_url=database, city=Path("cities/demo.yml"), sync_wait_s=30, jobs_waiting=200,
        callback_origins=called[0], callback_networks="127.0.0.1/32",
    )  # fmt: skip
    server = uvicorn.Server(uvicorn.Config(create_app(settings), port=0, log_level="warning", lifespan="on"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield Served(f"http://127.0.0.1:{port}/api", database, var, keys, called[0])
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="module")
def worker(served: Served) -> Iterator["subprocess.Popen[bytes]"]:
    """One worker with two slots, which finds a night's forecasts to make; the tests above its first use see none."""
    with psycopg.connect(served.database) as connection:
        connection.execute("INSERT INTO obs.periodic VALUES ('forecast', now() - interval '1 hour')")
    process = subprocess.Popen(
        [sys.executable, "-c", "from observatoire.cli import main; main()", "worker"], env=served.environment
    )
    try:
        eventually(lambda: bool(rows(served, "SELECT FROM obs.workers")), 60)
        eventually(lambda: bool(rows(served, f"{NIGHTLY} AND finished IS NOT NULL")), 120)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def rows(served: Served, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(served.database) as connection:
        return connection.execute(query.encode(), values).fetchall()


def eventually(true: Callable[[], bool], seconds: float) -> float:
    """Wait until it is true and return how long that took, s."""
    begin = time.monotonic()
    while not true():
        assert time.monotonic() - begin < seconds, "it did not become true"
        time.sleep(0.01)
    return time.monotonic() - begin


def over(client: httpx.Client, job: str, seconds: float = 60) -> dict[str, Any]:
    """Wait for the end of a job and return its state."""
    seen: list[dict[str, Any]] = []

    def ended() -> bool:
        answer = client.get(f"/jobs/{job}")
        assert answer.status_code == 200, answer.text
        seen.append(answer.json())
        return seen[-1]["status"] in ("successful", "failed", "dismissed")

    eventually(ended, seconds)
    assert [s["progress"] for s in seen] == sorted(s["progress"] for s in seen)
    return seen[-1]


# ------------------------------------------------------------------------------------------------------ before a worker
def test_without_a_worker_a_job_waits_and_a_heavy_process_runs_in_the_server(served: Served) -> None:
    with served.client() as anybody, served.client("planner") as planner:
        answer = anybody.post("/processes/echo/execution", json={"inputs": {"message": "x"}}, headers=ASYNC)
        job = answer.json()
        early = anybody.get(f"/jobs/{job['jobID']}/results")
        heavy = planner.post("/processes/risk-forecast/execution", json={"inputs": {}})

    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "respond-async"
    assert answer.headers["location"] == f"http://127.0.0.1:5000/api/jobs/{job['jobID']}"
    assert (job["status"], job["type"], job["processID"], job["progress"]) == ("accepted", "process", "echo", 0)
    assert early.status_code == 404
    assert early.json()["type"] == f"{OGC}/result-not-ready"
    assert heavy.status_code == 200
    assert rows(served, "SELECT count(*) FROM obs.jobs WHERE process = 'risk-forecast'") == [(0,)]


def test_as_many_jobs_of_an_audience_wait_as_may_and_others_are_not_kept_out(served: Served) -> None:
    body = {"inputs": {"message": "x"}}
    with served.client("auditor") as auditor, served.client("steward") as steward:
        ids = [served.order(auditor, "echo", body) for _ in range(200)]
        refused = auditor.post("/processes/echo/execution", json=body, headers=ASYNC)
        other = served.order(steward, "echo", body)
        for job in (*ids, other):
            (auditor if job != other else steward).delete(f"/jobs/{job}")

    assert refused.status_code == 429
    assert refused.headers["retry-after"] == "10"
    assert refused.json()["type"] == "urn:observatoire:problem:queue-full"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"inputs": {}}, "inputs.message"),
        ({"inputs": {"message": "a", "pause": 61}}, "inputs.pause"),
        ({"inputs": {"message": "a", "nope": 1}}, "inputs.nope"),
        ([], "body"),
        (None, "body"),
    ],
)
def test_a_wrong_input_is_refused_before_there_is_a_job(served: Served, body: Any, field: str) -> None:
    before = rows(served, "SELECT count(*) FROM obs.jobs")
    with served.client() as client:
        answer = client.post("/processes/echo/execution", content=json.dumps(body), headers=ASYNC)

    assert answer.status_code == 400
    assert field in answer.json()["detail"]
    assert rows(served, "SELECT count(*) FROM obs.jobs") == before


def test_what_nobody_waits_for_any_more_is_ended_in_the_server(served: Served) -> None:
    before = set(descendants(os.getpid()))
    with served.client("planner") as planner, ThreadPoolExecutor(1) as thread:
        asked = thread.submit(planner.post, "/processes/risk-forecast/execution", json=SLOW, timeout=3)
        eventually(lambda: bool(set(descendants(os.getpid())) - before), 3)
        with pytest.raises(httpx.ReadTimeout):
            asked.result()
        took = eventually(lambda: not set(descendants(os.getpid())) - before, 10)

    print(f"child gone {took:.2f} s after its caller")
    assert took < 2


# -------------------------------------------------------------------------------------------------------- with a worker
def test_a_worker_makes_the_forecasts_of_the_night_once(served: Served, worker: "subprocess.Popen[bytes]") -> None:
    with served.client("planner") as planner:
        card = planner.get(served.base.removesuffix("/api") + "/pro/forecast.json").json()
        cells = planner.get("/collections/risque/items", params={"limit": 1, "target": "signalements"}).json()
        listed = planner.get("/jobs?processID=city-forecast").json()["jobs"]

    assert rows(served, NIGHTLY) == [("successful", 1, "admin")]
    assert rows(
        served, "SELECT due > now() AND due < now() + interval '25 hours' FROM obs.periodic WHERE name = 'forecast'"
    ) == [(True,)]
    assert card["target"] == "signalements"
    assert cells["features"]
    assert listed == []


def test_a_job_whose_caller_is_gone_is_dismissed_unless_it_was_to_be_answered_later(
    served: Served, worker: "subprocess.Popen[bytes]"
) -> None:
    newest = "SELECT id, status FROM obs.jobs WHERE process = 'risk-forecast' ORDER BY created DESC LIMIT 1"
    with served.client("planner") as planner:
        with pytest.raises(httpx.ReadTimeout):
            planner.post("/processes/risk-forecast/execution", json=SLOW, timeout=1.5)
        took = eventually(lambda: rows(served, newest)[0][1] == "dismissed", 10)
        waited = rows(served, newest)[0][0]
        later = served.order(planner, "risk-forecast", SLOW)
        planner.close()
        time.sleep(1)
        assert str(rows(served, newest)[0][0]) == later != str(waited)
        assert rows(served, newest)[0][1] in ("accepted", "running")
    with served.client("planner") as planner:
        planner.delete(f"/jobs/{later}")

    print(f"dismissed {took:.2f} s after its caller was gone")
    assert took < 2


@pytest.mark.parametrize("name", ["aggregate", "echo", "risk-forecast"])
def test_every_process_runs_from_its_own_example_as_a_job(
    served: Served, worker: "subprocess.Popen[bytes]", name: str
) -> None:
    with served.client("coordination") as client:
        description = client.get(f"/processes/{name}").json()
        job = over(client, served.order(client, name, description["example"]))
        results = client.get(f"/jobs/{job['jobID']}/results")
        now = client.post(f"/processes/{name}/execution", json=description["example"])

    assert {"sync-execute", "async-execute", "dismiss"} == set(description["jobControlOptions"])
    assert job["status"] == "successful", job
    assert job["progress"] == 100
    assert job["created"] <= job["started"] <= job["finished"] < job["expires"]
    assert results.content == now.content
    assert results.headers["content-type"] == now.headers["content-type"]
    assert results.headers["cache-control"] == "no-store"
    assert [link["href"].rpartition("/")[2] for link in job["links"] if link["rel"].endswith("/results")] == ["results"]


@pytest.mark.parametrize(
    "header",
    ["respond-async", "Respond-Async", "respond-async, wait=10", "wait=10,respond-async;x=1", "a=1, respond-async"],
)
def test_the_wish_to_be_answered_later_is_understood_however_it_is_written(
    served: Served, worker: "subprocess.Popen[bytes]", header: str
) -> None:
    with served.client() as client:
        answer = client.post("/processes/echo/execution", json={"inputs": {"message": "x"}}, headers={"Prefer": header})

    assert answer.status_code == 201
    assert answer.headers["preference-applied"] == "respond-async"


def test_a_heavy_process_is_waited_for_as_long_as_one_wishes(served: Served, worker: "subprocess.Popen[bytes]") -> None:
    with served.client("planner") as client:
        address = "/processes/risk-forecast/execution"
        whole = client.post(address, json={"inputs": {}, "response": "document"})
        part = client.post(address, json=SLOW, headers={"Prefer": "wait=1"})
        client.delete(f"/jobs/{part.json()['jobID']}")
        refused = client.post(address, json={"inputs": {"as_of": "2999-01-01"}})

    assert whole.status_code == 200
    assert set(whole.json()) == {"forecast"}
    assert re.search(r'/api/jobs/[0-9a-f-]{36}>; rel="monitor"', whole.headers["link"])
    assert part.status_code == 201
    assert "preference-applied" not in part.headers
    assert part.headers["location"].endswith(part.json()["jobID"])
    assert refused.status_code == 400
    assert refused.json()["detail"].startswith("as_of")


def test_a_job_that_fails_says_why(served: Served, worker: "subprocess.Popen[bytes]") -> None:
    with served.client("planner") as client:
        job = over(client, served.order(client, "risk-forecast", {"inputs": {"bbox": [0, 0, 1, 1]}}))
        results = client.get(f"/jobs/{job['jobID']}/results")

    assert job["status"] == "failed"
    assert job["message"].startswith("bbox: ")
    assert results.status_code == 400
    assert results.json()["detail"] == job["message"]


def descendants(pid: int) -> dict[int, int]:
    """Return the CPU time of the processes below one, in clock ticks."""
    parents: dict[int, tuple[int, int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if words[0] != "Z":
                parents[int(entry.name)] = (int(words[1]), int(words[11]) + int(words[12]))
    below = {pid}
    while more := {child for child, (parent, _) in parents.items() if parent in below} - below:
        below |= more
    return {child: parents[child][1] for child in below - {pid}}


def test_a_dismissed_job_is_dead_within_a_second_and_stays_dismissed(
    served: Served, worker: "subprocess.Popen[bytes]"
) -> None:
    for _ in range(5 if FULL else 2):
        with served.client("planner") as client:
            before = set(descendants(worker.pid))
            job = served.order(client, "risk-forecast", SLOW)
            fresh: set[int] = set()

            def busy(known: set[int] = before, found: set[int] = fresh) -> bool:
                found |= {p for p, ticks in descendants(worker.pid).items() if p not in known and ticks > 30}
                return bool(found)

            eventually(busy, 60)  # 0.3 s of CPU: it computes
            began = time.monotonic()
            answer = client.delete(f"/jobs/{job}")
            took = eventually(lambda found=fresh: not any(Path(f"/proc/{pid}").exists() for pid in found), 5)
            seconds = time.monotonic() - began
            ticks = sum(descendants(worker.pid).values())
            time.sleep(0.5)
            spent = sum(descendants(worker.pid).values()) - ticks
            state = client.get(f"/jobs/{job}").json()
            results = client.get(f"/jobs/{job}/results")
            again = client.delete(f"/jobs/{job}")

        print(f"dismissed: child gone {seconds:.3f} s after DELETE was sent ({took:.3f} s after its answer)")
        assert answer.status_code == 200
        assert answer.json()["status"] == state["status"] == "dismissed"
        assert seconds < 1
        assert spent <= 10  # of 50 ticks that a computation would have used
        assert results.status_code == 410
        assert again.json()["status"] == "dismissed"
        assert rows(served, "SELECT count(*) FROM obs.job_results WHERE job = %s", job) == [(0,)]


def test_a_job_that_is_over_is_forgotten_on_demand(served: Served, worker: "subprocess.Popen[bytes]") -> None:
    with served.client("citizen") as client:
        job = over(client, served.order(client, "echo", {"inputs": {"message": "secret"}}))["jobID"]
        assert client.get(f"/jobs/{job}/results").json() == "secret"
        dismissed = client.delete(f"/jobs/{job}")

        assert dismissed.json()["status"] == "dismissed"
        for path in (f"/jobs/{job}", f"/jobs/{job}/results"):
            assert client.get(path).status_code == 404
    assert rows(served, "SELECT count(*) FROM obs.job_results WHERE job = %s", job) == [(0,)]


# ------------------------------------------------------------------------------------------------------------ callbacks
def test_subscribers_are_called_back_by_the_worker(
    served: Served, worker: "subprocess.Popen[bytes]", called: tuple[str, list[tuple[str, Any]]]
) -> None:
    origin, got = called
    names = ("successUri", "inProgressUri", "failedUri")
    subscriber = {name: f"{origin}/{name}" for name in names}
    with served.client("planner") as planner:
        good = served.order(planner, "echo", {"inputs": {"message": "x", "pause": 3}, "subscriber": subscriber})
        bad = served.order(planner, "risk-forecast", {"inputs": {"bbox": [0, 0, 1, 1]}, "subscriber": subscriber})
        waited = planner.post(
            "/processes/echo/execution", json={"inputs": {"message": "y"}, "subscriber": {"successUri": origin}}
        )
        eventually(lambda: rows(served, "SELECT count(*) FROM obs.callbacks") == [(0,)], 60)
        over(planner, bad)

    assert ("/successUri", {"echo": "x"}) in got
    assert [body["jobID"] for path, body in got if path == "/failedUri"] == [bad]
    assert good in [body["jobID"] for path, body in got if path == "/inProgressUri"]
    assert waited.status_code == 200
    assert waited.json() == "y"
    assert [body for path, body in got if path in ("", "/")] == [{"echo": "y"}]


def test_a_subscriber_elsewhere_is_refused_and_the_document_says_what_is_taken(served: Served) -> None:
    with served.client() as client:
        refused = [
            client.post("/processes/echo/execution", json={"inputs": {"message": "x"}, "subscriber": subscriber})
            for subscriber in (
                {"successUri": "http://169.254.169.254/"},
                {"successUri": served.subscriber.replace("http:", "https:")},
                {"failedUri": served.subscriber},
                {"successUri": served.subscriber, "other": served.subscriber},
                served.subscriber,
            )
        ]
        claimed = client.get("/conformance").json()["conformsTo"]
        operation = client.get("/openapi").json()["paths"]["/processes/echo/execution"]["post"]

    assert {answer.status_code for answer in refused} == {400}
    assert all(answer.json()["detail"].startswith("subscriber") for answer in refused)
    assert "http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/callback" in claimed
    assert set(operation["callbacks"]) == {"jobSuccess", "jobInProgress", "jobFailed"}
    body = operation["requestBody"]["content"]["application/json"]["schema"]
    assert body["properties"]["subscriber"]["required"] == ["successUri"]


# ------------------------------------------------------------------------------------------------------------ ownership
def test_a_job_of_a_key_does_not_exist_for_anybody_else(served: Served, worker: "subprocess.Popen[bytes]") -> None:
    with served.client("citizen 0") as owner:
        job = over(owner, served.order(owner, "echo", {"inputs": {"message": "mine"}}))["jobID"]

        for other in ("public", "citizen 1", "planner", "admin"):
            with served.client(other) as client:
                answers = [
                    client.get(f"/jobs/{job}"), client.get(f"/jobs/{job}/results"), client.delete(f"/jobs/{job}"),
                    client.get("/jobs/00000000-0000-4000-8000-000000000000"),
                ]  # fmt: skip
                listed = client.get("/jobs?limit=1000").json()["jobs"]
            assert [a.status_code for a in answers] == [404] * 4
            assert {json.dumps(a.json()) for a in answers} == {json.dumps(answers[-1].json())}
            assert answers[0].json()["type"] == f"{OGC}/no-such-job"
            assert job not in {one["jobID"] for one in listed}

        assert owner.get(f"/jobs/{job}/results").json() == "mine"


def test_an_anonymous_job_is_for_whoever_holds_its_id_and_is_never_listed(
    served: Served, worker: "subprocess.Popen[bytes]"
) -> None:
    with served.client() as anybody, served.client("citizen") as citizen:
        job = served.order(anybody, "echo", {"inputs": {"message": "x", "pause": 30}})

        assert citizen.get(f"/jobs/{job}").status_code == 200
        assert anybody.get("/jobs").json()["jobs"] == []
        assert job not in {one["jobID"] for one in citizen.get("/jobs?limit=1000").json()["jobs"]}
        assert anybody.delete(f"/jobs/{job}").json()["status"] == "dismissed"


@pytest.mark.parametrize("job", ["nope", "1", "%00", "{00000000-0000-4000-8000-000000000000}", "a" * 5000])
def test_what_is_no_id_is_no_job(served: Served, job: str) -> None:
    with served.client() as client:
        for answer in (client.get(f"/jobs/{job}"), client.get(f"/jobs/{job}/results"), client.delete(f"/jobs/{job}")):
            assert answer.status_code == 404
            assert answer.json()["type"] == f"{OGC}/no-such-job"


def test_many_keys_and_many_jobs_do_not_mix(served: Served, worker: "subprocess.Popen[bytes]") -> None:
    each = 50 if FULL else 5

    def client_of(number: int) -> list[bool]:
        right = []
        with served.client(f"citizen {number}") as client:
            ids = [served.order(client, "echo", {"inputs": {"message": f"{number}/{k}"}}) for k in range(each)]
            for k, job in enumerate(ids):
                over(client, job, 300)
                right.append(client.get(f"/jobs/{job}/results").json() == f"{number}/{k}")
            listed = {one["jobID"] for one in client.get("/jobs?limit=1000&processID=echo").json()["jobs"]}
            right.append(set(ids) <= listed)
            return [*right, all(client.get(f"/jobs/{job}").status_code == 200 for job in listed)]

    with ThreadPoolExecutor(6) as threads:
        answers = [right for answers in threads.map(client_of, range(6)) for right in answers]

    assert len(answers) == 6 * (each + 2)
    assert all(answers)


# ------------------------------------------------------------------------------------------------------------- the list
@pytest.fixture(scope="module")
def listed(served: Served) -> dict[str, dict[str, Any]]:
    """Jobs of one key with states and times that are known, written to the store."""
    with served.client("roadworks") as client:
        ids = [served.order(client, "echo", {"inputs": {"message": "x"}}) for _ in range(4)]
        ids.append(served.order(client, "aggregate", {"inputs": {"collection": "signalements"}}))
        for job in ids:
            over(client, job)
    # (status, created, seconds between start and end)
    known = [
        ("successful", 1, 5),
        ("failed", 2, 50),
        ("successful", 3, 500),
        ("dismissed", 4, None),
        ("successful", 5, 1),
    ]
    with psycopg.connect(served.database) as connection:
        connection.execute("ALTER TABLE obs.jobs DISABLE TRIGGER jobs_changed")
        for job, (status, day, seconds) in zip(ids, known, strict=True):
            start = datetime.fromisoformat(f"2026-01-0{day}T12:00:00+00:00")
            connection.execute(
                "UPDATE obs.jobs SET status = %s, created = %s, started = %s, finished = %s WHERE id = %s",
                [status, start, None if seconds is None else start, start + timedelta(seconds=seconds or 0), job],
            )
        connection.execute("ALTER TABLE obs.jobs ENABLE TRIGGER jobs_changed")
    return {name: {"jobID": job} for name, job in zip("abcde", ids, strict=True)}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "edcba"),
        ("type=process", "edcba"),
        ("type=other", ""),
        ("type=other,process", "edcba"),
        ("status=successful", "eca"),
        ("status=failed,dismissed", "db"),
        ("status=failed&status=dismissed", "db"),
        ("status=running", ""),
        ("processID=echo", "dcba"),
        ("processID=aggregate", "e"),
        ("processID=echo,aggregate&status=successful", "eca"),
        ("processID=nope", ""),
        ("datetime=2026-01-02T12:00:00Z", "b"),
        ("datetime=2026-01-02", "b"),
        ("datetime=2026-01-02/2026-01-03", "cb"),
        ("datetime=2026-01-04T00:00:00Z/..", "ed"),
        ("datetime=../2026-01-01T12:00:00Z", "a"),
        ("minDuration=50", "cb"),
        ("maxDuration=50", "eba"),
        ("minDuration=5&maxDuration=50", "ba"),
        ("limit=2", "ed"),
        ("limit=2&offset=2", "cb"),
        ("limit=2&offset=4", "a"),
        ("limit=5000", "edcba"),
    ],
)  # fmt: skip
def test_the_list_holds_what_is_asked_for_the_newest_first(
    served: Served, worker: "subprocess.Popen[bytes]", listed: dict[str, dict[str, Any]], query: str, expected: str
) -> None:
    with served.client("roadworks") as client:
        answer = client.get(f"/jobs?{query}")

    names = {one["jobID"]: name for name, one in listed.items()}
    assert answer.status_code == 200, answer.text
    assert "".join(names[one["jobID"]] for one in answer.json()["jobs"]) == expected


def test_pages_of_the_list_follow_each_other(
    served: Served, worker: "subprocess.Popen[bytes]", listed: dict[str, dict[str, Any]]
) -> None:
    found, address = [], f"{served.base}/jobs?limit=1&status=successful"
    with served.client("roadworks") as client:
        while address:
            page = client.get(address.replace("http://127.0.0.1:5000/api", served.base)).json()
            found += [one["jobID"] for one in page["jobs"]]
            address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")

    assert found == [listed[name]["jobID"] for name in "eca"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=x", "limit=1&limit=2", "offset=-1", "status=nope", "status=", "datetime=x", "minDuration=-1",
        "minDuration=x", "maxDuration=nan", "maxDuration=1e400", "minDuration=2&maxDuration=1", "nope=1", "f=xml",
        "processID=%00",
    ],
)  # fmt: skip
def test_a_wrong_parameter_of_the_list_is_named(served: Served, query: str) -> None:
    with served.client("citizen") as client:
        answer = client.get(f"/jobs?{query}")

    assert answer.status_code == 400
    assert query.split("=")[0] in answer.json()["detail"]


# ------------------------------------------------------------------------------------------------------ pages and words
def test_a_person_follows_a_job_without_a_script(served: Served, worker: "subprocess.Popen[bytes]") -> None:
    html = {"Accept": "text/html", "Accept-Language": "fr"}
    with served.client("citizen") as client:
        job = served.order(client, "echo", {"inputs": {"message": "<b>", "pause": 2}})
        running = client.get(f"/jobs/{job}", headers=html)
        over(client, job)
        done = client.get(f"/jobs/{job}", headers=html)
        listing = client.get("/jobs", headers=html)

    assert '<meta http-equiv="refresh"' in running.text
    assert '<meta http-equiv="refresh"' not in done.text
    assert f'href="/api/jobs/{job}/results"' in done.text
    assert f'href="/api/jobs/{job}?f=html"' in listing.text
    for page in (running, done, listing):
        assert page.headers["content-type"].startswith("text/html")
        assert page.headers["cache-control"] == "no-store"
        assert "<script" not in page.text
        assert '<html lang="fr">' in page.text


def test_a_person_runs_a_process_from_its_page(served: Served, worker: "subprocess.Popen[bytes]") -> None:
    with served.client() as client:
        page = client.get("/processes/echo", headers={"Accept": "text/html"})
        sent = client.post("/processes/echo/form?lang=en", data={"message": "é & <b>", "pause": ""})
        wrong = client.post("/processes/echo/form", data={"message": "x", "pause": "soon"})
        hidden = client.post("/processes/risk-forecast/form", data={})
        json_ = client.post("/processes/echo/form", json={"inputs": {"message": "x"}})
        path = sent.headers["location"].removeprefix("/api").removesuffix("?f=html")
        over(client, path.removeprefix("/jobs/"))
        result = client.get(f"{path}/results").json()

    assert '<form method="post" action="/api/processes/echo/form">' in page.text
    assert re.findall(
        r'<input id="input-pause" name="pause" type="number" step="1" value="0" min="0" max="60">', page.text
    )
    assert sent.status_code == 303
    assert result == "é & <b>"
    assert (wrong.status_code, hidden.status_code, json_.status_code) == (400, 404, 415)
    assert wrong.json()["detail"].startswith("inputs.pause: ")


def test_the_landing_page_the_conformance_and_openapi_name_jobs(served: Served) -> None:
    with served.client() as client:
        links = client.get("/").json()["links"]
        claimed = client.get("/conformance").json()["conformsTo"]
        paths = client.get("/openapi").json()["paths"]

    rel = "http://www.opengis.net/def/rel/ogc/1.0/job-list"
    assert [link["href"].partition("?")[0] for link in links if link["rel"] == rel] == [
        "http://127.0.0.1:5000/api/jobs"
    ]
    for name in ("job-list", "dismiss"):
        assert f"http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/{name}" in claimed
    assert set(paths["/jobs/{jobID}"]) == {"get", "delete"}
    assert set(paths["/processes/echo/execution"]["post"]["responses"]) >= {"200", "201", "429"}
    assert {p["name"] for p in paths["/jobs"]["get"]["parameters"]} == {
        "f", "lang", "type", "processID", "status", "datetime", "minDuration", "maxDuration", "limit", "offset",
    }  # fmt: skip
