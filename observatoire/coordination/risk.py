"""The last forecast that the caller may see, under works, beside what is usual at the same places."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import shapely
from psycopg import sql

from observatoire.coordination.reader import Reader, Row
from observatoire.layers.catalog import catalog
from observatoire.layers.rights import role
from observatoire.risk.arrays import Floats
from observatoire.store.dated import fed_until
from observatoire.store.occurrences import local_midnight
from observatoire.works.scene import RiskCells

USUAL = timedelta(days=364)  # whole weeks


def read_risk(reader: Reader, around: Any) -> tuple[RiskCells, Mapping[str, Any]] | None:
    """Return the cells of the last forecast that meet the box around a geometry, and what forecast it is.

    `usual` is the number of reported items of the last 52 weeks before the forecast, brought to its length. Cells of a
    forecast that abstains are unknown. None where the caller may not see it, or there is none.
    """
    last = _last(reader)
    if last is None:
        return None
    condition, parameters = reader.near(around)
    where = sql.SQL("target = %s AND as_of = %s AND debut = %s AND fin = %s AND {}").format(condition)
    rows = reader.rows("risque", where, [last["target"], last["as_of"], last["debut"], last["fin"], *parameters])
    if not rows:
        return None
    start, end = datetime.fromisoformat(last["debut"]), datetime.fromisoformat(last["fin"])
    cells = np.empty(len(rows), dtype=object)
    cells[:] = [row["geometry"] for row in rows]
    usual = _usual(reader, str(last["target"]), last["as_of"], cells) * ((end - start) / USUAL)
    numbers = {
        name: np.array([np.nan if row[name] is None else row[name] for row in rows], dtype=float)
        for name in ("expected", "lower", "upper")
    }
    ids = np.array([row["cell_id"] for row in rows], dtype=object)
    about = {"target": last["target"], "as_of": last["as_of"].isoformat(), "debut": last["debut"], "fin": last["fin"]}
    return RiskCells(ids, cells, **numbers, usual=usual, start=start, end=end), about


def today(reader: Reader) -> datetime:
    """Return the moment of the city: now or, of a simulated city whose data end before, the midnight after the last."""
    now = datetime.now(UTC)
    target = reader.city.forecasts[0].target if reader.city.simulated and reader.city.forecasts else ""
    layer, view = catalog().get(target), reader.view(target)
    if layer is None or view is None or layer.time_field is None:
        return now
    fed = fed_until(reader.connection, target, now, schema=role(reader.audience))
    query = sql.SQL("SELECT max({0}) FROM {1} WHERE {0} <= %s").format(sql.Identifier(layer.time_field), view)
    (last,) = reader.connection.execute(query, [fed or now]).fetchone() or (None,)
    return now if last is None else min(now, local_midnight(last, reader.city, after=True))


def _last(reader: Reader) -> Row | None:
    view = reader.view("risque")
    if view is None:
        return None
    query = sql.SQL(
        "SELECT target, as_of, debut, fin FROM {} ORDER BY as_of DESC, (target = ANY(%s)) DESC, fin DESC LIMIT 1"
    ).format(view)
    targets = [wanted.target for wanted in reader.city.forecasts]
    found = reader.connection.execute(query, [targets]).fetchone()
    return None if found is None else dict(zip(("target", "as_of", "debut", "fin"), found, strict=True))


def _usual(reader: Reader, target: str, as_of: datetime, cells: Any) -> Floats:
    """Return the number of reported items in each cell in the 52 weeks before; unknown where they may not be seen."""
    layer, view = catalog().get(target), reader.view(target)
    if layer is None or view is None or layer.time_field is None or not layer.exact_for(reader.audience):
        return np.full(len(cells), np.nan)
    condition, box = reader.near(shapely.MultiPolygon(cells.tolist()))
    query = sql.SQL(
        "SELECT ST_X(geom), ST_Y(geom) FROM {} WHERE origin = 'reported' AND {time} >= %s AND {time} < %s AND {near}"
    ).format(view, time=sql.Identifier(layer.time_field), near=condition)
    xy = np.array(reader.connection.execute(query, [as_of - USUAL, as_of, *box]).fetchall(), dtype=float)
    if not len(xy):
        return np.zeros(len(cells))
    item, cell = shapely.STRtree(cells).query(shapely.points(xy), predicate="intersects")
    bounds = shapely.bounds(cells[cell])
    inside = (xy[item, 0] < bounds[:, 2]) & (xy[item, 1] < bounds[:, 3])  # a border belongs to one cell
    return np.bincount(cell[inside], minlength=len(cells)).astype(float)
