"""Every QML file, read by QGIS, draws what the layer file says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from observatoire.layers.catalog import catalog
from observatoire.layers.maplibre import OTHER
from observatoire.layers.model import Layer
from observatoire.layers.nomenclature import codes
from observatoire.layers.qml import qml

pytestmark = pytest.mark.qgis

Run = Callable[..., dict[str, Any]]
LAYERS = pytest.mark.parametrize("layer", catalog().values(), ids=lambda layer: layer.id)
TYPES = {"string": "string", "integer": "integer", "number": "double", "boolean": "boolean"}
FORMATS = {"date-time": "datetime", "date": "date", None: None}


def styled(layer: Layer, qgis: Run, folder: Path, values: list[Any]) -> dict[str, Any]:
    """What QGIS makes of the style of a layer for those who see all of it, in French, and how it draws `values`."""
    path = folder / f"{layer.id}.qml"
    path.write_text(qml(layer, audience="coordination", language="fr"), "utf-8")
    fields = ",".join(
        f"{name}:{FORMATS[prop.format] or TYPES[prop.type]}"
        for name, prop in layer.properties_for("coordination").items()
        if name != layer.id_field
    )
    return qgis("style.py", path, layer.geometry, fields, json.dumps(values))


def test_there_is_a_layer_of_each_kind_of_legend() -> None:
    kinds = {(layer.style.color is not None, layer.graduated) for layer in catalog().values()}

    assert kinds == {(True, False), (False, True), (False, False)}


@LAYERS
def test_qgis_reads_the_legend_of_the_layer_file(layer: Layer, qgis: Run, tmp_path: Path) -> None:
    found = styled(layer, qgis, tmp_path, [])

    style = layer.style
    if style.color is not None:
        kind, lines = "singleSymbol", [[None, "", style.color]]
    elif layer.graduated:
        kind, lines = "graduatedSymbol", [[c.least, c.label.fr, c.color] for c in reversed(style.classes)]
    else:
        kind, lines = "categorizedSymbol", [[c.value, c.label.fr, c.color] for c in style.classes]
        lines.append(["", "Autre valeur", OTHER])
    assert (found["read"], found["message"]) == (True, "")
    assert found["kind"] == kind
    assert found["attribute"] == (style.property or "")
    assert found["lines"] == lines


@LAYERS
def test_qgis_knows_names_values_and_order_of_fields_and_when_items_are(
    layer: Layer, qgis: Run, tmp_path: Path
) -> None:
    found = styled(layer, qgis, tmp_path, [])

    fields = {n: p for n, p in layer.properties_for("coordination").items() if n != layer.id_field}
    assert found["columns"] == list(fields)
    assert found["instant"] == layer.time_field
    assert all(found["aliases"][name].startswith(p.title.fr) for name, p in fields.items() if p.title)
    assert found["values"] == {
        name: {label.fr: code for code, label in codes(p.codes).items()} for name, p in fields.items() if p.codes
    }


def test_qgis_draws_each_nature_in_its_color_and_an_unknown_one_too(qgis: Run, tmp_path: Path) -> None:
    layer = catalog()["signalements"]
    natures = [c.value for c in layer.style.classes]

    found = styled(layer, qgis, tmp_path, [*natures, "ovni", None])

    assert found["colors"] == [*[c.color for c in layer.style.classes], OTHER, OTHER]


def test_the_lower_bound_of_a_class_is_in_it_and_no_value_is_not_drawn(qgis: Run, tmp_path: Path) -> None:
    """As `step` of MapLibre: 5 % is "5 to 15 %"; null and what lies below the first class are left out."""
    layer = catalog()["risque"]
    colors = [c.color for c in layer.style.classes]

    found = styled(layer, qgis, tmp_path, [0, 0.049999, 0.05, 0.15, 0.3, 0.5, 0.5000001, 1e12, None, -0.1])

    nothing = None
    assert found["colors"] == [colors[0], colors[0], *colors[1:], colors[4], colors[4], nothing, nothing]
