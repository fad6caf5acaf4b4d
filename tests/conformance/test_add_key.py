"""The proxy that lets the OGC's executable suites in: every address it gives leads through it again."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.conformance


@pytest.fixture(scope="module")
def proxy(observatory: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    keys = tmp_path_factory.mktemp("keys") / "keys.json"
    keys.write_text(json.dumps(observatory.keys))
    tool = Path(__file__).parents[2] / "tools" / "add_key.py"
    command = [sys.executable, str(tool), "--upstream", observatory.url, "--keys", str(keys), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[0]
        process.terminate()


def test_a_client_without_a_key_has_the_rights_of_the_proxys(proxy: str, observatory: Any) -> None:
    def listed(url: str, **headers: str) -> list[str]:
        return [p["id"] for p in httpx.get(f"{url}/api/processes", headers=headers).json()["processes"]]

    assert listed(proxy) == listed(observatory.url, **{"X-API-Key": observatory.keys["coordination"]})
    assert listed(proxy) != listed(observatory.url)


def test_every_address_leads_through_the_proxy(proxy: str, observatory: Any) -> None:
    answer = httpx.post(
        f"{proxy}/api/processes/echo/execution",
        json={"inputs": {"message": "teststring", "pause": 5}},
        headers={"Prefer": "respond-async"},
    )
    answers = [
        answer,
        *(httpx.get(f"{proxy}{path}") for path in ("/api/", "/api/processes/echo", "/api/openapi?f=json")),
    ]
    followed = httpx.get(answer.headers["location"])
    jobs = httpx.get(f"{proxy}/api/jobs").json()["jobs"]
    refused = httpx.get(f"{proxy}/api/jobs/nope")

    assert all(observatory.url not in one.text for one in answers)
    assert answer.headers["location"].startswith(f"{proxy}/api/jobs/")
    assert followed.json()["jobID"] == answer.json()["jobID"]
    assert answer.json()["jobID"] in [job["jobID"] for job in jobs]
    assert refused.status_code == 404
    httpx.delete(answer.headers["location"])
