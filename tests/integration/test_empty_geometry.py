"""Empty and missing geometries: refused from every kind of file, and by the table from whoever writes."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import psycopg
import pytest
import shapely
from psycopg.errors import CheckViolation

from etl.connectors.features import from_geojson
from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.intake.load import Summary, load_items
from observatoire.intake.options import options_from_text
from observatoire.intake.run import load_file
from observatoire.layers.catalog import catalog, layer_of
from observatoire.layers.nomenclature import codes
from observatoire.settings import Settings
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:OGRGeoJSONReadRawPoint:RuntimeWarning"),  # it says that the array is empty
]

Connection = psycopg.Connection[Any]
POINT, SQUARE = shapely.Point(5.37, 43.30), shapely.MultiPolygon([shapely.box(5.36, 43.28, 5.38, 43.30)])
#: Collection → geometries of a file, of which the first alone lies somewhere.
SHAPES: dict[str, list[Any]] = {
    "signalements": [POINT, None, shapely.Point(), POINT],
    "divisions": [SQUARE, None, shapely.MultiPolygon(), SQUARE],
}
MAPS = {"signalements": "id=num,date=le,nature=type", "divisions": "id=num,code=num,nom=type"}
DROPS = {"signalements": "", "divisions": "le"}


@pytest.fixture(scope="module")
def marseille() -> City:
    return read_city(root() / "cities" / "marseille.yml")


@pytest.fixture(scope="module")
def prepared(database: str, marseille: City, tmp_path_factory: pytest.TempPathFactory) -> str:
    with psycopg.connect(database) as connection:
        prepare(connection, marseille, catalog().values(), passwords(tmp_path_factory.mktemp("var")))
    return database


@pytest.fixture
def store(prepared: str) -> Iterator[Connection]:
    with psycopg.connect(prepared) as connection:
        connection.execute(
            "TRUNCATE data.signalements, data.divisions, data.faits, obs.loads, obs.quarantine, obs.counters, "
            "obs.versions, obs.sources"
        )
        connection.commit()
        yield connection


def written(folder: Path, collection: str, form: str) -> Path:
    shapes = SHAPES[collection]
    frame = gpd.GeoDataFrame(
        {
            "num": [f"K-{n}" for n in range(len(shapes))],
            "le": "2026-01-02",
            "type": "tag" if collection == "signalements" else "Le Port",
        },
        geometry=shapes,
        crs="EPSG:4326",
    )
    path = folder / f"export.{form}"
    if form == "parquet":
        frame.to_parquet(path)
    elif form == "gpkg":
        frame.to_file(path)
    else:
        features = [
            {"type": "Feature", "geometry": None if s is None else json.loads(shapely.to_geojson(s)), "properties": p}
            for s, p in zip(shapes, frame.drop(columns="geometry").to_dict("records"), strict=True)
        ]
        path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def load(store: Connection, city: City, file: Path, collection: str) -> Summary:
    connector = "geoparquet" if file.suffix == ".parquet" else "geofile"
    options = options_from_text(map=MAPS[collection], drop=DROPS[collection])
    return load_file(
        store, city, connector=connector, collection=collection, file=str(file), options=options, settings=Settings()
    )


@pytest.mark.parametrize("form", ["geojson", "gpkg", "parquet"])
@pytest.mark.parametrize("collection", SHAPES)
def test_an_empty_or_missing_geometry_of_a_file_is_refused(
    store: Connection, marseille: City, tmp_path: Path, collection: str, form: str
) -> None:
    summary = load(store, marseille, written(tmp_path, collection, form), collection)

    assert (summary.read, summary.inserted, summary.reasons) == (4, 2, {"no-position": 2})


@pytest.mark.parametrize("kind", ["Point", "LineString", "Polygon", "MultiPolygon", "MultiPoint"])
def test_an_empty_geometry_of_a_service_is_read_as_one(kind: str) -> None:
    """RFC 7946, 3.1: an empty array of coordinates may be read as no geometry."""
    assert from_geojson({"type": kind, "coordinates": []}).is_empty
    assert from_geojson(None) is None


@pytest.mark.parametrize("name", sorted(layer.table for layer in catalog().values()))
def test_no_table_takes_an_empty_geometry(store: Connection, name: str) -> None:
    rule = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s"

    assert store.execute(rule, [f"data.{name}", "has_a_place"]).fetchone() == (
        "CHECK ((NOT st_isempty(geom))) NOT VALID",
    )


def test_an_empty_point_that_somebody_writes_is_refused(store: Connection, marseille: City) -> None:
    facts(store, marseille)

    with pytest.raises(CheckViolation, match="has_a_place"):
        store.execute("UPDATE data.faits SET geom = ST_SetSRID('POINT EMPTY'::geometry, 2154) WHERE id = 1")


def facts(store: Connection, city: City) -> None:
    layer = layer_of("faits")
    nature = next(iter(codes(str(layer.properties["nature"].codes))))
    items = [
        {"source_key": f"F{n}", "reference": f"F{n}", "date": datetime(2026, 1, 1 + n, tzinfo=UTC), "nature": nature,
         "x": 892_000.0 + 10 * n, "y": 6_247_000.0 - n}
        for n in range(8)
    ]  # fmt: skip
    assert load_items(store, city, layer, "police", items, origin="reported").inserted == len(items)
