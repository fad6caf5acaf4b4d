"""QML and the QGIS project as documents: what they say, and what they keep to themselves."""

import math
from io import BytesIO
from xml.etree.ElementTree import Element, fromstring
from zipfile import ZipFile

import pytest

from observatoire.cities import read_city
from observatoire.data import root
from observatoire.layers.catalog import catalog
from observatoire.layers.model import AUDIENCES, Audience, Layer
from observatoire.layers.qgis_project import GROUPS, NAME, group, project
from observatoire.layers.qml import qml
from observatoire.text import Text

pytestmark = pytest.mark.unit

DEMO = read_city(root() / "cities" / "demo.yml")
BASE = "https://obs.example/api"
EACH_LAYER = pytest.mark.parametrize("layer", catalog().values(), ids=lambda layer: layer.id)


def style(layer: Layer, audience: Audience = "coordination", language: str = "fr") -> Element:
    return fromstring(qml(layer, audience=audience, language=language))


def opened(audience: Audience, language: str = "fr") -> Element:
    archive = project(DEMO, catalog().values(), base=BASE, audience=audience, language=language)
    with ZipFile(BytesIO(archive)) as package:
        assert package.namelist() == [NAME]
        return fromstring(package.read(NAME))


@EACH_LAYER
def test_every_line_of_the_legend_has_a_symbol_of_its_color(layer: Layer) -> None:
    renderer = style(layer).find("renderer-v2")
    assert renderer is not None

    symbols = {
        symbol.get("name"): [option.get("value", "") for option in symbol.iter("Option")]
        for symbol in renderer.iter("symbol")
    }
    colors = [line.color for line in layer.style.classes] or [layer.style.color or ""]
    for color in colors:
        rgb = ",".join(str(n) for n in bytes.fromhex(color[1:]))
        assert any(value.startswith(f"{rgb},") for values in symbols.values() for value in values)
    assert {line.get("symbol") for line in renderer.iter() if line.tag in ("category", "range")} <= set(symbols)


def test_ranges_join_without_a_gap_and_the_last_is_open() -> None:
    ranges = [(float(r.get("lower", "")), float(r.get("upper", ""))) for r in style(catalog()["risque"]).iter("range")]

    assert ranges == [(0.5, float("inf")), (0.3, 0.5), (0.15, 0.3), (0.05, 0.15), (0.0, 0.05)]


@pytest.mark.parametrize("audience", AUDIENCES)
@EACH_LAYER
def test_a_field_is_named_only_to_who_may_see_it(layer: Layer, audience: Audience) -> None:
    document = style(layer, audience)

    named = {node.get("field") for node in document.iter("alias")} | {c.get("name") for c in document.iter("column")}
    tip = document.findtext("mapTip", "")
    assert named == set(layer.properties_for(audience)) - {layer.id_field}
    assert not [name for name in layer.properties if name not in named and f'"{name}"' in tip]


def test_who_may_not_see_the_property_of_the_legend_gets_one_plain_color() -> None:
    layer = catalog()["signalements"]
    hidden = layer.properties["nature"].model_copy(update={"audience": ("coordination",)})
    closed = layer.model_copy(update={"properties": layer.properties | {"nature": hidden}})

    assert "nature" not in qml(closed, audience="public", language="fr")
    assert "Dépôt sauvage" not in qml(closed, audience="public", language="fr")
    assert "Dépôt sauvage" in qml(closed, audience="coordination", language="fr")


def test_titles_carry_their_unit_and_the_language_that_was_asked() -> None:
    def names(language: str) -> dict[str | None, str | None]:
        document = style(catalog()["mailles"], language=language)
        return {node.get("field"): node.get("name") for node in document.iter("alias")}

    assert names("fr") == {"cell_id": "Maille", "cote": "Côté (m)"}
    assert names("en") == {"cell_id": "Cell", "cote": "Side (m)"}


def test_a_title_is_text_never_markup_nor_an_expression() -> None:
    layer = catalog()["mailles"]
    hostile = layer.properties["cote"].model_copy(update={"title": Text(fr="<b>[% 1+1 %]", en="&")})

    tip = style(layer.model_copy(update={"properties": layer.properties | {"cote": hostile}})).findtext("mapTip", "")

    assert "&lt;b>[ % 1+1 %]" in tip
    assert tip.count("[%") == len(layer.properties) - 1


def test_only_a_layer_with_an_instant_is_temporal() -> None:
    instants = {
        layer.id: [node.get("startField") for node in style(layer).iter("temporal")] for layer in catalog().values()
    }

    assert instants["signalements"] == ["date"]
    assert instants["risque"] == ["as_of"]
    assert instants["divisions"] == []


@pytest.mark.parametrize("audience", AUDIENCES)
def test_the_project_holds_the_layers_of_its_audience_once(audience: Audience) -> None:
    document = opened(audience)

    expected = [layer.id for layer in catalog().values() if layer.visible_to(audience)]
    read = [node.text or "" for node in document.iter("datasource")]
    ids = [node.text for node in document.iterfind("projectlayers/maplayer/id")]
    assert all(f"typename='{collection}'" in where for collection, where in zip(expected, read, strict=True))
    assert all(where.startswith(f"url='{BASE}' ") for where in read)
    assert sorted(node.get("id", "") for node in document.iter("layer-tree-layer")) == sorted(map(str, ids))
    assert all("authcfg" in where for where in read) == (audience != "public")


def test_the_project_keeps_ids_that_qgis_would_replace() -> None:
    """QGIS gives a layer a random id where the file's has ten letters or fewer."""
    assert all(len(node.text or "") > 10 for node in opened("admin").iterfind("projectlayers/maplayer/id"))


def test_the_project_is_the_same_bytes_whenever_it_is_made() -> None:
    first, second = (project(DEMO, catalog().values(), base=BASE, audience="planner", language="fr") for _ in range(2))

    assert first == second
    with ZipFile(BytesIO(first)) as package:
        assert package.getinfo(NAME).date_time == (1980, 1, 1, 0, 0, 0)
    assert first != project(DEMO, catalog().values(), base=BASE, audience="public", language="fr")


def lambert93(longitude: float, latitude: float) -> tuple[float, float]:
    """Lambert-93 by IGN's formulas and constants (notes techniques NTG 71, ALG0001 and ALG0003), m."""
    n, c, x_s, y_s, e = 0.7256077650, 11_754_255.426, 700_000.0, 12_655_612.050, 0.08181919106
    sine = math.sin(math.radians(latitude))
    isometric = math.atanh(sine) - e * math.atanh(e * sine)
    radius, angle = c * math.exp(-n * isometric), n * math.radians(longitude - 3)
    return x_s + radius * math.sin(angle), y_s - radius * math.cos(angle)


def test_the_window_is_the_citys_extent_in_its_crs() -> None:
    """The box of the four corners; a parallel bends by less than 100 m between them."""
    window = opened("public").find("ProjectViewSettings/DefaultViewExtent")
    assert window is not None
    west, south, east, north = DEMO.extent
    x, y = zip(*(lambert93(lon, lat) for lon in (west, east) for lat in (south, north)), strict=True)

    box = [float(window.get(name, "")) for name in ("xmin", "ymin", "xmax", "ymax")]

    assert box == pytest.approx([min(x), min(y), max(x), max(y)], abs=100)


def test_every_layer_has_a_folder_areas_last() -> None:
    assert {group(layer) for layer in catalog().values()} == set(GROUPS)
    assert list(GROUPS)[-1] == group(catalog()["divisions"])
