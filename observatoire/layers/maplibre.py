"""From a layer to a MapLibre style (version 8): its legend, as a map draws it."""

from typing import Any

from observatoire.layers.model import Layer

NOTHING = "rgba(0, 0, 0, 0)"
OTHER = "#8d99ae"


def style(layer: Layer, *, items: str, language: str) -> dict[str, Any]:
    """Return the style of a collection.

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
        "metadata": {"obs:property": layer.style.property, "obs:legend": legend(layer, language)},
        "sources": {layer.id: {"type": "geojson", "data": items, **_kept(layer)}},
        "layers": _layers(layer),
    }


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


def _layers(layer: Layer) -> list[dict[str, Any]]:
    paint = color(layer)
    if layer.geometry == "Point":
        radius = ["interpolate", ["linear"], ["zoom"], 10, 2.5, 16, 7]
        edge = {"circle-stroke-color": "#ffffff", "circle-stroke-width": 0.5}
        return [
            _layer(layer, "circle", {"circle-color": paint, "circle-radius": radius, "circle-opacity": 0.85, **edge})
        ]
    if layer.geometry == "LineString":
        return [_layer(layer, "line", {"line-color": paint, "line-width": 2})]
    if layer.graduated:
        return [_layer(layer, "fill", {"fill-color": paint, "fill-opacity": 0.7})]
    if layer.style.property is not None:  # footprints of a few metres: seen from afar by their outline
        width = ["interpolate", ["linear"], ["zoom"], 10, 3, 16, 1.5]
        return [
            _layer(layer, "fill", {"fill-color": paint, "fill-opacity": 0.4}),
            _layer(layer, "line", {"line-color": paint, "line-width": width}),
        ]
    return [
        _layer(layer, "fill", {"fill-color": paint, "fill-opacity": 0.08}),
        _layer(layer, "line", {"line-color": paint, "line-width": 1}),
    ]


def _layer(layer: Layer, kind: str, paint: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"{layer.id}-{kind}", "type": kind, "source": layer.id, "paint": paint}
