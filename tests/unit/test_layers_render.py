"""What is rendered from the catalogue: pygeoapi's configuration, MapLibre styles."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from pygeoapi.config import validate_config
from pygeoapi.util import yaml_load

from observatoire.cities import read_city
from observatoire.data import root
from observatoire.layers.catalog import catalog
from observatoire.layers.maplibre import NOTHING, style
from observatoire.layers.model import Layer
from observatoire.layers.render import NAME, config, render, rendered

pytestmark = pytest.mark.unit

DEMO = read_city(root() / "cities" / "demo.yml")


def test_the_committed_configuration_is_fresh() -> None:
    """`make render` has been run since the last change of a layer."""
    assert render(check=True) == []


def test_rendering_writes_only_what_is_stale(tmp_path: Path) -> None:
    assert render(check=True, folder=tmp_path) == [NAME]
    assert not (tmp_path / NAME).exists()
    assert render(folder=tmp_path) == [NAME]
    assert render(folder=tmp_path) == []
    assert render(check=True, folder=tmp_path) == []


def test_the_configuration_passes_pygeoapis_own_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OBS_URL", "https://obs.example")
    monkeypatch.setenv("OBS_PORT", "5001")

    with (root() / NAME).open() as file:
        loaded = yaml_load(file)

    assert validate_config(loaded)
    assert loaded["server"]["url"] == "https://obs.example/api"
    assert loaded["server"]["bind"]["port"] == 5001


def test_the_configuration_holds_public_collections_and_nothing_of_others() -> None:
    text = rendered(DEMO, catalog().values())
    loaded = yaml.safe_load(text)

    public = {layer.id for layer in catalog().values() if layer.visible_to("public")}
    assert set(loaded["resources"]) == public
    assert "layer: faits\n" not in text
    assert "layer: risque\n" not in text
    assert "audience: public" in text


@pytest.mark.parametrize("audience", ["public", "planner", "roadworks", "coordination", "auditor"])
def test_each_audience_has_the_resources_that_it_may_see(audience: Any) -> None:
    resources = config(DEMO, catalog().values(), audience)["resources"]

    assert set(resources) == {layer.id for layer in catalog().values() if layer.properties_for(audience)}


@pytest.mark.parametrize("layer", catalog().values(), ids=lambda layer: layer.id)
def test_a_style_draws_every_line_of_its_legend(layer: Layer) -> None:
    document = style(layer, items="/items", language="fr")

    colors = [line["color"] for line in document["metadata"]["obs:legend"]]
    assert colors
    assert all(color in str(document["layers"]) for color in colors)
    assert document["version"] == 8
    kept = {} if layer.geometry == "Point" else {"tolerance": 0}
    assert document["sources"] == {layer.id: {"type": "geojson", "data": "/items"} | kept}
    assert {drawn["source"] for drawn in document["layers"]} == {layer.id}


def test_points_are_circles_matched_on_their_property() -> None:
    (drawn,) = style(catalog()["signalements"], items="/items", language="en")["layers"]

    assert drawn["type"] == "circle"
    assert drawn["paint"]["circle-color"][:2] == ["match", ["get", "nature"]]


def test_a_cell_without_a_value_is_not_drawn() -> None:
    """Null is not zero: a forecast that abstains leaves the map empty."""
    (drawn,) = style(catalog()["risque"], items="/items", language="en")["layers"]
    condition, when_null, steps = drawn["paint"]["fill-color"][1:]

    assert drawn["type"] == "fill"
    assert condition == ["==", ["get", "probability"], None]
    assert when_null == NOTHING
    assert steps[0] == "step"
    assert steps[3::2] == sorted(steps[3::2])


def test_plain_polygons_are_a_faint_fill_and_a_line() -> None:
    kinds = [drawn["type"] for drawn in style(catalog()["divisions"], items="/items", language="fr")["layers"]]

    assert kinds == ["fill", "line"]


def test_an_invented_city_says_so_of_every_collection_and_a_real_one_does_not() -> None:
    real = read_city(root() / "cities" / "marseille.yml")

    for city, expected in ((DEMO, True), (real, False)):
        for resource in config(city, catalog().values(), "coordination")["resources"].values():
            assert resource["description"]["fr"].endswith("Données simulées.") is expected
            assert resource["description"]["en"].endswith("Simulated data.") is expected
