"""QGIS's own client, unmodified, without a plugin: it reads our collections, for anybody and by a key."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = pytest.mark.qgis

Run = Callable[..., dict[str, Any]]
EARLIEST, LATEST = "2025-03-01T00:00:00Z", "2025-03-31T23:00:00Z"
COUNT = "SELECT count(*) FROM data.signalements"


@dataclass(frozen=True)
class Reading:
    """What QGIS found, and what it asked: first all items, then, by a second layer, those of one month."""

    found: dict[str, Any]
    requests: list[str]


@pytest.fixture(scope="module")
def reading(served: Any, qgis: Run) -> Reading:
    """Reads `signalements` with nothing but the address, as the dialog of QGIS makes a layer."""
    before = len(served.requests())
    found = qgis("reads.py", f"url='{served.url}/api' typename='signalements'", EARLIEST, LATEST, "")
    return Reading(found, served.requests()[before:])


def test_qgis_reads_every_item_once(served: Any, reading: Reading) -> None:
    assert reading.found["valid"]
    assert reading.found["ids"] == list(range(1, 20_001))
    assert reading.found["announced"] == len(set(reading.found["references"])) == served.value(COUNT) == 20_000


def test_qgis_reads_20_000_items_by_eleven_requests_at_most(reading: Reading) -> None:
    """It opens by four: landing page, definition, collection, ten items to know the fields; then it asks for pages."""
    again = reading.requests.index("/api", 1)

    requests = reading.requests[:again]

    assert [request.partition("?")[0] for request in requests[:3]] == [
        "/api", "/api/openapi", "/api/collections/signalements",
    ]  # fmt: skip
    assert len(requests) <= 11, requests


def test_qgis_sees_fields_kind_of_geometry_and_crs(served: Any, reading: Reading) -> None:
    longitude, latitude = reading.found["corner"]

    west, south, east, north = served.city.extent
    assert reading.found["fields"] == [
        ["reference", "String"], ["date", "DateTime"], ["nature", "String"], ["origin", "String"],
        ["precision", "String"],
    ]  # fmt: skip
    assert reading.found["geometry"] == "Point"
    assert reading.found["crs"] == "EPSG:4326"
    assert west < longitude < east
    assert south < latitude < north


def test_a_filter_on_the_date_is_answered_by_the_server_as_by_sql(served: Any, reading: Reading) -> None:
    """QGIS hands the filter over and does not look again: what the server answers is what the map shows."""
    within = f"{COUNT} WHERE date BETWEEN '{EARLIEST}' AND '{LATEST}'"
    asked = [parse_qs(urlsplit(request).query) for request in reading.requests if "datetime=" in request]

    assert len(reading.found["asked_within"]) == served.value(within) == 31 * 24
    assert {words["datetime"][0] for words in asked} == {f"{EARLIEST}/{LATEST}"}


def test_coordination_reads_the_occurrences_by_a_key_kept_in_qgis(served: Any, qgis: Run) -> None:
    """The key stands in an authentication of QGIS (API Header, or Basic before 3.24); the layer names it by its id."""
    datasource = f"url='{served.url}/api' typename='faits' authcfg='obs0key'"

    found = qgis("reads.py", datasource, EARLIEST, LATEST, served.keys["coordination"])

    assert found["ids"] == list(range(1, 51))
    assert found["references"][0] == "FR00001"


def test_without_a_key_qgis_gets_nothing_of_the_occurrences(served: Any, qgis: Run) -> None:
    found = qgis("reads.py", f"url='{served.url}/api' typename='faits'", EARLIEST, LATEST, "")

    assert found == {"valid": False}
