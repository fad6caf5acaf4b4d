"""A map of one or several collections over vector tiles, as MapLibre reads it (style specification, version 8)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from observatoire.layers.maplibre import drawn, legend
from observatoire.layers.model import Layer

Json = dict[str, Any]

GROUND = "#f4f3ef"
_SCHEME = "WebMercatorQuad"


@dataclass(frozen=True)
class Part:
    """One collection of a map.

    Attributes
    ----------
    from_zoom : int
        It is drawn, and asked for, from this zoom on.
    moment : str, optional
        Only what is of this time, RFC 3339: the newest forecast, where older ones lie beside it.
    """

    layer: Layer
    from_zoom: int = 0
    moment: str | None = None


@dataclass(frozen=True)
class Frame:
    """Where tiles are, and the city that they show.

    Attributes
    ----------
    base : str
        Address of the API.
    extent : tuple of float, °
        West, south, east, north.
    deepest : int
        Last zoom that has tiles.
    """

    base: str
    extent: tuple[float, float, float, float]
    deepest: int


def map_style(name: str, parts: Sequence[Part], frame: Frame, *, metadata: Json) -> Json:
    """Return a style whose sources are tiles, their addresses absolute.

    Collections that are seen from the same zoom on come in one tile: a map of eight of them asks for as many tiles as
    a map of one.

    Returns
    -------
    dict
        The first part is drawn beneath the others, all over a plain ground. It opens on the whole city.
    """
    groups: dict[tuple[int, str | None], list[Layer]] = {}
    for part in parts:
        groups.setdefault((part.from_zoom, part.moment), []).append(part.layer)
    names = {key: _name(number, layers) for number, (key, layers) in enumerate(groups.items(), 1)}
    layers = [
        drawn_layer
        for part in parts
        for drawn_layer in drawn(
            part.layer, names[part.from_zoom, part.moment], tiled=True, from_zoom=part.from_zoom
        )
    ]  # fmt: skip
    west, south, east, north = frame.extent
    return {
        "version": 8,
        "name": name,
        "metadata": metadata,
        "center": [round((west + east) / 2, 5), round((south + north) / 2, 5)],
        "zoom": zoom_of(frame.extent),
        "sources": {names[key]: _source(key, layers, frame) for key, layers in groups.items()},
        "layers": [{"id": "ground", "type": "background", "paint": {"background-color": GROUND}}, *layers],
    }


def legends(parts: Sequence[Part], language: str) -> list[Json]:
    """Return the legend of each collection of a map, in the order of drawing."""
    return [
        {
            "id": part.layer.id,
            "title": part.layer.title.in_(language),
            "geometry": part.layer.geometry,
            "property": part.layer.style.property,
            "fromZoom": part.from_zoom,
            "classes": legend(part.layer, language),
        }
        for part in parts
    ]


def zoom_of(extent: tuple[float, float, float, float]) -> float:
    """Return the zoom at which an extent is 512 pixels wide or high, whichever is less far (tiles of 512 pixels).

    Examples
    --------
    The whole world is 512 pixels wide at zoom 0; a quarter of it at zoom 2.

    >>> zoom_of((-180, -85.0511, 180, 85.0511)), zoom_of((0, -10, 90, 10))
    (0.0, 2.0)
    """
    west, south, east, north = extent
    wide = (east - west) / 360
    high = (_mercator(north) - _mercator(south)) / (2 * math.pi)
    return max(0.0, round(-math.log2(max(wide, high)), 1))


def _mercator(latitude: float) -> float:
    return math.asinh(math.tan(math.radians(latitude)))


def _name(number: int, layers: list[Layer]) -> str:
    """Return the name of a source: that of its only collection, or a number; no collection has a colon in its name."""
    return layers[0].id if len(layers) == 1 else f"tiles:{number}"


def _source(key: tuple[int, str | None], layers: list[Layer], frame: Frame) -> Json:
    from_zoom, moment = key
    if len(layers) == 1:
        place, words = f"{frame.base}/collections/{layers[0].id}", []
    else:
        place, words = frame.base, ["collections=" + ",".join(layer.id for layer in layers)]
    if moment is not None:
        words.append(f"datetime={moment.replace('+', '%2B')}")
    query = "?" + "&".join(words) if words else ""
    return {
        "type": "vector",
        "tiles": [f"{place}/tiles/{_SCHEME}/{{z}}/{{y}}/{{x}}{query}"],
        "minzoom": from_zoom,
        "maxzoom": frame.deepest,
        "bounds": list(frame.extent),
    }
