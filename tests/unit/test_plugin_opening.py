"""How the plugin opens a collection: by its size, at addresses that QGIS reads."""

from typing import Any

import pytest
from qgis_obs.core import opening
from qgis_obs.core.legend import legend
from qgis_obs.core.presets import listed, preset
from qgis_obs.core.unexpected import Unexpected

pytestmark = pytest.mark.unit

BASE = "https://obs.example/api"


@pytest.mark.parametrize(
    ("count", "tiles", "kind"),
    [
        (0, True, "items"), (5_000, True, "items"), (5_001, True, "window"), (200_000, True, "window"),
        (200_001, True, "tiles"), (200_001, False, "window"), (None, True, "window"),
    ],
)  # fmt: skip
def test_a_collection_is_opened_by_its_size(count: int | None, tiles: bool, kind: str) -> None:
    assert opening.choose(count, has_tiles=tiles) == kind


def test_a_table_without_geometry_is_read_whole() -> None:
    assert opening.choose(1_000_000, has_tiles=True, spatial=False) == "items"


def test_items_are_paged_and_name_an_authentication_never_a_key() -> None:
    found = opening.items(BASE, "faits", authcfg="abc1234", window=True)

    assert found.kind == "window"
    assert found.uri == (
        f"url='{BASE}' typename='faits' pagingEnabled='true' pageSize='5000' "
        "restrictToRequestBBOX='1' authcfg='abc1234'"
    )


def test_a_quote_cannot_end_a_datasource_early() -> None:
    with pytest.raises(ValueError, match="typename"):
        opening.items(BASE, "a' authcfg='b")


def test_tiles_are_asked_by_row_before_column_with_their_query_encoded() -> None:
    """Row before column: OGC API Tiles 1.0, `/{tileMatrix}/{tileRow}/{tileCol}`."""
    found = opening.tiles(BASE, "signalements")

    assert f"url={BASE}/collections/signalements/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}%3Ff%3Dmvt&" in found.uri


def test_a_raster_is_read_over_http_only() -> None:
    assert opening.raster(BASE, "risque").uri == f"/vsicurl/{BASE}/collections/risque/coverage"
    with pytest.raises(ValueError, match="expected http"):
        opening.raster("/etc", "risque")


STYLE: dict[str, Any] = {
    "version": 8,
    "sources": {
        "tiles:1": {"tiles": [f"{BASE}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}?collections=divisions,chantiers"]},
        "risque": {
            "tiles": [
                f"{BASE}/collections/risque/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}?datetime=2026-11-22T23:00:00%2B00:00"
            ]
        },
        "plain": {"type": "geojson", "data": "/api/collections/signalements/items?limit=10"},
    },
    "layers": [
        {"id": "ground", "type": "background"},
        {"id": "a", "source": "tiles:1", "source-layer": "divisions"},
        {"id": "b", "source": "risque", "source-layer": "risque"},
        {"id": "b2", "source": "risque", "source-layer": "risque"},
        {"id": "c", "source": "plain"},
    ],
}


def test_a_preset_is_the_collections_of_a_style_in_drawing_order() -> None:
    found = preset("planner", "Planner", STYLE)

    assert found.collections == ("divisions", "risque", "signalements")
    assert found.moments == {"risque": "2026-11-22T23:00:00+00:00"}


def test_presets_are_the_styles_that_are_no_collections_own() -> None:
    styles = {"styles": [{"id": "risque", "title": "R"}, {"id": "citizen", "title": "C"}, {"id": "planner"}]}

    assert listed(styles, ["risque"]) == [("planner", "planner"), ("citizen", "C")]


@pytest.mark.parametrize("answer", [None, [], {"layers": []}, {"layers": [{"id": "x"}], "sources": []}])
def test_what_is_no_style_is_refused(answer: Any) -> None:
    with pytest.raises(Unexpected, match="layers"):
        preset("p", "P", answer)


def test_classes_are_read_from_the_lowest_and_codes_are_none() -> None:
    lines = [{"least": 0.5, "color": "#111111", "label": "high"}, {"least": 0, "color": "#eeeeee", "label": "low"}]
    found = legend({"metadata": {"obs:property": "probability", "obs:legend": lines}})

    assert found is not None
    assert [(s.least, s.label) for s in found.steps] == [(0.0, "low"), (0.5, "high")]
    assert legend({"metadata": {"obs:property": "nature", "obs:legend": [{"value": "tag"}]}}) is None
    assert legend("<html>") is None
