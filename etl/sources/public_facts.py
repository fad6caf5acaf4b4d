"""The facts of the day-log, made coarse → collection ``faits-publics``.

Source : the collection ``faits`` in the store: months that ended 48 hours ago or more, and are not published yet.
Key    : theme (a letter), month (from 1990) and number of the place: figures that look like nothing else.
CRS    : the city's.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import shapely
from psycopg import sql
from pyproj import Transformer

from observatoire.intake.source import Context, Item, Source
from observatoire.layers.catalog import layer_of
from observatoire.layers.ddl import table
from observatoire.layers.nomenclature import nomenclature
from observatoire.release.quadtree import SMALLEST, Leaf, leaves, root

DELAY = timedelta(hours=48)
_SPAN = sql.SQL("SELECT min(date), max(date) FROM {}")
_FACTS = sql.SQL(
    "SELECT ST_X(geom), ST_Y(geom) FROM {} WHERE date >= %s AND date < %s AND nature = ANY(%s) ORDER BY id"
)
_PUBLISHED = sql.SQL("SELECT DISTINCT date FROM {}")


def items(context: Context) -> Iterator[Item]:
    """Give the squares of the months that are complete and not yet published."""
    city = context.city
    to_city = Transformer.from_crs("EPSG:4326", city.crs, always_xy=True)
    x, y, side = root(to_city.transform_bounds(*city.extent))
    facts = table(layer_of("faits"))
    published = _PUBLISHED.format(table(layer_of("faits-publics")))
    done = {date for (date,) in context.connection.execute(published)}
    themes = nomenclature().domains["faits"].themes
    for month, end in _months(context):
        if month in done:
            continue
        for number, (theme, described) in enumerate(themes.items()):
            given = [month, end, list(described.codes)]
            rows = context.connection.execute(_FACTS.format(facts), given).fetchall()
            xy = np.array(rows, dtype=np.float64).reshape(-1, 2)
            key = f"F{'ABCDEFGH'[number]}-{_month_number(month.astimezone(city.zone))}"
            for leaf in leaves(xy, (x, y), side):
                yield {
                    "source_key": f"{key}-{_code(leaf, x, y)}",
                    "maille": f"CRS{city.srid}RES{int(leaf.side)}mN{int(leaf.y)}E{int(leaf.x)}",
                    "quarts": "".join(map(str, leaf.quarters)) or None,
                    "date": month,
                    "fin": end,
                    "theme": theme,
                    "nombre": leaf.count,
                    "surface": leaf.area_km2,
                    "densite": round(leaf.count / leaf.area_km2, 2),
                    "precision": "month",
                    "geometry": shapely.union_all([shapely.box(a, b, a + c, b + c) for a, b, c in leaf.squares]),
                }


def _month_number(month: datetime) -> int:
    return (month.year - 1990) * 12 + month.month


def _code(leaf: Leaf, x: float, y: float) -> int:
    """Return the number of a place in the quadtree whose corner is (x, y): level, column, row and quarters."""
    column, row = (round(v / SMALLEST) for v in (leaf.x - x, leaf.y - y))
    level = round(leaf.side / SMALLEST).bit_length()
    return ((level * 512 + column) * 512 + row) * 16 + sum(1 << q for q in leaf.quarters)


def _months(context: Context) -> Iterator[tuple[datetime, datetime]]:
    """Give the whole months of the facts, by the city's clock: after each of them a fact has come, and the delay."""
    first, last = context.connection.execute(_SPAN.format(table(layer_of("faits")))).fetchone() or (None, None)
    if first is None or last is None:
        return
    latest = min(last, datetime.now(UTC) - DELAY)
    month = first.astimezone(context.city.zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    if first > month:  # the first month may be incomplete
        month = _next(month)
    while (end := _next(month)) <= latest:
        yield month.astimezone(UTC), end.astimezone(UTC)
        month = end


def _next(month: datetime) -> datetime:
    return month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


SOURCE = Source(id="public-facts", collection="faits-publics", origin="derived", items=items)
