"""From a tile to SQL: items as they are, or counts of crowded places. PostGIS writes the Mapbox Vector Tile.

Points belong to one tile only, the one whose left and top sides they lie within or on: what is drawn over all tiles of
a zoom sums to what there is.
"""

from dataclasses import dataclass
from typing import Any

from psycopg import sql
from psycopg.types.numeric import Float8, Int4

from observatoire.layers.model import Layer
from observatoire.server.plan import Fragment, Plan, conditions_of
from observatoire.server.query import Query
from observatoire.tiles.ddl import CELLS_VIEW
from observatoire.tiles.pyramid import CELLS, Tile

#: Units along a side of a tile (Mapbox Vector Tile Specification 2.1, §4.1).
EXTENT = 4096
#: Units beyond its sides to which lines and areas are drawn, so that their edges do not show.
BUFFER = 64
#: Most features of one layer of a tile.
MOST = 8_000
_CELL = EXTENT >> CELLS  # units along a side of a cell
#: Ends a subquery whose columns are used more than once: PostgreSQL would work each use out anew (four transformations
#: of every point, measured: 90 ms instead of 53 for a full tile).
_ONCE = sql.SQL(" OFFSET 0")
_ROW_BY_ROW = " ORDER BY ST_Y(t.g), ST_X(t.g)"


@dataclass(frozen=True)
class Request:
    """What is to be drawn of one collection in one tile: a query without a box, and the tile.

    Attributes
    ----------
    ordered : bool
        Features in the order of their ids, cells row by row: the same items give the same bytes, a little later.
    """

    query: Query
    tile: Tile
    ordered: bool = False

    @property
    def layer(self) -> Layer:
        """The collection."""
        return self.query.layer

    @property
    def narrowed(self) -> bool:
        """Whether only some items are asked for: counts that are kept do not say then."""
        query = self.query
        return query.interval is not None or bool(query.equals) or query.filter is not None


def items_plan(asked: Request) -> Plan:
    """Return the plan of single items: the tile, and their number, one more than `MOST` where it is crowded."""
    layer, tile = asked.layer, asked.tile
    where, args = _near(asked)
    names = (layer.id_field, *asked.query.shown)
    shown = sql.SQL(", ").join(_value(layer, name) for name in names)
    if layer.geometry == "Point":
        place: Fragment = _point(tile)
        drawn: Fragment = _within(tile)
        fences: tuple[Fragment, Fragment] = (_ONCE, sql.SQL(""))
    else:
        place = sql.SQL("ST_AsMVTGeom(p, ST_MakeEnvelope({}), {}, {}, true)").format(
            _literals(*tile.bounds, tile.pyramid.srid), sql.Literal(EXTENT), sql.Literal(BUFFER)
        )
        drawn = sql.SQL("g IS NOT NULL")
        fences = (sql.SQL(""), _ONCE)
    text = sql.SQL(
        "SELECT ST_AsMVT(t, {name}, {extent}, 'g', {id}{order}), count(*) FROM ("
        "SELECT {names}, g FROM (SELECT *, {place} AS g FROM (SELECT {shown}, {p} AS p FROM {view} WHERE {where}{inner}"
        ") AS s{outer}) AS d WHERE {drawn} LIMIT {most}) AS t"
    ).format(
        name=sql.Literal(layer.id), extent=sql.Literal(EXTENT), id=sql.Literal(layer.id_field),
        order=sql.SQL(" ORDER BY t.{}").format(sql.Identifier(layer.id_field)) if asked.ordered else sql.SQL(""),
        names=sql.SQL(", ").join(map(sql.Identifier, names)), place=place, shown=shown, p=_projected(asked),
        view=sql.Identifier(layer.table), where=where, inner=fences[0], outer=fences[1], drawn=drawn,
        most=sql.Literal(MOST + 1),
    )  # fmt: skip
    return Plan(text.as_bytes(None), tuple(args), asked.query.filter is not None, once=True)


def grouped_plan(asked: Request) -> Plan:
    """Return the plan of counts by cell, made of the items: the tile, and the number of items.

    Lines and areas count where their centroid lies.
    """
    layer, tile = asked.layer, asked.tile
    where, args = _near(asked)
    text = sql.SQL(
        "SELECT ST_AsMVT(t, {name}, {extent}, 'g'{order}), coalesce(sum(n), 0)::bigint FROM ("
        "SELECT count(*) AS n, ST_Point(x * {cell} + {half}, y * {cell} + {half}) AS g FROM ("
        "SELECT floor((ST_X(p) - {left}) / {size})::int AS x, floor(({top} - ST_Y(p)) / {size})::int AS y "
        "FROM (SELECT {p} AS p FROM {view} WHERE {where}{once}) AS s WHERE {within}) AS c GROUP BY x, y) AS t"
    ).format(
        name=sql.Literal(layer.id), extent=sql.Literal(EXTENT), order=sql.SQL(_ROW_BY_ROW if asked.ordered else ""),
        cell=sql.Literal(_CELL), half=sql.Literal(_CELL // 2),
        left=sql.Literal(tile.bounds[0]), top=sql.Literal(tile.bounds[3]), size=sql.Literal(tile.side / (1 << CELLS)),
        p=_projected(asked, centroid=layer.geometry != "Point"), view=sql.Identifier(layer.table), where=where,
        once=_ONCE, within=_within(tile),
    )  # fmt: skip
    return Plan(text.as_bytes(None), tuple(args), asked.query.filter is not None, once=True)


_COUNTS = sql.SQL(
    "SELECT ST_AsMVT(t, %s, {extent}, 'g'), coalesce(sum(n), 0)::bigint FROM ("
    "SELECT sum(n)::bigint AS n, ST_Point(column_ * %s + %s, row_ * %s + %s) AS g FROM ("
    "SELECT n, (x >> %s) - %s AS column_, (y >> %s) - %s AS row_ FROM {view} WHERE collection = %s AND pyramid = %s "
    "AND level = %s AND x BETWEEN %s AND %s AND y BETWEEN %s AND %s) AS c GROUP BY column_, row_ "
    "ORDER BY row_, column_) AS t"
).format(
    extent=sql.Literal(EXTENT), view=sql.Identifier(CELLS_VIEW),  # at most 64 × 64 rows to sort
).as_bytes(None)  # fmt: skip


def counts_plan(asked: Request) -> Plan:
    """Return the plan of the counts that are kept: the tile, and the number of items. For zooms up to `near`."""
    tile = asked.tile
    finer = min(CELLS, tile.pyramid.finest - tile.zoom)  # 2^finer cells along a side of the tile
    level = tile.pyramid.kept(tile.zoom + finer)
    shift = Int4(level - tile.zoom - finer)
    first, size = _cells(tile, level)
    cell, half = Int4(EXTENT >> finer), Int4(EXTENT >> finer + 1)
    args = (
        asked.layer.id, cell, half, cell, half, shift, Int4(tile.column << finer), shift, Int4(tile.row << finer),
        asked.layer.id, tile.pyramid.id, Int4(level), *_span(first, size),
    )  # fmt: skip
    return Plan(_COUNTS, args)


_TOTAL = sql.SQL(
    "SELECT coalesce(sum(n), 0)::bigint FROM {view} WHERE collection = %s AND pyramid = %s AND level = %s "
    "AND x BETWEEN %s AND %s AND y BETWEEN %s AND %s"
).format(view=sql.Identifier(CELLS_VIEW)).as_bytes(None)  # fmt: skip


def total_plan(asked: Request) -> Plan:
    """Return the plan of the number of items in a tile, from the coarsest counts that are kept."""
    tile = asked.tile
    level = tile.pyramid.kept(max(tile.zoom, tile.pyramid.levels[-1]))
    return Plan(_TOTAL, (asked.layer.id, tile.pyramid.id, Int4(level), *_span(*_cells(tile, level))))


def _cells(tile: Tile, level: int) -> tuple[tuple[int, int], int]:
    """Return column and row of the first cell of a tile at a level, and the number of cells along its side."""
    finer = level - tile.zoom
    return (tile.column << finer, tile.row << finer), 1 << finer


def _span(first: tuple[int, int], size: int) -> tuple[Int4, Int4, Int4, Int4]:
    x, y = first
    return Int4(x), Int4(x + size - 1), Int4(y), Int4(y + size - 1)


def _near(asked: Request) -> tuple[Fragment, list[Any]]:
    """Return the conditions of a tile's items: what is asked, and that their box meets the tile (the index sees it)."""
    tile, storage = asked.tile, asked.query.systems.storage.srid
    conditions, args = conditions_of(asked.query)
    x_min, y_min, x_max, y_max = tile.bounds
    margin = 0.0 if asked.layer.geometry == "Point" else tile.side * BUFFER / EXTENT
    corners = [Float8(v) for v in (x_min - margin, y_min - margin, x_max + margin, y_max + margin)]
    envelope = sql.SQL("ST_MakeEnvelope(%s, %s, %s, %s, {})").format(sql.Literal(tile.pyramid.srid))
    if tile.pyramid.srid != storage:
        # Sides are cut in pieces: a straight line does not stay straight in another CRS.
        envelope = sql.SQL("ST_Expand(ST_Transform(ST_Segmentize({}, {}), {}), {})").format(
            envelope, sql.Literal(tile.side / 8), sql.Literal(storage), sql.Literal(tile.side / 500)
        )
    conditions = [sql.SQL("geom && {}").format(envelope), *conditions]
    return sql.SQL(" AND ").join(conditions), [*corners, *args]


def _projected(asked: Request, *, centroid: bool = False) -> Fragment:
    place: Fragment = sql.SQL("ST_Centroid(geom)") if centroid else sql.Identifier("geom")
    if asked.tile.pyramid.srid == asked.query.systems.storage.srid:
        return place
    return sql.SQL("ST_Transform({}, {})").format(place, sql.Literal(asked.tile.pyramid.srid))


def _within(tile: Tile) -> Fragment:
    """Return the condition that the point `p` belongs to a tile: in the same arithmetic as the counts that are kept."""
    pyramid = tile.pyramid
    size = pyramid.side / (1 << tile.zoom)
    return sql.SQL("floor((ST_X(p) - {}) / {}) = {} AND floor(({} - ST_Y(p)) / {}) = {}").format(
        *map(sql.Literal, (pyramid.left, size, tile.column, pyramid.top, size, tile.row))
    )


def _point(tile: Tile) -> Fragment:
    """Return the point `p` in units of its tile, 0 to 4095: rounded down, so that none falls on the next tile."""
    x, _, _, y = tile.bounds
    unit = tile.side / EXTENT
    return sql.SQL(
        "ST_Point(least(greatest(floor((ST_X(p) - {x}) / {unit}), 0), {last}), "
        "least(greatest(floor(({y} - ST_Y(p)) / {unit}), 0), {last}))"
    ).format(x=sql.Literal(x), y=sql.Literal(y), unit=sql.Literal(unit), last=sql.Literal(EXTENT - 1))


def _value(layer: Layer, name: str) -> Fragment:
    """Return a property as a tile holds it: times as whole seconds since 1970, which take five bytes."""
    column = sql.Identifier(name)
    if layer.properties[name].format is None:
        return column
    return sql.SQL("extract(epoch FROM {0})::bigint AS {0}").format(column)


def _literals(*values: float) -> Fragment:
    return sql.SQL(", ").join(map(sql.Literal, values))
