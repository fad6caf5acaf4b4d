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


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"crs": "EPSG:4326"}, "crs: Value error, crs: expected a projected CRS in metres"),
        ({"crs": "EPSG:3435"}, "in metres"),
        ({"crs": "Lambert"}, "expected EPSG:n, got 'Lambert'"),
        ({"time_zone": "Europe/Marseille"}, "expected a name like Europe/Paris"),
        ({"grid": {"cell": -1, "over": "extent"}}, "grid.cell"),
        ({"mayor": "x"}, "mayor: Extra inputs"),
    ],
)
def test_a_wrong_city_file_is_refused_by_field(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    demo = yaml.safe_load((root() / "cities" / "demo.yml").read_text("utf-8"))
    path = tmp_path / "demo.yml"
    path.write_text(yaml.safe_dump(demo | changes), "utf-8")

    with pytest.raises(BadSettings) as refused:
        read_city(path)

    assert message in str(refused.value)


def test_a_city_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"OBS_CITY: no file atlantis\.yml"):
        read_city(tmp_path / "atlantis.yml")
