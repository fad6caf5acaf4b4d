"""From a layer to MapLibre (style specification, version 8): its legend, and how a map draws it."""

from typing import Any

from observatoire.layers.model import Audience, Layer, Style

Json = dict[str, Any]

NOTHING = "rgba(0, 0, 0, 0)"
OTHER = "#8d99ae"
#: Where items are many, tiles hold their number in a place instead, property `n`: a disc whose area grows with it.
NUMBER = ["has", "n"]
_DISC = ["interpolate", ["linear"], ["sqrt", ["get", "n"]], 1, 2.5, 30, 14, 200, 30]


def style(layer: Layer, *, items: str, language: str) -> Json:
    """Return the style of a collection over its items.

    Parameters
    ----------
    items : str
        Address of the GeoJSON of its items.
    language : str
        Of the labels.

    Returns
    -------
    dict
        One GeoJSON source named as the collection. Points are circles, polygons fills with an outline, ranges of
        values fills by steps where an item without a value is not drawn. `metadata` holds the property that is shown
        (`obs:property`, null for a plain colour) and the legend (`obs:legend`: `value` or `least`, `color`, `label`).
    """
    return {
        "version": 8,
        "name": layer.title.in_(language),
        "metadata": metadata(layer, language),
        "sources": {layer.id: {"type": "geojson", "data": items, **_kept(layer)}},
        "layers": drawn(layer, layer.id),
    }


def seen_by(layer: Layer, audience: Audience) -> Layer:
    """Return a layer as an audience sees it drawn: in one plain colour where its legend is on a hidden property."""
    if layer.style.property is None or layer.style.property in layer.properties_for(audience):
        return layer
    return layer.model_copy(update={"style": Style(color=OTHER)})


def metadata(layer: Layer, language: str) -> Json:
    """Return what a style says of its legend."""
    return {"obs:property": layer.style.property, "obs:legend": legend(layer, language)}


def _kept(layer: Layer) -> dict[str, Any]:
    """Return what keeps small areas and lines from being simplified away at the zoom of a whole city."""
    return {} if layer.geometry == "Point" else {"tolerance": 0}


def legend(layer: Layer, language: str) -> list[dict[str, Any]]:
    """Return the lines of the legend."""
    if layer.style.color is not None:
        return [{"color": layer.style.color, "label": layer.title.in_(language)}]
    return [
        ({"least": c.least} if c.least is not None else {"value": c.value})
        | {"color": c.color, "label": c.label.in_(language)}
        for c in layer.style.classes
    ]


def color(layer: Layer) -> Any:
    """Return the colour of an item: a constant, or an expression on the property of the style."""
    if layer.style.color is not None:
        return layer.style.color
    value = ["get", layer.style.property]
    classes = layer.style.classes
    if layer.graduated:
        first, *others = sorted(classes, key=lambda c: c.least or 0.0)
        steps: list[Any] = ["step", ["to-number", value], NOTHING, first.least, first.color]
        for c in others:
            steps += [c.least, c.color]
        return ["case", ["==", value, None], NOTHING, steps]
    matches = [part for c in classes for part in (c.value, c.color)]
    return ["match", value, *matches, OTHER]


def drawn(layer: Layer, source: str, *, tiled: bool = False, from_zoom: int = 0) -> list[Json]:
    """Return the layers of a map that draw a collection.

    Parameters
    ----------
    source : str
        Name of the source of the map that holds it.
    tiled : bool
        Whether the source is vector tiles: numbers by place are drawn then too, as discs.
    from_zoom : int
        It is drawn from this zoom on.
    """
    common: Json = {"source": source} | ({"minzoom": from_zoom} if from_zoom else {})
    if not tiled:
        return [_layer(layer, kind, common, paint) for kind, paint in _paints(layer)]
    common |= {"source-layer": layer.id}
    single = common | {"filter": ["!", NUMBER]}
    disc = {
        "circle-color": layer.style.color or OTHER, "circle-radius": _DISC, "circle-opacity": 0.7,
        "circle-stroke-color": "#ffffff", "circle-stroke-width": 0.5,
    }  # fmt: skip
    return [
        *[_layer(layer, kind, single, paint) for kind, paint in _paints(layer)],
        {"id": f"{layer.id}-number", "type": "circle", **common, "filter": NUMBER, "paint": disc},
    ]


def _paints(layer: Layer) -> list[tuple[str, Json]]:
    """Return kind and paint of the map's layers."""
    paint = color(layer)
    if layer.geometry == "Point":
        radius = ["interpolate", ["linear"], ["zoom"], 10, 2.5, 16, 7]
        edge = {"circle-stroke-color": "#ffffff", "circle-stroke-width": 0.5}
        return [("circle", {"circle-color": paint, "circle-radius": radius, "circle-opacity": 0.85, **edge})]
    if layer.geometry == "LineString":
        return [("line", {"line-color": paint, "line-width": 2})]
    if layer.graduated:
        return [("fill", {"fill-color": paint, "fill-opacity": 0.7})]
    if layer.style.property is not None:  # footprints of a few metres: seen from afar by their outline
        width = ["interpolate", ["linear"], ["zoom"], 10, 3, 16, 1.5]
        return [
            ("fill", {"fill-color": paint, "fill-opacity": 0.4}),
            ("line", {"line-color": paint, "line-width": width}),
        ]
    return [
        ("fill", {"fill-color": paint, "fill-opacity": 0.08}),
        ("line", {"line-color": paint, "line-width": 1}),
    ]


def _layer(layer: Layer, kind: str, common: Json, paint: Json) -> Json:
    return {"id": f"{layer.id}-{kind}", "type": kind, **common, "paint": paint}
