"""What an evaluation reads of the store: dated points with their nature, and whether their hour is known."""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from psycopg import Connection, sql

from observatoire.errors import BadInput
from observatoire.layers.model import Layer
from observatoire.risk.arrays import Bools, Floats
from observatoire.store.occurrences import REPORTED, TABLES, known

DAY = "day"


@dataclass(frozen=True, eq=False)
class Labelled:
    """Reported items in the order of `read_events`, and how many items each source gave before their last date."""

    xy: Floats
    dates: pd.DatetimeIndex
    nature: NDArray[np.object_] | None
    timed: Bools
    sources: dict[str, int]


def read_labelled(
    connection: Connection[Any], layer: Layer, *, schema: str = TABLES, natures: tuple[str, ...] = ()
) -> Labelled:
    """Return a point collection's reported items of some natures, or of all.

    Raises
    ------
    BadInput
        If the collection has no points or no dates, or `schema` does not show the origin of its items.
    """
    if layer.geometry != "Point" or layer.time_field is None:
        raise BadInput(f"collection: expected a collection of dated points, got {layer.id}")
    if schema != TABLES and "origin" not in layer.properties:
        raise BadInput(f"collection: {layer.id} does not show the origin of its items")
    has_nature = "nature" in layer.properties
    shows_precision = schema == TABLES or "precision" in layer.properties
    view = sql.Identifier(schema, layer.table)
    only = sql.SQL("true") if not natures else sql.SQL("nature = ANY({})").format(sql.Literal(list(natures)))
    query = sql.SQL(
        "COPY (SELECT ST_X(geom), ST_Y(geom), (extract(epoch FROM {time}) * 1000000)::bigint, {nature}, {timed} "
        "FROM {view} WHERE origin = {origin} AND {only}) TO STDOUT (FORMAT csv)"
    ).format(
        time=known(layer, schema),
        nature=sql.SQL("nature") if has_nature else sql.SQL("NULL"),
        timed=sql.SQL("(precision IS DISTINCT FROM {})::int").format(sql.Literal(DAY)) if shows_precision
        else sql.SQL("1"),
        view=view,
        origin=sql.Literal(REPORTED),
        only=only,
    )  # fmt: skip
    with connection.cursor() as cursor, cursor.copy(query) as copy:
        data = b"".join(copy)
    names = ["x", "y", "t", "nature", "timed"]
    kinds = {"x": float, "y": float, "t": np.int64, "nature": str, "timed": np.int8}
    frame = pd.read_csv(io.BytesIO(data), names=names, dtype=kinds, keep_default_na=False) if data else None
    if frame is None:
        frame = pd.DataFrame({name: pd.Series(dtype=kinds[name]) for name in names})
    frame = frame.iloc[np.lexsort((frame["y"], frame["x"], frame["t"]))]
    sources = connection.execute(
        sql.SQL("SELECT origin, count(*) FROM {view} WHERE {only} GROUP BY origin ORDER BY origin").format(
            view=view, only=only
        )
    ).fetchall()
    return Labelled(
        frame[["x", "y"]].to_numpy(dtype=float),
        pd.DatetimeIndex(pd.to_datetime(frame["t"].to_numpy(), unit="us", utc=True)),
        frame["nature"].to_numpy(dtype=object) if has_nature else None,
        frame["timed"].to_numpy() == 1,
        {str(origin): int(n) for origin, n in sources},
    )
