"""Styles over files of tiles: MapLibre with the protocol of PMTiles, no server between."""

from collections.abc import Sequence
from typing import Any

from observatoire.layers.map_style import GROUND, Part, zoom_of
from observatoire.layers.maplibre import drawn

Json = dict[str, Any]


def style_over_files(
    name: str, parts: Sequence[Part], extent: tuple[float, float, float, float], base: str, *, metadata: Json
) -> Json:
    """Return a style with a source a collection, `tiles/{collection}.pmtiles`.

    Parameters
    ----------
    extent : tuple of float, °
        West, south, east, north of the city.
    base : str
        Where the folder is found, with a slash at its end; empty: beside the page that shows the map.
    """
    west, south, east, north = extent
    return {
        "version": 8,
        "name": name,
        "metadata": metadata,
        "center": [round((west + east) / 2, 5), round((south + north) / 2, 5)],
        "zoom": zoom_of(extent),
        "sources": {
            part.layer.id: {"type": "vector", "url": f"pmtiles://{base}tiles/{part.layer.id}.pmtiles"}
            for part in parts
        },
        "layers": [
            {"id": "ground", "type": "background", "paint": {"background-color": GROUND}},
            *[
                each
                for part in parts
                for each in drawn(part.layer, part.layer.id, tiled=True, from_zoom=part.from_zoom)
            ],
        ],
    }  # fmt: skip
