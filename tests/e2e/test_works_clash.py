"""`works-clash` on the served small city: what was planted is found, nothing invented; proposals leave no conflict."""

import html
import sys
import time
from datetime import datetime
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import httpx
import pytest

from observatoire.town.planted import SITUATIONS

pytestmark = pytest.mark.e2e


def beside(name: str) -> Any:
    """Return a module of this folder, which is no package; the same for every file."""
    spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    if name not in sys.modules:
        sys.modules[name] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


oracle, asked = beside("works_oracle"), beside("works_asked")
execute, findings, AS_OF = asked.execute, asked.findings, asked.AS_OF
COLLECTIONS = (
    "chantiers", "evenements", "lieux-sensibles", "troncons", "lignes-bus", "arrets-bus", "collectes",
)  # fmt: skip
#: Rules of place and time, that `works_oracle` judges; the others are judged in test_works_clash_rest.py.
JUDGED = (
    "works-same-place", "works-side-by-side", "event", "market", "school-entry", "bus-line", "bus-stop", "waste-round",
    "new-pavement",
)  # fmt: skip


@pytest.fixture(scope="module")
def city(observatory: Any) -> Any:
    """What the server serves to a planner, in metres."""
    crs = "http://www.opengis.net/def/crs/EPSG/0/2154"
    items = {
        name: oracle.as_items(
            observatory.get(f"/api/collections/{name}/items", "planner", limit=10_000, crs=crs, f="json").json()
        )
        for name in COLLECTIONS
    }
    return oracle.City(items)


@pytest.fixture(scope="module")
def everything(observatory: Any) -> dict[str, Any]:
    return asked.once(observatory, asked.EVERYTHING)  # type: ignore[no-any-return]


def test_every_planted_clash_is_found_and_what_only_looks_like_one_is_not(everything: dict[str, Any]) -> None:
    named = [{f["subject"], *f["evidence"]} for f in everything["findings"]]
    for situation in SITUATIONS:
        if "chantiers" not in situation.collections:
            continue
        taking_part = set(situation.references)
        if situation.clash:
            assert any(taking_part <= names for names in named), situation.name
        elif len(taking_part) == 2:
            assert not any(taking_part <= names for names in named), situation.name


def test_nothing_is_invented_and_nothing_missed(everything: dict[str, Any], city: Any) -> None:
    """A plain-loop oracle on what the server serves says the same clashes, rule by rule, pair by pair."""
    found = {
        (f["rule"], frozenset((f["subject"], *f["evidence"]))) for f in everything["findings"] if f["rule"] in JUDGED
    }

    assert found == set(city.clashes())
    assert len(found) >= 8  # one at least of each planted clash


def test_every_proposed_date_leaves_no_conflict_by_the_oracle_too(everything: dict[str, Any], city: Any) -> None:
    moved = {p["subject"]: p for p in everything["proposals"] if p["status"] == "moved"}
    assert moved
    assert all(p["left"] == 0 for p in everything["proposals"] if p["status"] != "impossible")
    assert all(p["constraints"] for p in everything["proposals"] if p["status"] == "impossible")

    works = {w["reference"]: w for w in city.works}
    for name, proposal in moved.items():
        works[name] = works[name] | {"debut": proposal["debut"], "fin": proposal["fin"]}
    after = oracle.City(city.items | {"chantiers": list(works.values())})

    left = {pair for rule, pair in after.clashes() if rule in ("works-same-place", "new-pavement")}
    assert not {pair for pair in left if pair & set(moved)}


def test_a_candidate_is_looked_at_like_works_of_the_collection(observatory: Any) -> None:
    """The works CH-P01 sent as a project under another name clash with CH-P02, and with CH-P01 itself."""
    item = observatory.get("/api/collections/chantiers/items", "planner", reference="CH-P01", f="json").json()
    feature = item["features"][0]
    kept = ("nature", "debut", "fin", "regle", "heure_debut", "heure_fin", "feries", "emprise", "tranchee", "troncon")
    candidate = {
        "type": "Feature",
        "geometry": feature["geometry"],
        "properties": {k: feature["properties"][k] for k in kept} | {"reference": "PROJET"},
    }

    report = findings(observatory, {"candidate": candidate, "as_of": AS_OF})

    same_place = {e for f in report["findings"] if f["rule"] == "works-same-place" for e in f["evidence"]}
    assert same_place == {"CH-P01", "CH-P02"}
    assert report["counts"]["works"] == 1
    assert [f["id"] for f in report["features"]] == ["PROJET"]
    (proposal,) = report["proposals"]
    assert (proposal["status"], proposal["left"]) == ("moved", 0)
    assert datetime.fromisoformat(proposal["debut"]) > datetime.fromisoformat(AS_OF)


def test_a_finding_says_reason_evidence_and_where_its_items_stand(observatory: Any) -> None:
    report = findings(observatory, {"reference": "CH-P06", "rules": ["event"]})

    (finding,) = report["findings"]
    assert (finding["severity"], finding["evidence"]) == ("blocking", ["EV-P01"])
    assert "Festival" in finding["reason"]["fr"]
    assert "setting-up included" in finding["reason"]["en"]
    link = next(one for one in finding["links"] if one["collection"] == "evenements")
    item = observatory.get(link["href"], "planner", f="json").json()
    assert item["properties"]["reference"] == "EV-P01"


def test_expected_incidents_stand_beside_the_usual_with_an_interval(observatory: Any) -> None:
    report = findings(observatory, {"reference": "CH-P01", "resolve": False})

    (risk,) = report["risk"]
    assert 0 <= risk["usual_lower"] <= risk["usual_upper"]
    assert risk["forecast"]["target"] == "signalements"
    if risk["share"] > 0 and risk["expected"] is not None:
        assert risk["lower"] <= risk["expected"] <= risk["upper"]


BOW = [[[5.3698, 43.2965], [5.3700, 43.2967], [5.3700, 43.2965], [5.3698, 43.2967], [5.3698, 43.2965]]]
GOOD = {
    "nature": "eau", "emprise": "trottoir", "debut": "2027-05-03T08:00:00+02:00", "fin": "2027-05-07T17:00:00+02:00",
}  # fmt: skip


SQUARE = [[[5.3698, 43.2965], [5.3700, 43.2965], [5.3700, 43.2967], [5.3698, 43.2967], [5.3698, 43.2965]]]


@pytest.mark.parametrize(
    ("rings", "changed", "says"),
    [
        (BOW, {}, "inputs.candidate.geometry: is not a valid geometry: Self-intersection"),
        ([], {}, "inputs.candidate.geometry: is empty"),
        (SQUARE, {"fin": "2027-05-01T08:00:00+02:00"}, "inputs.candidate.properties.fin: 2027-05-01T08:00:00+02:00 is"),
        (SQUARE, {"debut": "2027-05-03T08:00:00"}, "inputs.candidate.properties.debut: has no time zone"),
        (SQUARE, {"nature": "metro"}, "inputs.candidate.properties.nature: unknown code 'metro'"),
        (SQUARE, {"fin": "2077-05-03T08:00:00+02:00"}, "inputs.candidate.properties.fin: 18263 days after the start"),
        (SQUARE, {"telephone": "0491000000"}, "inputs.candidate.properties.telephone: no such property"),
    ],
)
def test_a_bad_candidate_is_refused_by_field_and_its_values_are_not_repeated(
    observatory: Any, rings: Any, changed: dict[str, Any], says: str
) -> None:
    geometry = {"type": "Polygon", "coordinates": rings}
    candidate = {"type": "Feature", "geometry": geometry, "properties": GOOD | changed}

    response = execute(observatory, {"candidate": candidate})

    assert response.status_code == 400
    assert says in response.json()["detail"]
    assert "0491000000" not in response.text


def test_other_bad_inputs_are_refused_and_residents_have_no_such_process(observatory: Any) -> None:
    for inputs, says in (
        ({"reference": "NO-SUCH"}, "inputs.reference"),
        ({"rules": ["no-such"]}, "inputs.rules: no rule 'no-such'"),
        ({"farthest": 400}, "inputs.farthest"),
        ({"reference": "CH-P01", "bbox": [5.3, 43.2, 5.4, 43.3]}, "inputs.bbox"),
    ):
        response = execute(observatory, inputs)
        assert (response.status_code, says in response.json()["detail"]) == (400, True)
    assert execute(observatory, {}, audience="").status_code == 404


def test_a_shared_finding_has_an_address_that_needs_no_key_and_stays_the_same(observatory: Any) -> None:
    asked = {"reference": "CH-P06", "rules": ["event"], "resolve": False}
    (unshared,) = findings(observatory, asked)["findings"]
    (first,) = findings(observatory, asked | {"share": True})["findings"]
    (again,) = findings(observatory, asked | {"share": True})["findings"]

    assert unshared["link"] is None
    assert first["link"] == again["link"]
    document = observatory.get(first["link"], f="json").json()
    assert (document["rule"], document["evidence"], document["reason"]) == ("event", ["EV-P01"], first["reason"])
    page = observatory.get(first["link"], f="html", lang="fr")
    assert first["title"]["fr"] in page.text
    assert "<script" not in page.text
    assert page.headers["cache-control"] == "private, no-store"
    assert observatory.get("/works/findings/nothing-of-that-name").status_code == 404


def test_the_address_for_a_contractor_says_the_dates_that_are_proposed(observatory: Any) -> None:
    report = findings(observatory, {"reference": "CH-P06", "rules": ["event"], "share": True, "as_of": AS_OF})
    (finding,), (proposal,) = report["findings"], report["proposals"]

    document = observatory.get(finding["link"], f="json").json()
    page = observatory.get(finding["link"], f="html", lang="en")

    assert document["proposals"] == [{k: proposal[k] for k in ("subject", "debut", "fin", "days", "reason")}]
    assert "Dates proposed" in page.text
    assert html.escape(proposal["reason"]["en"]) in page.text


def test_the_page_of_a_job_lists_findings_and_proposals_beside_their_map(observatory: Any) -> None:
    headers = {"X-API-Key": observatory.keys["planner"]}
    body = {"inputs": {"reference": "CH-P01", "as_of": AS_OF}}
    with httpx.Client(base_url=observatory.url, headers=headers, timeout=60) as client:
        url = f"{observatory.url}/api/processes/works-clash/execution"
        job = client.post(url, json=body, headers={"Prefer": "respond-async"}).json()["jobID"]
        end = time.monotonic() + 120
        while client.get(f"/api/jobs/{job}").json()["status"] in ("accepted", "running") and time.monotonic() < end:
            time.sleep(0.3)
        report = client.get(f"/api/jobs/{job}/results").json()
        page = client.get(f"/api/jobs/{job}", params={"f": "html", "lang": "fr"}).text

    assert 'data-name="level"' in page
    said = html.unescape(page)
    assert all(f["reason"]["fr"] in said for f in report["findings"])
    assert report["proposals"][0]["reason"]["fr"] in said
