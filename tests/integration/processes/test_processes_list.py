"""The list of processes and their descriptions, for each audience."""

import re
from typing import Any

import pytest
from owslib.ogcapi.processes import Processes

from observatoire.layers.catalog import catalog
from observatoire.layers.model import AUDIENCES
from observatoire.server.registry import registry

pytestmark = pytest.mark.integration

NO_SUCH_PROCESS = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process"


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
def test_an_audience_sees_its_processes_and_no_other(served: Any, audience: str) -> None:
    with served.client(audience) as client:
        listed = {process["id"] for process in client.get("/processes").json()["processes"]}
        described = {name for name in ALLOWED if client.get(f"/processes/{name}").status_code == 200}
        document = client.get("/openapi").json()

    expected = {name for name, audiences in ALLOWED.items() if audience in audiences}
    assert listed == described == expected
    assert {path.split("/")[2] for path in document["paths"] if path.endswith("/execution")} == expected


def test_a_process_that_is_not_for_the_caller_answers_as_one_that_is_not_there(served: Any) -> None:
    hidden = served.execute("risk-forecast", {"inputs": {}})
    missing = served.execute("nope", {"inputs": {}})

    assert hidden.status_code == missing.status_code == 404
    assert hidden.json() == missing.json()
    assert missing.json()["type"] == NO_SUCH_PROCESS
    assert missing.headers["content-type"] == "application/problem+json"


def test_the_list_comes_in_pages_that_follow_each_other(served: Any) -> None:
    found, address = [], f"{served.base}/processes?limit=1"
    with served.client() as client:
        while address:
            page = client.get(address.replace("http://127.0.0.1:5000/api", served.base)).json()
            assert len(page["processes"]) == 1
            found += [process["id"] for process in page["processes"]]
            address = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")

    assert found == ["aggregate", "echo", "submit-report"]


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "limit=1&limit=2", "offset=-1", "nope=1", "f=xml"])
def test_a_wrong_parameter_of_the_list_is_named(served: Any, query: str) -> None:
    with served.client() as client:
        answer = client.get(f"/processes?{query}")

    assert answer.status_code == 400
    assert query.split("=")[0] in answer.json()["detail"]


def test_a_description_is_whole_and_in_the_language_asked_for(served: Any) -> None:
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


def test_an_output_names_the_style_that_its_features_wear(served: Any) -> None:
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
def test_a_person_gets_a_page_without_anything_from_elsewhere(served: Any, path: str) -> None:
    with served.client() as client:
        page = client.get(path, headers={"Accept": "text/html,*/*;q=0.8", "Accept-Language": "fr"})

    assert page.headers["content-type"].startswith("text/html")
    assert '<html lang="fr">' in page.text
    assert "Comptages" in page.text
    assert "<script" not in page.text
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', page.text)
    assert addresses
    assert all(address.startswith(("/", "?")) and not address.startswith("//") for address in addresses)


def test_a_client_of_the_standard_lists_describes_and_executes(served: Any) -> None:
    client = Processes(served.base, headers={"X-API-Key": served.keys["planner"]})

    assert {process["id"] for process in client.processes()} == set(ALLOWED)
    assert set(client.process("aggregate")["inputs"]) >= {"collection", "period"}
    document = client.execute("echo", {"message": "x"}, response="document")
    assert document == {"echo": "x"}
