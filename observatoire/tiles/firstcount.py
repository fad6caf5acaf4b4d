"""The counts of a table that had none: those of `obs.recount_points`, written without asking what is there already."""

from typing import Any

from psycopg import Cursor, sql

from observatoire.layers.ddl import table
from observatoire.layers.model import Layer
from observatoire.tiles.ddl import places

# Points are put together in the finest cells, these in the coarser ones. Of rounded positions there are few.
_COUNT = """
INSERT INTO obs.tile_cells (collection, exact, pyramid, level, x, y, n)
SELECT %(collection)s, %(exact)s, %(id)s, %(finest)s - k, x >> k, y >> k, sum(n)::bigint FROM (
    SELECT floor((ST_X(g) - %(left)s) / %(side)s * 2 ^ %(finest)s::integer)::integer AS x,
           floor((%(top)s - ST_Y(g)) / %(side)s * 2 ^ %(finest)s::integer)::integer AS y, sum(d) AS n
    FROM (SELECT ST_Transform(g, %(srid)s) AS g, d FROM ({points}) AS points OFFSET 0) AS placed GROUP BY 1, 2 OFFSET 0
) AS fine, generate_series(0, %(finest)s - %(coarsest)s, 2) AS k GROUP BY 4, 5, 6 ORDER BY 4, 5, 6
"""
_EACH = "SELECT {place} AS g, 1 AS d FROM {table}"
_ALIKE = "SELECT {place} AS g, count(*) AS d FROM {table} GROUP BY 1"


def count_first(cursor: Cursor[Any], layer: Layer) -> None:
    """Count the points of a layer that has no counts, while nobody else writes to its table."""
    pyramids = cursor.execute(
        "SELECT id, srid, x_left, y_top, side, finest, coarsest FROM obs.pyramids ORDER BY id"
    ).fetchall()
    for pyramid in pyramids:
        given = dict(zip(("id", "srid", "left", "top", "side", "finest", "coarsest"), pyramid, strict=True))
        for i, place in enumerate(places(layer)):
            points = sql.SQL(_ALIKE if i else _EACH).format(place=sql.Identifier(place), table=table(layer))
            cursor.execute(sql.SQL(_COUNT).format(points=points), given | {"collection": layer.id, "exact": i == 0})
