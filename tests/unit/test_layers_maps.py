"""Maps of several collections, and legends: as data, as pictures, the same in MapLibre and QGIS."""

import io
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
import yaml
from PIL import Image

from observatoire.errors import BadSettings
from observatoire.layers.catalog import catalog
from observatoire.layers.map_style import Frame, Part, legends, map_style, zoom_of
from observatoire.layers.maplibre import OTHER, color, drawn, legend, seen_by
from observatoire.layers.model import AUDIENCES, Audience, Layer
from observatoire.layers.presets import default_for, presets, read_presets
from observatoire.layers.qml import qml
from observatoire.server.legend_picture import SCALE, picture

pytestmark = pytest.mark.unit

EACH_LAYER = pytest.mark.parametrize("layer", catalog().values(), ids=lambda layer: layer.id)
FRAME = Frame("https://obs.example/api", (5.23, 43.185, 5.5, 43.38), 18)
TEXT = {"fr": "x", "en": "x"}


def in_maplibre(layer: Layer) -> dict[Any, str]:
    """The colours of a layer by class, read from the expression that MapLibre evaluates; None: any other value."""
    paint = color(layer)
    if isinstance(paint, str):
        return {None: paint}
    if paint[0] == "match":
        *pairs, other = paint[2:]
        return dict(zip(pairs[::2], pairs[1::2], strict=True)) | {None: other}
    operator, _, _, *pairs = paint[3]  # below the first step nothing is drawn
    assert (paint[0], operator) == ("case", "step")
    return dict(zip(pairs[::2], pairs[1::2], strict=True))


def in_qgis(layer: Layer) -> dict[Any, str]:
    """The same, read from the symbols of the QML file."""
    renderer = fromstring(qml(layer, audience="coordination", language="fr")).find("renderer-v2")
    assert renderer is not None
    symbols = {}
    for symbol in renderer.iterfind("symbols/symbol"):
        values = {option.get("name"): option.get("value", "") for option in symbol.iter("Option")}
        red, green, blue, *_ = (values.get("color") or values["line_color"]).split(",")
        symbols[symbol.get("name")] = f"#{int(red):02x}{int(green):02x}{int(blue):02x}"
    kind = renderer.get("type")
    if kind == "singleSymbol":
        return {None: symbols["0"]}
    if kind == "graduatedSymbol":
        return {float(r.get("lower", "")): symbols[r.get("symbol")] for r in renderer.iter("range")}
    return {c.get("value") or None: symbols[c.get("symbol")] for c in renderer.iter("category")}


@EACH_LAYER
def test_maplibre_and_qgis_have_the_same_classes_and_colors(layer: Layer) -> None:
    """And both are those of the layer file, which the legend repeats."""
    ours = seen_by(layer, "coordination")

    said = {line.get("value", line.get("least")): line["color"] for line in legend(ours, "fr")}
    if ours.style.property is not None and not ours.graduated:
        said[None] = OTHER
    assert in_maplibre(ours) == in_qgis(layer) == said


@EACH_LAYER
def test_items_and_numbers_of_a_tile_are_drawn_by_layers_that_exclude_each_other(layer: Layer) -> None:
    """A tile holds items, or their numbers by place (`n`)."""
    *single, number = drawn(layer, "tiles", tiled=True)

    assert number["filter"] == ["has", "n"]
    assert number["type"] == "circle"
    assert [each["filter"] for each in single] == [["!", ["has", "n"]]] * len(single)
    assert {each["source-layer"] for each in (*single, number)} == {layer.id}
    assert len({each["id"] for each in (*single, number)}) == len(single) + 1


@pytest.mark.parametrize("audience", AUDIENCES)
@pytest.mark.parametrize("name", presets())
def test_a_map_shows_what_its_audience_may_see_and_names_nothing_else(name: str, audience: Audience) -> None:
    shown = [layer for layer, _ in presets()[name].seen_by(audience, catalog())]

    document = map_style(name, [Part(layer) for layer in shown], FRAME, metadata={})

    text = str(document)
    hidden = [layer.id for layer in catalog().values() if not layer.visible_to(audience)]
    assert {each.get("source-layer") for each in document["layers"]} - {None} == {layer.id for layer in shown}
    assert not [each for each in hidden if f"'{each}'" in text or f"{each}," in text or f"/{each}/" in text]


def test_collections_seen_from_the_same_zoom_on_come_in_one_tile() -> None:
    layers = catalog()
    parts = [
        Part(layers["divisions"]), Part(layers["risque"], 0, "2026-11-23T00:00:00+01:00"), Part(layers["chantiers"]),
        Part(layers["arrets-bus"], 13), Part(layers["lieux-sensibles"], 13),
    ]  # fmt: skip

    document = map_style("x", parts, FRAME, metadata={"a": 1})

    tiles = {name: (s["tiles"], s["minzoom"], s["maxzoom"]) for name, s in document["sources"].items()}
    place = "tiles/WebMercatorQuad/{z}/{y}/{x}"
    base = FRAME.base
    assert tiles == {
        "tiles:1": ([f"{base}/{place}?collections=divisions,chantiers"], 0, 18),
        "risque": ([f"{base}/collections/risque/{place}?datetime=2026-11-23T00:00:00%2B01:00"], 0, 18),
        "tiles:3": ([f"{base}/{place}?collections=arrets-bus,lieux-sensibles"], 13, 18),
    }
    order = list(dict.fromkeys(each["source-layer"] for each in document["layers"][1:]))
    assert order == [part.layer.id for part in parts]
    assert {each.get("minzoom", 0) for each in document["layers"] if each.get("source") == "tiles:3"} == {13}
    assert document["layers"][0]["type"] == "background"


def test_a_map_opens_on_the_whole_city() -> None:
    """Half the earth is 512 pixels wide at zoom 1 (tiles of 512 pixels)."""
    assert zoom_of((-90, -1, 90, 1)) == 1.0
    document = map_style("x", [Part(catalog()["divisions"])], FRAME, metadata={})

    assert document["center"] == [5.365, 43.2825]
    assert 0.27 / 360 * 512 * 2 ** document["zoom"] <= 512 * 1.04  # a tenth of a zoom is rounded


def test_who_may_not_see_the_property_of_the_legend_gets_one_plain_color() -> None:
    layer = catalog()["signalements"]
    hidden = layer.properties["nature"].model_copy(update={"audience": ("coordination",)})
    closed = layer.model_copy(update={"properties": layer.properties | {"nature": hidden}})

    assert color(seen_by(closed, "public")) == OTHER
    assert [line["label"] for line in legend(seen_by(closed, "public"), "fr")] == [layer.title.fr]
    assert seen_by(closed, "coordination") is closed


def test_each_audience_has_a_first_map() -> None:
    first = {audience: default_for(audience) for audience in AUDIENCES}

    assert {"citizen", "planner", "roadworks", "coordination"} == set(first.values())
    assert first["public"] == first["citizen"] == first["auditor"] == "citizen"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"layers": [{"collection": "rien"}]}, r"m\.layers: not in the catalogue: rien"),
        ({"layers": [{"collection": "divisions"}] * 2}, r"m\.layers: .*named twice"),
        ({"layers": []}, r"m\.layers: "),
        ({"layers": [{"collection": "divisions", "from_zoom": 19}]}, r"m\.layers\.0\.from_zoom: .*18"),
        ({"layers": [{"collection": "divisions", "opacity": 1}]}, r"m\.layers\.0\.opacity: "),
        ({"title": {"fr": "x"}}, r"m\.title\.en: "),
        ({"default_of": ["everyone"]}, r"m\.default_of\.0: "),
    ],
)
def test_a_map_that_cannot_be_made_is_refused_by_name(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    path = tmp_path / "presets.yml"
    good = {"title": TEXT, "description": TEXT, "layers": [{"collection": "divisions"}]}
    path.write_text(yaml.safe_dump({"m": good | change}), "utf-8")

    with pytest.raises(BadSettings, match=rf"presets\.yml: {said}"):
        read_presets(path, catalog())


def test_a_map_is_not_called_as_a_collection_and_two_are_not_first_of_one(tmp_path: Path) -> None:
    path = tmp_path / "presets.yml"
    good = {"title": TEXT, "description": TEXT, "layers": [{"collection": "divisions"}], "default_of": ["planner"]}
    path.write_text(yaml.safe_dump({"faits": good}), "utf-8")
    with pytest.raises(BadSettings, match="faits: a collection has this name"):
        read_presets(path, catalog())
    path.write_text(yaml.safe_dump({"a": good, "b": good}), "utf-8")
    with pytest.raises(BadSettings, match="two maps are the first of planner"):
        read_presets(path, catalog())


@EACH_LAYER
def test_a_legend_as_a_picture_has_the_color_of_every_line(layer: Layer) -> None:
    """Looked for where symbols stand: in a column at the left, a line below the other."""
    (data,) = legends([Part(layer)], "fr")

    image = Image.open(io.BytesIO(picture([data]))).convert("RGB")

    x = 20 * SCALE  # the middle of all symbols: a margin of 12, and 8 of 16
    column = [image.getpixel((x, y)) for y in range(image.height)]
    seen = list(dict.fromkeys(f"#{bytes(c).hex()}" for c in column if isinstance(c, tuple)))
    colors = [line["color"] for line in data["classes"]]
    assert [c for c in seen if c in colors] == list(dict.fromkeys(colors))
    assert picture([data]) == picture([data])


def test_a_legend_of_nothing_is_an_empty_picture() -> None:
    assert Image.open(io.BytesIO(picture([]))).size == (24 * SCALE, 24 * SCALE)
