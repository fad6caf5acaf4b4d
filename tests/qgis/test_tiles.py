"""QGIS's own vector tile layer, stock, on our tiles."""

import re
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.qgis

Run = Callable[..., dict[str, Any]]


def test_qgis_opens_and_draws_tiles(served: Any, qgis: Run) -> None:
    """By the template of the TileJSON; it asks for the tiles of its window and draws what is in them."""
    document = served.get("/api/collections/signalements/tiles/WebMercatorQuad?f=tilejson").json()

    found = qgis("tiles.py", document["tiles"][0], "580000,5330000,615000,5365000")

    assert found["valid"]
    assert found["drawn"] > 500
    asked = [path for path in served.requests() if re.search(r"/tiles/WebMercatorQuad/\d+/\d+/\d+$", path)]
    assert 1 <= len(asked) <= 12


def test_qgis_draws_nothing_where_nothing_is(served: Any, qgis: Run) -> None:
    template = f"{served.url}/api/collections/signalements/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}"

    found = qgis("tiles.py", template, "0,0,35000,35000")

    assert (found["valid"], found["drawn"]) == (True, 0)
