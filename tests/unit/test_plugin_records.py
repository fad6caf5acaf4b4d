"""The plugin's reading of a catalogue: OGC API Records in, themes and ages out."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from qgis_obs.core.records import BadRecord, by_theme, following, records, search

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


def feature(id_: str, **properties: Any) -> dict[str, Any]:
    return {"id": id_, "type": "Feature", "geometry": None, "properties": properties}


def theme(id_: str, title: str) -> list[dict[str, Any]]:
    return [{"concepts": [{"id": id_, "title": title}], "scheme": "urn:test"}]


def page(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), "links": []}


@pytest.mark.parametrize(
    ("age", "level"), [(0, "fresh"), (2, "fresh"), (2.1, "ageing"), (14, "ageing"), (15, "old"), (None, "unknown")]
)
def test_the_age_of_a_collection_is_that_of_the_last_look_at_its_sources(age: float | None, level: str) -> None:
    said = {} if age is None else {"obs:checked": (NOW - timedelta(days=age)).isoformat()}

    (record,) = records(page(feature("a", **said)))

    assert record.freshness(NOW) == level


def test_a_time_without_an_offset_is_no_age() -> None:
    (record,) = records(page(feature("a", updated="2026-11-28T12:00:00")))

    assert record.updated is None
    assert record.freshness(NOW) == "unknown"


def test_a_search_wants_every_word_without_case_and_accents() -> None:
    found = records(
        page(feature("lampes", title="Éclairage public"), feature("b", title="Bruit", description="public"))
    )

    assert [r.id for r in search(found, "ECLAIRAGE Public")] == ["lampes"]
    assert [r.id for r in search(found, "public")] == ["lampes", "b"]
    assert search(found, "éclairage bruit") == []


def test_themes_come_in_their_order_and_what_has_none_comes_last() -> None:
    found = records(
        page(
            feature("z", title="Zone"),
            feature("r", title="Risque", themes=theme("prevision", "Prévoir")),
            feature("s", title="Signalements", themes=theme("information-public", "Informer")),
            feature("e", title="écoles", themes=theme("information-public", "Informer")),
            feature("o", title="Other", themes=theme("elsewhere", "Ailleurs")),
        )
    )

    assert [(title, [r.id for r in listed]) for title, listed in by_theme(found)] == [
        ("Informer", ["e", "s"]),
        ("Prévoir", ["r"]),
        ("Ailleurs", ["o"]),
        ("", ["z"]),
    ]


def test_a_link_is_found_by_the_last_word_of_its_relation() -> None:
    links = [
        {"rel": "enclosure", "type": "application/geopackage+sqlite3", "href": "http://x/g"},
        {"rel": "http://www.opengis.net/def/rel/ogc/1.0/coverage", "type": "image/tiff", "href": "http://x/c"},
    ]
    (record,) = records(page({**feature("a"), "links": links}))

    assert record.link("coverage") == "http://x/c"
    assert record.link("enclosure", "application/geopackage") == "http://x/g"
    assert record.link("enclosure", "text/csv") == ""


def test_the_next_page_is_the_servers() -> None:
    assert following({"links": [{"rel": "self", "href": "a"}, {"rel": "next", "href": "b"}]}) == "b"
    assert following({}) == ""


@pytest.mark.parametrize(
    ("answer", "member"),
    [
        ("<html>", "features"),
        ({"features": "none"}, "features"),
        ({"features": [{"properties": {}}]}, r"features\[0\].id"),
        ({"features": [{"id": "a", "properties": {}}, {"id": "b"}]}, r"features\[1\].properties"),
    ],
)
def test_what_is_no_catalogue_is_refused_by_member(answer: Any, member: str) -> None:
    with pytest.raises(BadRecord, match=member):
        records(answer)
