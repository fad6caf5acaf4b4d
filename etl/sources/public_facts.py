"""The facts of the day-log, made coarse → collection ``faits-publics``.

Source : the collection ``faits`` in the store: months that ended 48 hours ago or more, and are not published yet.
Key    : month, theme and square.
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
from observatoire.release.quadtree import Leaf, leaves, root

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
        for number, (theme, described) in enumerate(themes.items(), start=1):
            given = [month, end, list(described.codes)]
            rows = context.connection.execute(_FACTS.format(facts), given).fetchall()
            xy = np.array(rows, dtype=np.float64).reshape(-1, 2)
            for leaf in leaves(xy, (x, y), side):
                name = _name(leaf, city.srid)
                local = month.astimezone(city.zone)
                yield {
                    "source_key": f"{name}/{number}/{local:%Y-%m}",
                    "maille": name,
                    "date": month,
                    "fin": end,
                    "theme": theme,
                    "nombre": leaf.count,
                    "surface": leaf.area_km2,
                    "densite": round(leaf.count / leaf.area_km2, 2),
                    "precision": "month",
                    "geometry": shapely.union_all([shapely.box(a, b, a + c, b + c) for a, b, c in leaf.squares]),
                }


def _name(leaf: Leaf, srid: int) -> str:
    """Return the id of a square in INSPIRE's form; of some of its quarters, with their numbers."""
    square = f"CRS{srid}RES{int(leaf.side)}mN{int(leaf.y)}E{int(leaf.x)}"
    return square + ("-" + "".join(map(str, leaf.quarters)) if leaf.quarters else "")


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
