"""What stands near the cells: places of the store's collections, by the types that a forecast may use."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from psycopg import Connection, sql

from observatoire.errors import BadInput
from observatoire.layers.catalog import catalog
from observatoire.layers.model import Layer
from observatoire.layers.nomenclature import codes
from observatoire.risk.grid import Grid
from observatoire.risk.place_types import ALLOWED, check_type
from observatoire.risk.places import Places
from observatoire.store.occurrences import TABLES, shown

#: Branch of the nomenclature whose codes are types of places: any collection of points whose `nature` is one of them.
BRANCH = "lieux"
#: Collections all of whose points are of one type.
WHOLE = {"arrets-bus": "arret-bus", "eclairage": "lampadaire"}


def holders(schema: str = TABLES) -> dict[str, list[Layer]]:
    """Return the collections of points that hold places of each type, as far as a schema shows them."""
    found: dict[str, list[Layer]] = {}
    for layer in catalog().values():
        properties = shown(layer, schema)
        if layer.geometry != "Point" or not properties:
            continue
        nature = properties.get("nature")
        held = codes(BRANCH) if nature is not None and nature.codes == BRANCH else ()
        for kind in sorted(ALLOWED & {*held, WHOLE.get(layer.id, "")}):
            found.setdefault(kind, []).append(layer)
    return found


def readable(kinds: Iterable[str], schema: str) -> tuple[str, ...]:
    """Return those of some types of which a schema shows a collection."""
    known = holders(schema)
    return tuple(kind for kind in kinds if kind in known)


def read_places(connection: Connection[Any], grid: Grid, kinds: Iterable[str], *, schema: str = TABLES) -> Places:
    """Return the features of the grid's cells from the stored places of some types.

    Parameters
    ----------
    connection : psycopg.Connection
        Of a login that may read `schema`.
    kinds : iterable of str
        Types: see `observatoire.risk.place_types`.
    schema : str
        What is read: the tables, or the views of an audience.

    Raises
    ------
    BadInput
        If a type is not allowed, or no collection that `schema` shows can hold it.
    """
    known, found = holders(schema), {}
    for kind in dict.fromkeys(kinds):
        try:
            check_type(kind)
        except ValueError as error:
            raise BadInput(str(error)) from None
        if kind not in known:
            raise BadInput(f"places: no collection holds {kind!r}; expected one of {', '.join(sorted(known))}")
        found[kind] = np.concatenate([_xy(connection, layer, kind, schema) for layer in known[kind]])
    return Places.of(grid, found)


def _xy(connection: Connection[Any], layer: Layer, kind: str, schema: str) -> Any:
    """Return the positions of a layer's places of one type, shape (n, 2), m, always in the same order."""
    only = sql.SQL("true") if layer.id in WHOLE else sql.SQL("nature = {}").format(sql.Literal(kind))
    rows = connection.execute(
        sql.SQL("SELECT ST_X(geom), ST_Y(geom) FROM {} WHERE {} AND NOT ST_IsEmpty(geom) ORDER BY 1, 2").format(
            sql.Identifier(schema, layer.table), only
        )
    ).fetchall()
    return np.array(rows, dtype=float).reshape(-1, 2)
