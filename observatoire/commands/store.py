"""`obs init`, `obs stop`, `obs key`, `obs doctor`: the store and who may enter."""

from typing import Annotated

import typer
from psycopg import sql as pgsql

from observatoire import __version__
from observatoire.cities import city
from observatoire.commands.base import Format, Output, ready_store, show
from observatoire.layers.catalog import catalog
from observatoire.layers.ddl import table
from observatoire.settings import settings
from observatoire.store.cluster import Cluster
from observatoire.store.keys import create_key, known_keys, revoke_key
from observatoire.store.schema import rendered
from observatoire.store.sources import freshness


def init(
    *,
    sql: Annotated[bool, typer.Option("--sql", help="Print the SQL for a DBA instead of running it")] = False,
    output: Output = Format.text,
) -> None:
    """Make the store ready: roles, tables, views. Safe to run again."""
    if sql:
        text = "".join(f"{statement.as_string()};\n" for statement in rendered(city(), catalog().values()))
        show({"sql": text}, output, text=text.rstrip())
        return
    with ready_store() as (store, connection):
        version = connection.execute("SELECT postgis_full_version()").fetchone()
    result = {
        "city": city().id,
        "collections": list(catalog()),
        "embedded": store.embedded,
        "postgis": (version or [""])[0],
    }
    show(result, output, text=f"store of {city().id} ready: {', '.join(catalog())}")


def stop(*, output: Output = Format.text) -> None:
    """Stop the embedded store, whoever uses it."""
    stopped = Cluster(settings().var).stop()
    show({"stopped": stopped}, output, text="embedded store stopped" if stopped else "no embedded store was running")


def key(
    audience: Annotated[
        str, typer.Argument(help="public citizen planner roadworks coordination steward auditor admin")
    ] = "",
    *,
    label: Annotated[str, typer.Option(help="Whose key it is, e.g. a service's name; to revoke it later")] = "",
    revoke: Annotated[str, typer.Option(help="Revoke the keys of that label")] = "",
    output: Output = Format.text,
) -> None:
    """Make a key for an audience (shown once), revoke one, or count those in force."""
    with ready_store() as (_, connection):
        if revoke:
            n = revoke_key(connection, revoke)
            show({"revoked": n}, output, text=f"{n} key(s) revoked")
        elif audience:
            fresh = create_key(connection, audience, label or audience)
            show({"audience": audience, "key": fresh}, output, text=fresh)
        else:
            held = list(known_keys(connection).values())
            counts = {str(a): held.count(a) for a in sorted(set(held))}
            show(counts, output, text="\n".join(f"{a}: {n}" for a, n in counts.items()) or "no key in force")


def doctor(*, output: Output = Format.text) -> None:
    """Check the store and say what it holds."""
    with ready_store() as (store, connection):
        items = {}
        for layer in catalog().values():
            row = connection.execute(pgsql.SQL("SELECT count(*) FROM {}").format(table(layer))).fetchone()
            items[layer.id] = row[0] if row else 0
        ages = freshness(connection)
        server = connection.info.server_version
    result = {
        "version": __version__, "city": city().id, "embedded": store.embedded, "postgresql": server, "items": items,
        "sources": [vars(age) for age in ages],
    }  # fmt: skip
    lines = [f"observatoire {__version__}, city {city().id}, PostgreSQL {server // 10000}, embedded: {store.embedded}"]
    lines += [f"  {name}: {n:,} items" for name, n in items.items()]
    words = {True: "STALE", False: "fresh", None: "no age allowed or forbidden"}
    lines += [
        f"  {age.source} → {age.collection}: loaded {age.loaded:%Y-%m-%d %H:%M}, newest "
        + (f"{age.newest:%Y-%m-%d %H:%M}" if age.newest else "without date")
        + f": {words[age.stale]}"
        for age in ages
    ]
    show(result, output, text="\n".join(lines))
