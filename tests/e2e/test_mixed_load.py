"""Many clients with several keys at once: reads, executions and jobs mixed. No answer is another's.

2 000 requests; 20 000 with OBS_PROVE=full. What is right is asked for beforehand, one request at a time, with each key.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]

REQUESTS = 20_000 if os.environ.get("OBS_PROVE") == "full" else 2_000
CLIENTS = (1, 4, 16, 64)
AUDIENCES = ("public", "citizen", "planner", "roadworks", "coordination", "auditor")
ASYNC = {"Prefer": "respond-async"}
#: Reads, each with its own answer for each key: positions are rounded for some, collections and processes hidden.
READS = (
    "/processes",
    "/processes/echo?lang=en",
    "/processes/risk-forecast",
    "/collections?f=json",
    "/conformance",
    "/collections/signalements/items?limit=3&offset=7&sortby=id",
    "/collections/faits/items?limit=2&sortby=id",
    "/collections/risque/items?limit=2&sortby=id",
)
COUNTS = [
    {"inputs": {"collection": "signalements", "period": period, "by": by}}
    for period in ("year", "none")
    for by in ("division", "none")
]


def content(answer: httpx.Response) -> Any:
    """What an answer says, without the time at which it was made and references of the log."""
    found = answer.json()
    if isinstance(found, dict):
        found.pop("timeStamp", None)
    return answer.status_code, found


class Asker:
    """One of the keys: what it should see, what it asked for."""

    def __init__(self, name: str, url: str, key: str | None) -> None:
        self.name = name
        self.url = url
        self.headers = {"X-API-Key": key} if key else {}
        self.jobs: dict[str, str] = {}
        self.right: dict[str, Any] = {}

    def learn(self) -> None:
        """Ask everything once, alone."""
        with httpx.Client(base_url=self.url, headers=self.headers, timeout=60) as client:
            self.right = {path: content(client.get(path)) for path in READS}
            for body in COUNTS:
                self.right[json.dumps(body)] = content(client.post("/processes/aggregate/execution", json=body))


class Crowd:
    """The clients, and what was wrong."""

    def __init__(self, askers: list[Asker], seed: int) -> None:
        self.askers = askers
        self.rng = random.Random(seed)
        self.wrong: list[str] = []
        self.done: Counter[str] = Counter()
        self.owner: dict[str, Asker] = {}
        self.number = 0

    async def ask(self, clients: int, requests: int) -> None:
        """Ask, so many clients at once; each has a connection and changes its key with every request."""

        async def client() -> None:
            async with httpx.AsyncClient(base_url=self.askers[0].url, timeout=120) as connection:
                while self.number < limit:
                    self.number += 1
                    await self._one(connection, self.rng.choice(self.askers), self.number)

        limit = self.number + requests
        await asyncio.gather(*(client() for _ in range(clients)))

    async def _one(self, client: httpx.AsyncClient, asker: Asker, number: int) -> None:
        what = self.rng.choices(("read", "echo", "count", "order", "follow", "spy", "list"), (40, 25, 8, 4, 8, 10, 5))[
            0
        ]
        if what in ("follow", "spy") and not self.owner:
            what = "order"
        self.done[what] += 1
        await getattr(self, f"_{what}")(client, asker, number)

    def _check(self, asker: Asker, what: str, found: object, expected: object) -> None:
        if found != expected:
            self.wrong.append(f"{asker.name}, {what}: {str(found)[:200]} instead of {str(expected)[:200]}")

    async def _read(self, client: httpx.AsyncClient, asker: Asker, _: int) -> None:
        path = self.rng.choice(READS)
        self._check(asker, path, content(await client.get(path, headers=asker.headers)), asker.right[path])

    async def _echo(self, client: httpx.AsyncClient, asker: Asker, number: int) -> None:
        said = f"{asker.name} {number} {self.rng.random()}"
        body = {"inputs": {"message": said}, "response": self.rng.choice(("raw", "document"))}
        answer = await client.post("/processes/echo/execution", json=body, headers=asker.headers)
        self._check(asker, "echo", answer.json(), said if body["response"] == "raw" else {"echo": said})

    async def _count(self, client: httpx.AsyncClient, asker: Asker, _: int) -> None:
        body = self.rng.choice(COUNTS)
        answer = await client.post("/processes/aggregate/execution", json=body, headers=asker.headers)
        self._check(asker, "aggregate", content(answer), asker.right[json.dumps(body)])

    async def _order(self, client: httpx.AsyncClient, asker: Asker, number: int) -> None:
        said = f"{asker.name} {number} {self.rng.random()}"
        body = {"inputs": {"message": said}}
        answer = await client.post("/processes/echo/execution", json=body, headers=asker.headers | ASYNC)
        self._check(asker, "order", answer.status_code, 201)
        if answer.status_code == 201:
            job = answer.json()["jobID"]
            asker.jobs[job] = said
            self.owner[job] = asker

    async def _follow(self, client: httpx.AsyncClient, _: Asker, __: int) -> None:
        job = self.rng.choice(list(self.owner))
        asker = self.owner[job]
        answer = await client.get(f"/jobs/{job}/results", headers=asker.headers)
        if answer.status_code != 404:  # not ready
            self._check(asker, "results", content(answer), (200, asker.jobs[job]))

    async def _spy(self, client: httpx.AsyncClient, asker: Asker, _: int) -> None:
        job = self.rng.choice(list(self.owner))
        if self.owner[job] is asker or self.owner[job].name == "public":
            return
        method, path = self.rng.choice((("GET", ""), ("GET", "/results"), ("DELETE", "")))
        answer = await client.request(method, f"/jobs/{job}{path}", headers=asker.headers)
        self._check(asker, f"{method} of another's job", answer.status_code, 404)

    async def _list(self, client: httpx.AsyncClient, asker: Asker, _: int) -> None:
        before = set(asker.jobs)
        answer = await client.get("/jobs?limit=1000", headers=asker.headers)
        found = {job["jobID"] for job in answer.json()["jobs"]} & self.owner.keys()
        foreign = {job for job in found if self.owner[job] is not asker}
        self._check(asker, "jobs of others in the list", foreign, set())
        if asker.name != "public" and len(before) < 900:
            self._check(asker, "own jobs that the list lacks", before - found, set())


def test_no_answer_is_anothers_however_many_ask(observatory: Any) -> None:
    command = [sys.executable, "-m", "observatoire.cli", "key", "citizen", "-o", "json"]
    fresh = [
        json.loads(subprocess.run(command, env=observatory.environment, capture_output=True, check=True).stdout)["key"]
        for _ in range(2)
    ]
    askers = [Asker(name, f"{observatory.url}/api", observatory.keys.get(name)) for name in AUDIENCES]
    askers[0].headers = {}
    askers += [Asker(f"citizen {k}", askers[0].url, key) for k, key in enumerate(fresh)]
    for asker in askers:
        asker.learn()
    crowd = Crowd(askers, seed=20)

    began = time.monotonic()
    with ThreadPoolExecutor(1) as thread:  # a loop of its own: Playwright may have one here
        for clients in CLIENTS:
            thread.submit(asyncio.run, crowd.ask(clients, REQUESTS // len(CLIENTS))).result()
    took = time.monotonic() - began
    with httpx.Client(base_url=askers[0].url, timeout=60) as client:
        end = time.monotonic() + 900
        for job, asker in crowd.owner.items():
            while (answer := client.get(f"/jobs/{job}/results", headers=asker.headers)).status_code == 404:
                assert time.monotonic() < end
                time.sleep(0.05)
            crowd._check(asker, "results in the end", content(answer), (200, asker.jobs[job]))

    print(f"{crowd.done.total()} requests in {took:.0f} s {dict(crowd.done)}, {len(crowd.owner)} jobs")
    assert crowd.wrong == [], f"{len(crowd.wrong)} wrong:\n" + "\n".join(crowd.wrong[:10])
    assert crowd.done.total() == REQUESTS
    assert min(crowd.done.values()) > 0.02 * REQUESTS
    assert len({str(asker.right["/processes"]) for asker in askers}) > 1  # they should not see the same
