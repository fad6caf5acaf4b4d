"""The catalogue says what a collection is, once, and refuses what it does not understand."""

from pathlib import Path

import pytest
import yaml

from observatoire.errors import BadSettings, UnknownLayer
from observatoire.layers.catalog import catalog, layer_of, read_layer
from observatoire.layers.ddl import columns
from observatoire.layers.model import AUDIENCES, Layer
from observatoire.layers.nomenclature import codes, nomenclature

pytestmark = pytest.mark.unit
LAYERS = list(catalog().values())
by_id = pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)

SMALL = {
    "id": "bancs",
    "title": {"fr": "Bancs", "en": "Benches"},
    "description": {"fr": "Bancs publics", "en": "Public benches"},
    "license": "https://www.etalab.gouv.fr/licence-ouverte-open-licence",
    "geometry": "Point",
    "properties": {"id": {"type": "integer", "role": "id"}, "bois": {"type": "boolean"}},
    "privacy": {"audience": ["public"]},
    "style": {"color": "#7f5539"},
}


RED = {"value": "a", "color": "#ff0000", "label": {"fr": "a", "en": "a"}}


def written(folder: Path, **changes: object) -> Path:
    path = folder / "bancs.yml"
    path.write_text(yaml.safe_dump(SMALL | changes), "utf-8")
    return path


@pytest.mark.parametrize("layer", [a for a in LAYERS if a.style.property and not a.graduated], ids=lambda a: a.id)
def test_a_legend_covers_every_code_in_the_words_of_the_nomenclature(layer: Layer) -> None:
    coded = codes(layer.properties[layer.style.property or ""].codes or "")

    assert {c.value: c.label for c in layer.style.classes} == coded


@by_id
def test_the_classes_of_a_graduated_legend_rise(layer: Layer) -> None:
    bounds = [c.least for c in layer.style.classes if c.least is not None]

    assert bounds == sorted(set(bounds))


@by_id
def test_every_branch_that_a_layer_names_exists(layer: Layer) -> None:
    for prop in layer.properties.values():
        assert prop.codes is None or codes(prop.codes)


def test_a_code_stands_once_in_its_domain() -> None:
    for name, domain in nomenclature().domains.items():
        leaves = [code for theme in domain.themes.values() for code in theme.codes]

        assert len(leaves) == len(set(leaves)), name


def test_a_theme_is_a_branch_too() -> None:
    assert set(codes("espace-public/nuisances")) == {"bruit"}
    with pytest.raises(BadSettings, match="no branch 'espace-public/rien'"):
        codes("espace-public/rien")


def test_a_small_layer_is_read(tmp_path: Path) -> None:
    layer = read_layer(written(tmp_path))

    assert (layer.id_field, layer.time_field, layer.table) == ("id", None, "bancs")
    assert list(columns(layer)) == [
        "bois",
        "source",
        "source_key",
        "load_id",
        "origin",
        "precision",
        "until",
        "accuracy",
    ]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "red"}, "bancs.yml: colour: Extra inputs"),
        ({"id": "chaises"}, "id is 'chaises', expected 'bancs'"),
        ({"geometry": "Circle"}, "geometry"),
        ({"privacy": {"audience": ["public"], "never": ["bois"]}}, "never names a property: bois"),
        ({"privacy": {"audience": ["everyone"]}}, "privacy.audience.0"),
        ({"privacy": {"audience": ["public"], "exact": ["steward"]}}, "exact without privacy.rounding"),
        ({"properties": {"bois": {"type": "boolean"}}}, "exactly one property has `role: id`"),
        ({"properties": {"id": {"type": "integer", "role": "id"}, "Bois": {"type": "boolean"}}}, "Bois"),
        ({"style": {"property": "couleur", "classes": [RED]}}, "style.property is not a property: couleur"),
        ({"style": {}}, "either `color` or `property`"),
    ],
)  # fmt: skip
def test_a_wrong_layer_file_is_refused_by_name(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    with pytest.raises(BadSettings) as refused:
        read_layer(written(tmp_path, **changes))

    assert message in str(refused.value)


def test_text_that_is_not_yaml_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bancs.yml"
    path.write_text("id: [", "utf-8")

    with pytest.raises(BadSettings, match=r"bancs\.yml: not YAML"):
        read_layer(path)


def test_what_is_not_named_is_denied() -> None:
    faits = layer_of("faits")

    assert [a for a in AUDIENCES if faits.visible_to(a)] == ["planner", "coordination", "steward"]
    assert faits.properties_for("public") == {}
    assert "reference" not in faits.properties_for("planner")
    assert "reference" in faits.properties_for("coordination")


def test_an_unknown_collection_is_said_so() -> None:
    with pytest.raises(UnknownLayer, match="'nope'"):
        layer_of("nope")
