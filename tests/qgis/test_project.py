"""The project that the server gives away, opened and drawn by QGIS."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import httpx
import pytest

from observatoire.layers.catalog import catalog
from observatoire.layers.model import Audience

pytestmark = pytest.mark.qgis

Run = Callable[..., dict[str, Any]]


def opened(
    served: Any, qgis: Run, folder: Path, audience: Audience, *, only: str = "", key: str | None = None
) -> dict[str, Any]:
    """What QGIS sees in the project of an audience; `only` draws one layer of it."""
    path = folder / "project.qgz"
    path.write_bytes(served.get("/qgis/project.qgz?lang=fr", audience).content)
    key = served.keys.get(audience, "") if key is None else key
    return qgis("opens.py", path, folder / "map.png", only, key, ",".join(map(str, served.city.extent)))


@pytest.fixture(scope="module")
def public(served: Any, qgis: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What anybody sees."""
    return opened(served, qgis, tmp_path_factory.mktemp("public"), "public")


def test_every_layer_of_the_project_can_be_read(public: dict[str, Any]) -> None:
    titles = {layer.title.fr: layer for layer in catalog().values() if layer.visible_to("public")}

    assert public["read"]
    assert set(public["layers"]) == set(titles)
    for title, layer in public["layers"].items():
        assert (layer["valid"], layer["provider"], layer["read_only"]) == (True, "OAPIF", True), title
        assert layer["abstract"] == titles[title].description.fr
    assert public["layers"]["Signalements sur l'espace public"]["renderer"] == "categorizedSymbol"


def test_the_project_is_in_the_citys_crs_and_shows_all_of_it(served: Any, public: dict[str, Any]) -> None:
    """The window is the city's extent, as QGIS's own transformation gives it, within 0.5 % of its size."""
    assert public["title"] == served.city.title.fr
    assert public["crs"] == public["view_crs"] == served.city.crs
    west, _, east, _ = public["city"]
    assert public["view"] == pytest.approx(public["city"], abs=0.005 * (east - west))


def test_places_lie_over_areas(public: dict[str, Any]) -> None:
    shown = [layer for layer in catalog().values() if layer.visible_to("public")]
    places = [layer.title.fr for layer in shown if layer.geometry in ("Point", "LineString")]

    assert list(public["groups"]) == ["Lieux et événements", "Prévisions et mesures", "Découpages"]
    assert public["groups"]["Lieux et événements"] == places
    assert public["groups"]["Découpages"] == ["Divisions de la ville", "Mailles", "Registre des traitements"]


def test_the_map_shows_each_color_of_the_legend(public: dict[str, Any]) -> None:
    """20 000 circles of ten colours, opaque, on top: each colour is there, as it is in the layer file."""
    assert public["errors"] == []
    for line in catalog()["signalements"].style.classes:
        assert public["colors"].get(line.color, 0) > 100, line.color


def test_a_planner_sees_the_forecast_in_the_colors_of_its_classes(served: Any, qgis: Run, tmp_path: Path) -> None:
    """Five cells, one a class, at 70 % over white; the sixth, which has no value, is not there."""
    found = opened(served, qgis, tmp_path, "planner", only=catalog()["risque"].title.fr)

    shown = {c for c, n in found["colors"].items() if n > 500} - {"#ffffff"}
    wanted = [[0.7 * n + 0.3 * 255 for n in bytes.fromhex(c.color[1:])] for c in catalog()["risque"].style.classes]
    drawn = [list(bytes.fromhex(color[1:])) for color in shown]
    assert len(drawn) == 5
    assert sorted(drawn) == [pytest.approx(rgb, abs=2) for rgb in sorted(wanted)]
    assert catalog()["risque"].title.fr in found["groups"]["Prévisions et mesures"]


def test_the_project_of_coordination_holds_no_key_and_opens_with_one(served: Any, qgis: Run, tmp_path: Path) -> None:
    found = opened(served, qgis, tmp_path, "coordination")

    with ZipFile(tmp_path / "project.qgz") as package:
        text = package.read(package.namelist()[0]).decode()
    assert set(found["layers"]) == {c.title.fr for c in catalog().values() if c.visible_to("coordination")}
    assert all(layer["valid"] for layer in found["layers"].values())
    assert all("authcfg='obs0key'" in layer["source"] for layer in found["layers"].values())
    assert "Faits constatés" in found["layers"]
    assert not any(key in text for key in served.keys.values())


def test_the_project_of_coordination_shows_nothing_to_who_has_no_key(served: Any, qgis: Run, tmp_path: Path) -> None:
    found = opened(served, qgis, tmp_path, "coordination", key="")

    assert found["read"]
    assert not found["layers"]["Faits constatés"]["valid"]


def test_the_project_names_nothing_that_its_audience_may_not_see(served: Any, tmp_path: Path) -> None:
    (tmp_path / "project.qgz").write_bytes(served.get("/qgis/project.qgz").content)
    with ZipFile(tmp_path / "project.qgz") as package:
        text = package.read(package.namelist()[0]).decode()

    hidden = [layer for layer in catalog().values() if not layer.visible_to("public")]
    assert hidden
    assert not [layer.id for layer in hidden if f"'{layer.id}'" in text or layer.title.fr in text]
    assert 'field="source"' not in text  # of signalements, for those of the house
    assert "authcfg" not in text


def test_the_same_project_is_the_same_bytes_and_known_again(served: Any) -> None:
    first, second = (served.get("/qgis/project.qgz?lang=en") for _ in range(2))
    again = served.get("/qgis/project.qgz?lang=en", **{"If-None-Match": first.headers["etag"]})

    assert first.content == second.content
    assert (again.status_code, again.content) == (304, b"")
    assert first.headers["content-type"] == "application/x-qgis-project-container"
    assert "observatoire-small.qgz" in first.headers["content-disposition"]
    assert "X-API-Key" in first.headers["vary"]


def test_a_style_is_given_to_who_may_see_its_collection(served: Any) -> None:
    anybody, nobody = served.get("/qgis/signalements.qml?lang=en"), served.get("/qgis/faits.qml")
    coordination = served.get("/qgis/faits.qml", "coordination")
    shop: httpx.Response = served.get("/qgis/signalements.qml?colour=red")

    assert (anybody.status_code, anybody.headers["content-type"]) == (200, "application/vnd.qgis.qml")
    assert "Fly-tipping" in anybody.text
    assert (nobody.status_code, coordination.status_code) == (404, 200)
    assert shop.status_code == 400
    assert "colour" in shop.json()["detail"]
