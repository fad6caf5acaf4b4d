"""A city's file says everything that differs from city to city, and is refused by field."""

from pathlib import Path

import pytest
import yaml

from observatoire.cities import read_city
from observatoire.data import root
from observatoire.errors import BadSettings

pytestmark = pytest.mark.unit
FILES = sorted((root() / "cities").glob("*.yml"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_city_that_ships_is_whole(path: Path) -> None:
    city = read_city(path)

    assert city.id == path.stem
    assert city.crs == f"EPSG:{city.srid}"
    assert city.sources


BASE = {"title": {"fr": "Plan", "en": "Plan"}, "tiles": "https://tiles.example/{z}/{x}/{y}.png", "credit": "© them"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"crs": "EPSG:4326"}, "crs: Value error, crs: expected a projected CRS in metres"),
        ({"crs": "EPSG:3435"}, "in metres"),
        ({"crs": "Lambert"}, "expected EPSG:n, got 'Lambert'"),
        ({"time_zone": "Europe/Marseille"}, "expected a name like Europe/Paris"),
        ({"grid": {"cell": -1, "over": "extent"}}, "grid.cell"),
        ({"mayor": "x"}, "mayor: Extra inputs"),
        ({"basemap": "osm"}, "basemap: Input should be a valid dictionary"),
        ({"basemap": BASE | {"tiles": "https://tiles.example/{z}/{x}"}}, "expected an address with {y}"),
        ({"basemap": BASE | {"tiles": "http://tiles.example/{z}/{x}/{y}"}}, "begins with https://"),
        ({"basemap": BASE | {"tiles": "https://a.example;x/{z}/{x}/{y}"}}, "expected a plain host"),
        ({"basemap": BASE | {"tiles": "https://me:key@a.example/{z}/{x}/{y}"}}, "expected a plain host"),
    ],
)
def test_a_wrong_city_file_is_refused_by_field(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    demo = yaml.safe_load((root() / "cities" / "demo.yml").read_text("utf-8"))
    path = tmp_path / "demo.yml"
    path.write_text(yaml.safe_dump(demo | changes), "utf-8")

    with pytest.raises(BadSettings) as refused:
        read_city(path)

    assert message in str(refused.value)


def test_a_city_allows_the_national_map_by_its_name(tmp_path: Path) -> None:
    """The Géoplateforme, and no other host, is then let in; no city of ours asks for it by itself."""
    demo = yaml.safe_load((root() / "cities" / "demo.yml").read_text("utf-8"))
    path = tmp_path / "demo.yml"
    path.write_text(yaml.safe_dump(demo | {"basemap": "plan-ign"}), "utf-8")

    base = read_city(path).basemap

    assert base is not None
    assert (base.origin, base.credit) == ("https://data.geopf.fr", "© IGN")
    assert all(read_city(one).basemap is None for one in (root() / "cities").glob("*.yml"))


def test_a_city_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"OBS_CITY: no file atlantis\.yml"):
        read_city(tmp_path / "atlantis.yml")
