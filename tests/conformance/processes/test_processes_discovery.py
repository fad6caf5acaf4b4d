"""The abstract tests of OGC API Processes, part 1, on the served small city: what there is to find.

Each function is named after its test: `core_job_results` is `/conf/core/job-results`. The rest of the annex is in the
files beside this one: execution, results, descriptions, jobs. The OGC's own executable suite is another program, in
Java, and checks a part of these (test_cite.py).

References
----------
.. [1] OGC 18-062r2, *OGC API - Processes - Part 1: Core*, 1.0, annex A.
"""

import httpx
import pytest
from ogc_processes import JSON, PROBLEM, REL, SPEC, execute, identifiers, is_problem, is_summary, links

pytestmark = pytest.mark.conformance


# ------------------------------------------------------------------------------------------------------- A.2 class core
def test_core_http(api: httpx.Client) -> None:
    """Requests and responses are HTTP 1.1; a method that a resource does not have is 405."""
    answer = api.get("/processes")
    assert answer.http_version == "HTTP/1.1"
    assert answer.headers["content-type"] == JSON
    assert api.put("/processes").status_code == 405
    assert api.post("/jobs").status_code == 405


def test_core_landingpage_op_and_success(api: httpx.Client) -> None:
    landing = api.get("/")
    assert landing.status_code == 200
    document = landing.json()
    assert links(document, "service-desc") or links(document, "service-doc")
    for rel in (f"{REL}/conformance", f"{REL}/processes"):
        found = links(document, rel)
        assert found, rel
        for link in found:
            assert api.get(link["href"].partition("/api")[2] or "/").status_code == 200
    assert links(document, f"{REL}/job-list")


def test_core_api_definition_op_and_success(api: httpx.Client) -> None:
    document = api.get("/").json()
    for link in links(document, "service-desc") + links(document, "service-doc"):
        answer = api.get(link["href"].partition("/api")[2], headers={"Accept": link["type"]})
        assert answer.status_code == 200
        assert answer.headers["content-type"].partition(";")[0] == link["type"].partition(";")[0]


def test_core_conformance_op_and_success(api: httpx.Client) -> None:
    answer = api.get("/conformance")
    assert answer.status_code == 200
    claimed = answer.json()["conformsTo"]
    for name in ("core", "ogc-process-description", "json", "html", "oas30", "job-list", "dismiss"):
        assert f"{SPEC}/{name}" in claimed
    assert f"{SPEC}/callback" not in claimed  # this city allows none


def test_core_process_list_and_success(api: httpx.Client) -> None:
    answer = api.get("/processes")
    assert answer.status_code == 200
    document = answer.json()
    assert links(document, "self")
    assert links(document, "alternate")
    assert "echo" in [process["id"] for process in document["processes"]]
    for process in document["processes"]:
        is_summary(process)


def test_core_pl_limit_definition_and_response(api: httpx.Client) -> None:
    ids = identifiers(api)
    first = api.get("/processes", params={"limit": 1}).json()
    assert [process["id"] for process in first["processes"]] == ids[:1]
    seen, following = [], first
    while True:
        seen += [process["id"] for process in following["processes"]]
        if not (more := links(following, "next")):
            break
        following = api.get(more[0]["href"].partition("/api")[2]).json()
    assert seen == ids
    for wrong in ("0", "-1", "abc", "1.5", ""):
        is_problem(api.get("/processes", params={"limit": wrong}), 400)


def test_core_pl_links(api: httpx.Client) -> None:
    """Each process of the list leads to its description."""
    for process in api.get("/processes").json()["processes"]:
        (link,) = (li for li in process["links"] if li["rel"] in ("self", "process"))
        assert api.get(link["href"].partition("/api")[2]).json()["id"] == process["id"]


def test_core_process_and_success(api: httpx.Client) -> None:
    for process in identifiers(api):
        answer = api.get(f"/processes/{process}")
        assert answer.status_code == 200
        is_summary(answer.json())
        assert [
            link["href"].endswith(f"/processes/{process}/execution") for link in links(answer.json(), f"{REL}/execute")
        ]


def test_core_process_exception_no_such_process(api: httpx.Client) -> None:
    for answer in (api.get("/processes/nope"), execute(api, "nope", inputs={})):
        is_problem(answer, 404, "no-such-process")


def test_core_process_exception_no_such_process_as_plain_json(api: httpx.Client) -> None:
    """exception.yaml is `application/json`: so it comes to whoever accepts that by its name, and nothing wider."""
    for accept, kind in (
        (JSON, JSON),
        ("application/json, text/json", JSON),
        ("application/json, */*;q=0.1", PROBLEM),
        (f"{JSON}, {PROBLEM}", PROBLEM),
        ("*/*", PROBLEM),
    ):
        for answer in (
            api.get("/processes/nope", headers={"Accept": accept}),
            api.get("/processes/nope/results", headers={"Accept": accept}),
            execute(api, inputs={"message": 1}, headers={"Accept": accept}),
            api.get("/jobs/nope", headers={"Accept": accept}),
        ):
            assert answer.headers["content-type"] == kind
            assert isinstance(answer.json()["type"], str)
