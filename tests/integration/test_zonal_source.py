"""A raster becomes a number on the zones of the store."""

from pathlib import Path

import numpy as np
import psycopg
import pytest
import rasterio
from rasterio.transform import from_origin

from etl.sources.zonal import zonal_source
from observatoire.cities import read_city
from observatoire.data import root
from observatoire.errors import BadSource, SourceUnavailable
from observatoire.intake.source import Context
from observatoire.layers.catalog import catalog
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

SOURCE = zonal_source(id="pente", collection="mailles", prop="cote", zones="mailles", key="cell_id", statistic="mean")


@pytest.fixture(scope="module")
def store(database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    city = read_city(root() / "cities" / "demo.yml")
    with psycopg.connect(database) as connection:
        prepare(connection, city, catalog().values(), passwords(tmp_path_factory.mktemp("var")))
    return database


def test_each_zone_has_the_mean_of_its_pixels_and_none_where_there_is_none(store: str, tmp_path: Path) -> None:
    """The raster holds its own column number; cells of ten columns, whose means are 4.5 and 14.5."""
    with rasterio.open(
        tmp_path / "a.tif", "w", driver="GTiff", width=20, height=10, count=1, dtype="uint8", crs="EPSG:2154",
        transform=from_origin(890_000, 6_250_000, 10, 10),
    ) as out:  # fmt: skip
        out.write(np.tile(np.arange(20, dtype="uint8"), (10, 1)), 1)
    city = read_city(root() / "cities" / "demo.yml")

    with psycopg.connect(store) as connection:
        context = Context(city, {"raster": str(tmp_path / "a.tif")}, connection)
        assert SOURCE.items is not None
        with pytest.raises(BadSource, match="not loaded yet"):
            list(SOURCE.items(context))
        for n, west in enumerate((890_000, 890_100, 891_000), start=1):
            connection.execute(
                "INSERT INTO data.mailles (id, geom, source, source_key, load_id, origin, precision, cell_id, cote) "
                "VALUES (%s, ST_MakeEnvelope(%s, 6249900, %s, 6250000, 2154), 't', %s, 1, 'derived', "
                "'day', %s, 100)",
                [n, west, west + 100, f"c{n}", f"c{n}"],
            )
        items = list(SOURCE.items(context))
        with pytest.raises(SourceUnavailable, match="no such file"):
            list(SOURCE.items(Context(city, {"raster": "none.tif"}, connection)))

    assert [(item["cell_id"], item["cote"]) for item in items] == [("c1", 4.5), ("c2", 14.5), ("c3", None)]
