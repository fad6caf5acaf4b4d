"""From the catalogue to roles, views and grants: each audience has a login, a schema of views, and nothing else."""

from collections.abc import Callable, Iterable

from psycopg import sql

from observatoire.layers.ddl import shown_geometry, table
from observatoire.layers.model import AUDIENCES, Audience, Layer

FRESHNESS = "obs_freshness"  # a view beside those of the collections, none of which may have this name
#: Who sees the names of sources.
KEEPERS: tuple[Audience, ...] = ("coordination", "steward", "auditor", "admin")


def role(audience: Audience) -> str:
    """Return the database login of an audience; its schema of views has the same name."""
    return f"obs_{audience}"


def create_roles() -> list[sql.Composed]:
    """Return statements that make the logins, without password, read-only; for a DBA or for `obs init`."""
    statements: list[sql.Composed] = []
    for audience in AUDIENCES:
        name = role(audience)
        statements += [
            sql.SQL(
                "DO $$ BEGIN CREATE ROLE {0} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT; "
                "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
            ).format(sql.Identifier(name)),
            sql.SQL("ALTER ROLE {} SET default_transaction_read_only = on").format(sql.Identifier(name)),
            sql.SQL("ALTER ROLE {} SET search_path = {}, public").format(sql.Identifier(name), sql.Identifier(name)),
        ]
    return statements


def create_view(layer: Layer, audience: Audience) -> sql.Composed:
    """Return the view of a layer as `audience` may see it."""
    names = sql.SQL(", ").join(sql.Identifier(n) for n in layer.properties_for(audience))
    geometry = shown_geometry(exact=layer.exact_for(audience))
    return sql.SQL("CREATE VIEW {} AS SELECT {}, {} FROM {}").format(
        sql.Identifier(role(audience), layer.table), names, geometry, table(layer)
    )


def create_freshness(audience: Audience, visible: Iterable[Layer]) -> sql.Composed:
    """Return the view of how old the sources of the collections are that `audience` may see.

    Names of sources are for those who look after them; for the others the oldest source of a collection speaks.
    """
    known = sql.SQL(", ").join([sql.Literal(layer.id) for layer in visible] or [sql.Literal(None)])
    own = "source, collection, loaded, changed, newest, max_age, stale"
    general = (
        "collection, min(loaded) AS loaded, max(changed) AS changed, max(newest) AS newest, bool_or(stale) AS stale"
    )
    inside = audience in KEEPERS
    return sql.SQL("CREATE VIEW {} AS SELECT {} FROM obs.freshness WHERE collection IN ({}){}").format(
        sql.Identifier(role(audience), FRESHNESS),
        sql.SQL(own if inside else general),
        known,
        sql.SQL("" if inside else " GROUP BY collection"),
    )


def create_views(
    layers: Iterable[Layer], more: Callable[[str, list[Layer], Audience], sql.Composed] | None = None
) -> list[sql.Composed]:
    """Return statements that make all schemas, views and grants anew; what is not named is denied.

    Parameters
    ----------
    more : callable, optional
        Gives one more view, from the name of the schema, the layers and the audience.
    """
    layers = list(layers)
    statements: list[sql.Composed] = []
    for audience in AUDIENCES:
        name = sql.Identifier(role(audience))
        visible = [layer for layer in layers if layer.visible_to(audience)]
        statements += [
            sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(name),
            sql.SQL("CREATE SCHEMA {}").format(name),
            *[create_view(layer, audience) for layer in visible],
            *([more(role(audience), layers, audience)] if more is not None else []),
            create_freshness(audience, visible),
            sql.SQL("GRANT USAGE ON SCHEMA {0} TO {0}").format(name),
            sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA {0} TO {0}").format(name),
        ]
    return statements
