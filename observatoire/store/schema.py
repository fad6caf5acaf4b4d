"""The store made ready: migrations of the engine, then tables, roles and views rendered from the catalogue."""

from collections.abc import Iterable
from hashlib import sha256
from importlib.resources import files

from psycopg import Connection, sql

from observatoire.cities import City
from observatoire.errors import BadSettings
from observatoire.layers.ddl import create_table
from observatoire.layers.model import Layer
from observatoire.layers.rights import create_roles, create_views
from observatoire.store.roles import Passwords
from observatoire.tiles.ddl import counted, create_cells_view, create_counts, create_pyramids
from observatoire.tiles.pyramid import pyramids

#: Advisory lock that serialises changes of the schema (an arbitrary constant of this project).
SCHEMA_LOCK = 0x0B5E_0001


def migrations() -> list[tuple[str, str]]:
    """Return the engine's migrations as (name, SQL), in order."""
    folder = files("observatoire.store") / "migrations"
    return sorted((f.name, f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".sql"))


def rendered(city: City, layers: Iterable[Layer]) -> list[sql.Composed]:
    """Return every statement that the catalogue asks of the store of `city`."""
    layers = list(layers)
    tables = [statement for layer in layers for statement in create_table(layer, city.srid)]
    counts = [statement for layer in layers if counted(layer) for statement in create_counts(layer)]
    whole = create_pyramids(pyramids(city).values()) + counts
    return create_roles() + tables + whole + create_views(layers, create_cells_view)


def prepare(connection: Connection, city: City, layers: Iterable[Layer], passwords: Passwords) -> bool:
    """Bring the store to the state that engine and catalogue ask for, in one transaction.

    Returns
    -------
    bool
        True if something was changed; False where the store was ready (the usual case).

    Raises
    ------
    BadSettings
        If the store holds another city.
    """
    statements = rendered(city, layers)
    text = "\n".join(s.as_string(connection) for s in statements)
    fingerprint = sha256((text + passwords.fingerprint()).encode()).hexdigest()
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [SCHEMA_LOCK])
        connection.execute(
            "CREATE TABLE IF NOT EXISTS public.obs_schema (name text PRIMARY KEY, done timestamptz DEFAULT now())"
        )
        done = {name for (name,) in connection.execute("SELECT name FROM public.obs_schema")}
        held = {name.removeprefix("city:") for name in done if name.startswith("city:")}
        if held - {city.id}:
            raise BadSettings(f"this store holds the city {held.pop()!r}, not {city.id!r}: one database per city")
        pending = [(name, code) for name, code in migrations() if name not in done]
        if not pending and fingerprint in done:
            return False
        for name, code in pending:
            connection.execute(code.encode())
            connection.execute("INSERT INTO public.obs_schema (name) VALUES (%s)", [name])
        for statement in statements:
            connection.execute(statement)
        for statement in passwords.statements():
            connection.execute(statement)
        connection.execute("DELETE FROM public.obs_schema WHERE name !~ '\\.sql$'")
        connection.execute("INSERT INTO public.obs_schema (name) VALUES (%s), (%s)", [fingerprint, f"city:{city.id}"])
    return True
