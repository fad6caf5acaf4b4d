"""Fixtures of the tests of OGC API Processes."""

from collections.abc import Iterator
from typing import Any, Protocol

import httpx
import pytest
from ogc_processes import links


class Observatory(Protocol):
    """The fixture `observatory` of tests/conftest.py."""

    url: str
    keys: dict[str, str]


@pytest.fixture(scope="module")
def api(observatory: Observatory) -> Iterator[httpx.Client]:
    """A client with the key of an audience that may run every process; its jobs are its own."""
    headers = {"X-API-Key": observatory.keys["coordination"]}
    with httpx.Client(base_url=f"{observatory.url}/api", headers=headers, timeout=300) as client:
        yield client


@pytest.fixture(scope="module")
def definition(api: httpx.Client) -> dict[str, Any]:
    (link,) = links(api.get("/").json(), "service-desc")
    return dict(api.get(link["href"].partition("/api")[2], headers={"Accept": link["type"]}).json())
