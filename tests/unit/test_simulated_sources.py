"""What the simulated sources give is let in by the check of their layer: no prose, no person, whole."""

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from etl.sources.simulated_town import SOURCES
from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.errors import BadSettings
from observatoire.intake.check import Checker
from observatoire.intake.locate import Locator
from observatoire.intake.source import Context, Rejected, Source
from observatoire.layers.catalog import catalog, layer_of
from observatoire.layers.nomenclature import codes

pytestmark = pytest.mark.unit
SMALL = root() / "tests" / "cities" / "small.yml"


@pytest.fixture(scope="module")
def city() -> City:
    return read_city(SMALL)


def given(source: Source, city: City, **changes: Any) -> Iterator[dict[str, Any]]:
    options = next(s.options for s in city.sources.values() if s.source == source.id)
    assert source.items is not None
    return source.items(Context(city, dict(options) | changes, None))  # type: ignore[arg-type]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.id)
def test_every_item_passes_the_check_of_its_layer_and_lies_in_the_city(source: Source, city: City) -> None:
    layer = layer_of(source.collection)
    check = Checker(layer, origin=source.origin, planned=True)

    items = [check(item) for item in given(source, city)]
    places = Locator(city, layer.geometry, city.crs)(items)

    assert items
    assert not [place for place in places if isinstance(place, Rejected)]
    keys = [item["source_key"] for item in items]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("layer", ["chantiers", "evenements", "videoprotection", "mesures-bruit", "eclairage"])
def test_a_narrative_or_a_person_cannot_enter(layer: str) -> None:
    source = next(s for s in SOURCES if s.collection == layer)
    check = Checker(layer_of(layer), origin=source.origin, planned=True)
    item = next(given(source, read_city(SMALL)))
    text = next(n for n, p in layer_of(layer).properties.items() if n in item and p.type == "string" and not p.codes
                and not p.format and n != "source_key")  # fmt: skip

    for value in ("rappeler le 06 12 34 56 78", "un homme a crié toute la nuit devant la porte du numéro douze " * 3):
        with pytest.raises(Rejected):
            check(item | {text: value})


def test_both_cities_fill_every_collection_but_those_that_processes_write() -> None:
    written = {"risque", "previsions", "points-chauds"}
    from observatoire.intake.registry import sources

    for path in (SMALL, root() / "cities" / "demo.yml"):
        filled = {sources()[s.source].collection for s in read_city(path).sources.values() if s.source}

        assert filled == set(catalog()) - written


def test_every_layer_states_its_purpose_and_its_basis() -> None:
    for layer in catalog().values():
        assert layer.privacy.purpose in codes("finalites"), layer.id
        assert layer.privacy.basis in codes("bases-legales"), layer.id


@pytest.mark.parametrize(("name", "value"), [("scale", 0), ("discovery", 1), ("reporting", -1), ("unknown", 1)])
def test_a_wrong_option_of_the_simulation_is_named(city: City, name: str, value: float) -> None:
    with pytest.raises(BadSettings, match=f"options.{name}"):
        list(given(SOURCES[0], city, **{name: value}))


def test_the_documentation_names_every_collection_and_situation() -> None:
    from observatoire.town.planted import SITUATIONS

    text = (root() / "docs" / "collections.md").read_text("utf-8")

    assert not [layer for layer in catalog() if f"`{layer}`" not in text]
    assert not [s.name for s in SITUATIONS if f"`{s.name}`" not in text]
    assert yaml.safe_load(SMALL.read_text("utf-8"))["simulated"] is True
