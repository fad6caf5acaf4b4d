"""Queries and paths that mean harm."""

from typing import Any

import pytest

pytestmark = pytest.mark.integration

ITEMS = "/api/collections/signalements/items"


HOSTILE = [
    "severity=abc", "nature=%00", "%00=1", "sortby=", "sortby=,", "sortby=--date", "sortby=date;DROP", "datetime=2024",
    "datetime=abc", "datetime=/", "offset=99999999999999999999", "offset=-1", "offset=abc", "bbox=nan,nan,nan,nan",
    "bbox=1e999,0,1,1", "bbox=5,43,4,44,1", "bbox=0,0,0,0,0", "bbox=5,44,6,43", "limit=0", "limit=-5", "limit=abc",
    "limit=1e9", "f=xml", "f=", "crs=foo", "crs=", "bbox-crs=foo", "properties=nope", "properties=,", "id=abc",
    "id=99999999999999999999", "date=abc", "cursor=abc", "cursor=%FF", "filter=severity LIKE 'a'",
    "filter=foo(severity)=1", "filter-lang=cql2-text", "filter=" + "(" * 4000, "resulttype=hits", "q=x",
    "skipGeometry=2", "lang=xx", "lang=" + "x" * 5000, "nature=" + "é" * 3000, "nature='; SELECT pg_sleep(10); --",
    "nature[]=1", "nature=a&nature=b", "profile=x", "%F0%9F%92%A9=1", "reference=\\x", "reference=%5Cu0000",
    "datetime=99999-01-01T00:00:00Z", "datetime=2026-02-30T00:00:00Z", "offset=9223372036854775807",
    "bbox=-1e308,-1e308,1e308,1e308", "bbox=5.3,43.2,5.3,43.2",
]  # fmt: skip


@pytest.mark.parametrize("query", HOSTILE)
def test_no_query_breaks_the_server(client: Any, query: str) -> None:
    """The inputs that gave 5xx in stock pygeoapi, and more."""
    answer = client.get(f"{ITEMS}?{query}")

    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    ["/api/collections/%00", "/api/collections/%00/items", "/api/collections/..%2F..%2Fetc/items", "/api/styles/%00",
     "/api/collections/signalements/items/%00", "/api/x%00", "/web/..%2f..%2fpyproject.toml", "/web/%00",
     "/static/../app.py",
     "/api/collections/" + "x" * 5000, "/api//collections"],
)  # fmt: skip
def test_no_path_breaks_the_server(client: Any, path: str) -> None:
    answer = client.get(path, follow_redirects=True)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/api", "/api/collections", "/api/collections/signalements", "/api/conformance", f"{ITEMS}/3"]
)
def test_an_unknown_parameter_is_refused_by_name_everywhere(client: Any, path: str) -> None:
    """OGC API Features, part 1, requirement 8 (/req/core/query-param-unknown)."""
    status, text = client.detail(f"{path}?nosuch=1")

    assert status == 400
    assert "nosuch" in text
