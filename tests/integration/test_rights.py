"""Each audience reads what the layer files name for it, and nothing else: asked of a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from observatoire.cities import City, read_city
from observatoire.errors import BadInput, BadSettings
from observatoire.layers.catalog import catalog
from observatoire.layers.ddl import table
from observatoire.layers.model import AUDIENCES, Audience, Layer
from observatoire.layers.rights import role
from observatoire.store.keys import create_key, digest, known_keys, revoke_key
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration
LAYERS = list(catalog().values())
each_audience = pytest.mark.parametrize("audience", AUDIENCES)
each_layer = pytest.mark.parametrize("layer", LAYERS, ids=lambda layer: layer.id)


@pytest.fixture(scope="module")
def city() -> City:
    return read_city(Path("cities/demo.yml"))


@pytest.fixture(scope="module")
def store(database: str, city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        prepare(connection, city, LAYERS, passwords(tmp_path_factory.mktemp("var")))
        yield connection


@pytest.fixture(scope="module")
def point(store: psycopg.Connection) -> tuple[float, float]:
    """One report at (893 137, 6 246 655), 37 and 55 m off the corners of the public's 200 m lattice."""
    x, y = 893_137.0, 6_246_655.0
    store.execute(
        "INSERT INTO data.signalements (id, geom, source, source_key, load_id, origin, date, nature) "
        "VALUES (1, ST_SetSRID(ST_MakePoint(%s, %s), 2154), 's', 'k', 1, 'reported', now(), 'tag')",
        [x, y],
    )
    return x, y


def login(database: str, audience: Audience) -> psycopg.Connection:
    return psycopg.connect(make_conninfo(database, user=role(audience)), autocommit=True)


@each_audience
@each_layer
def test_an_audience_reads_its_columns_and_no_other(
    database: str, store: psycopg.Connection, audience: Audience, layer: Layer
) -> None:
    with login(database, audience) as connection:
        seen = connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s",
            [role(audience), layer.table],
        ).fetchall()

    expected = {*layer.properties_for(audience), "geom"} if layer.visible_to(audience) else set()
    assert {name for (name,) in seen} == expected


@each_audience
def test_an_audience_reaches_no_table_and_no_other_audience(
    database: str, store: psycopg.Connection, audience: Audience
) -> None:
    other: Audience = "coordination" if audience != "coordination" else "planner"
    hidden = [table(layer) for layer in LAYERS] + [
        sql.Identifier("obs", "keys"),
        sql.Identifier(role(other), "signalements"),
    ]
    with login(database, audience) as connection:
        for name in hidden:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(sql.SQL("SELECT * FROM {}").format(name))


@each_audience
def test_an_audience_writes_nothing(database: str, store: psycopg.Connection, audience: Audience) -> None:
    with login(database, audience) as connection:
        for statement in (
            "CREATE TABLE t (a int)",
            "DELETE FROM divisions",
            "SET default_transaction_read_only = off; DELETE FROM divisions",
        ):
            with pytest.raises((psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.InsufficientPrivilege)):
                connection.execute(statement.encode())


@pytest.mark.parametrize(("audience", "exact"), [("public", False), ("citizen", False), ("planner", True)])
def test_the_public_sees_a_position_rounded_to_200_m(
    database: str, point: tuple[float, float], audience: Audience, exact: bool
) -> None:
    with login(database, audience) as connection:
        seen = connection.execute("SELECT ST_X(geom), ST_Y(geom) FROM signalements").fetchone()

    assert seen == (point if exact else (893_200.0, 6_246_600.0))


def test_preparing_twice_changes_nothing(store: psycopg.Connection, city: City, tmp_path: Path) -> None:
    made = passwords(tmp_path)

    assert prepare(store, city, LAYERS, made)
    assert not prepare(store, city, LAYERS, made)


def test_a_store_holds_one_city(store: psycopg.Connection, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="holds the city 'demo', not 'chicago'"):
        prepare(store, read_city(Path("cities/chicago.yml")), LAYERS, passwords(tmp_path))


def test_passwords_are_made_once_and_kept_from_others(tmp_path: Path) -> None:
    first = passwords(tmp_path)

    assert passwords(tmp_path) == first
    assert len(set(first.by_audience.values())) == len(AUDIENCES)
    assert (tmp_path / "roles.json").stat().st_mode & 0o077 == 0


def test_a_key_is_known_until_it_is_revoked_and_never_kept(store: psycopg.Connection) -> None:
    key = create_key(store, "planner", "bureau d'études")

    assert known_keys(store)[digest(key)] == "planner"
    kept = store.execute("SELECT k::text FROM obs.keys k").fetchall()
    assert key not in str(kept)
    assert revoke_key(store, "bureau d'études") == 1
    assert digest(key) not in known_keys(store)


def test_a_key_for_nobody_is_refused(store: psycopg.Connection) -> None:
    with pytest.raises(BadInput, match="audience: expected one of public"):
        create_key(store, "mayor", "x")
