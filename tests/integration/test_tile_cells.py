"""The counts of crowded places, held against counting by hand, whatever happens to the table."""

from collections import Counter
from math import floor

import numpy as np
import psycopg
import pytest
from psycopg import sql
from pyproj import Transformer

from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.layers.catalog import catalog
from observatoire.layers.rights import role
from observatoire.store import schema
from observatoire.store.roles import passwords
from observatoire.tiles.pyramid import pyramids

pytestmark = pytest.mark.integration

Cells = Counter[tuple[int, int]]


@pytest.fixture(scope="module")
def city() -> City:
    return read_city(root() / "cities" / "demo.yml")


@pytest.fixture(scope="module")
def store(database: str, city: City, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the demo city's tables, empty."""
    with psycopg.connect(database) as connection:
        schema.prepare(connection, city, catalog().values(), passwords(tmp_path_factory.mktemp("var")))
    return database


def _insert(connection: psycopg.Connection, xy: np.ndarray, first: int) -> None:
    with connection.cursor().copy(
        "COPY data.signalements (id, geom, source, source_key, load_id, origin, date, nature) FROM STDIN"
    ) as copy:
        for i, (x, y) in enumerate(xy, first):
            copy.write_row((i, f"SRID=2154;POINT({x} {y})", "t", str(i), 1, "reported", "2026-01-01T00:00Z", "tag"))


def _places(connection: psycopg.Connection, column: str) -> list[tuple[float, float]]:
    return connection.execute(
        sql.SQL("SELECT ST_X({0}), ST_Y({0}) FROM data.signalements").format(sql.Identifier(column))
    ).fetchall()


def _by_hand(places: list[tuple[float, float]], city: City, pyramid_id: str, level: int) -> Cells:
    pyramid = pyramids(city)[pyramid_id]
    to = Transformer.from_crs(city.srid, pyramid.srid, always_xy=True)
    size = pyramid.side / 2**level
    cells: Cells = Counter()
    for x, y in places:
        px, py = to.transform(x, y)
        cells[floor((px - pyramid.left) / size), floor((pyramid.top - py) / size)] += 1
    return cells


def _kept(connection: psycopg.Connection, pyramid: str, level: int, *, exact: bool) -> Cells:
    rows = connection.execute(
        "SELECT x, y, n FROM obs.tile_cells WHERE collection = 'signalements' AND pyramid = %s AND level = %s "
        "AND exact = %s",
        [pyramid, level, exact],
    )
    return Counter({(x, y): n for x, y, n in rows})


def _check(connection: psycopg.Connection, city: City) -> None:
    for column, exact in (("geom", True), ("geom_rounded", False)):
        places = _places(connection, column)
        for pyramid in pyramids(city).values():
            for level in pyramid.levels:
                assert _kept(connection, pyramid.id, level, exact=exact) == _by_hand(places, city, pyramid.id, level), (
                    column,
                    pyramid.id,
                    level,
                )


def test_counts_follow_every_change(store: str, city: City) -> None:
    """Insert, move, leave alone, delete, roll back, truncate: after each the counts are those of the table."""
    rng = np.random.default_rng(8)
    centre = np.array([893_000.0, 6_248_000.0])
    with psycopg.connect(store, autocommit=True) as connection:
        _insert(connection, centre + rng.normal(0, 2_000, (400, 2)), 1)
        _check(connection, city)

        connection.execute("UPDATE data.signalements SET geom = ST_Translate(geom, 731, -419) WHERE id % 3 = 0")
        _check(connection, city)

        before = connection.execute("SELECT xmin::text, * FROM obs.tile_cells ORDER BY 2, 3, 4, 5, 6, 7").fetchall()
        connection.execute("UPDATE data.signalements SET nature = 'depot-sauvage'")
        after = connection.execute("SELECT xmin::text, * FROM obs.tile_cells ORDER BY 2, 3, 4, 5, 6, 7").fetchall()
        assert after == before  # nothing moved, nothing was written

        connection.execute("DELETE FROM data.signalements WHERE id % 2 = 0")
        _check(connection, city)

        with connection.transaction(force_rollback=True):
            connection.execute("DELETE FROM data.signalements")
        _check(connection, city)

        connection.execute("TRUNCATE data.signalements")
        assert connection.execute("SELECT count(*) FROM obs.tile_cells").fetchone() == (0,)


def test_a_table_that_was_full_before_is_counted_anew(store: str, city: City) -> None:
    rng = np.random.default_rng(9)
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute("TRUNCATE data.signalements")
        _insert(connection, np.array([893_000.0, 6_248_000.0]) + rng.normal(0, 500, (50, 2)), 1)
        connection.execute("UPDATE obs.tile_cells SET n = n + 7")

        connection.execute("SELECT obs.recount_points('signalements', 'data.signalements', '{geom,geom_rounded}')")

        _check(connection, city)


def test_an_audience_counts_only_what_it_may_see(store: str) -> None:
    """The public sees rounded positions and no facts; coordination exact ones, and facts."""
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute("TRUNCATE data.signalements, data.faits")
        _insert(connection, np.array([[893_000.0, 6_248_000.0]]), 1)
        connection.execute("INSERT INTO obs.tile_cells VALUES ('faits', true, 'WebMercatorQuad', 7, 1, 1, 5)")

        def seen(audience: str) -> set[tuple[str, int, int]]:
            view = sql.Identifier(role(audience), "obs_tile_cells")  # type: ignore[arg-type]
            rows = connection.execute(
                sql.SQL(
                    "SELECT collection, x, y FROM {} WHERE collection = 'faits' "
                    "OR pyramid = 'EPSG2154Quad' AND level = 9"
                ).format(view)
            )
            return set(rows)

        exact = set(_kept(connection, "EPSG2154Quad", 9, exact=True))
        rounded = set(_kept(connection, "EPSG2154Quad", 9, exact=False))
        assert seen("public") == {("signalements", *cell) for cell in rounded}
        assert seen("coordination") == {("signalements", *cell) for cell in exact} | {("faits", 1, 1)}
        connection.execute("SET ROLE obs_public")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM obs.tile_cells")
