"""Trends from the store: by theme and division, each with its band and the request that counts the same items."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import shapely
from psycopg import Connection

from observatoire.alerts.band import daily_counts
from observatoire.alerts.evaluate import ages
from observatoire.alerts.excess import HISTORY
from observatoire.alerts.items import Items
from observatoire.alerts.trend import DEFINITION, LEVEL, WORDS, Trend, trends
from observatoire.cities import City
from observatoire.errors import NotFound
from observatoire.figures import of_window
from observatoire.layers.model import Layer
from observatoire.layers.nomenclature import nomenclature
from observatoire.risk.arrays import Floats, Ints
from observatoire.store.dated import Divisions, countable, read_divisions, read_items

Json = dict[str, Any]
DAYS = HISTORY - 300  # 19 weeks teach the jumps of a series; a year of them would cost more than it says


def trends_of(
    connection: Connection[Any],
    city: City,
    layer: Layer,
    *,
    schema: str,
    days: int = 7,
    division: str | None = None,
    system: str | None = None,
    now: datetime | None = None,
) -> Json:
    """Return the trend of each theme, and of each division, over the last `days` days that are known.

    Parameters
    ----------
    schema : str
        What is read: the views of an audience, so that the figures are those that it may count itself.
    division : str, optional
        Code: themes inside it only.
    system : str, optional
        Another way to divide the city than the principal one.

    Raises
    ------
    NotFound
        If the collection has nothing to count, or there is no such division.
    """
    code, until = countable(connection, layer, now or datetime.now(UTC), schema=schema)
    divisions = read_divisions(connection, schema=schema, system=system)
    items = read_items(connection, layer, city, divisions, code=code, until=until, days=DAYS, schema=schema)
    chosen = _chosen(divisions, division)
    inside = items if chosen is None else items.take(items.division == chosen)
    window = (until - timedelta(days=days), until)
    request: dict[str, Any] = {"code": code, "srid": city.srid}
    where = "" if chosen is None else _wkt(divisions[1][chosen])
    return {
        "collection": layer.id, "as_of": until, "start": window[0], "days": days, "level": LEVEL,
        "definition": DEFINITION.model_dump(), "division": division, "system": system,
        "total": _said(_one(inside, days)) | {"href": of_window(layer.id, *window, where=where, **request)},
        "themes": _themes(layer, inside, days, window, where=where, **request),
        "divisions": _divisions(layer, items, divisions, days, window, **request),
    }  # fmt: skip


def _chosen(divisions: Divisions, code: str | None) -> int | None:
    if code is None:
        return None
    codes = [name for name, _ in divisions[0]]
    if code not in codes:
        raise NotFound(f"division: none has the code {code!r}")
    return codes.index(code)


def _themes(layer: Layer, items: Items, days: int, window: tuple[datetime, datetime], **request: Any) -> Any:
    """Return each theme of the nomenclature, in its order."""
    domain = nomenclature().domains[str(layer.properties[request["code"]].codes)]
    index = {name: k for k, theme in enumerate(domain.themes.values()) for name in theme.codes}
    series = np.array([index.get(name, -1) for name in items.code], dtype=np.int64)
    found = trends(_daily(series, items, len(domain.themes)), days=days)
    return [
        {"theme": name, "label": theme.label.model_dump()}
        | _said(trend)
        | {"href": of_window(layer.id, *window, codes=list(theme.codes), **request)}
        for (name, theme), trend in zip(domain.themes.items(), found, strict=True)
    ]


def _divisions(
    layer: Layer, items: Items, divisions: Divisions, days: int, window: tuple[datetime, datetime], **request: Any
) -> Any:
    names, shapes = divisions
    if not names:
        return []
    found = trends(_daily(items.division, items, len(names)), days=days)
    return [
        {"division": code, "nom": name}
        | _said(trend)
        | {"href": of_window(layer.id, *window, where=_wkt(shape), **request)}
        for (code, name), shape, trend in zip(names, shapes, found, strict=True)
    ]


def _one(items: Items, days: int) -> Trend:
    (found,) = trends(_daily(np.zeros(len(items), dtype=np.int64), items, 1), days=days)
    return found


def _daily(series: Ints, items: Items, n: int) -> Floats:
    return daily_counts(series, ages(items), n, DAYS)


def _said(trend: Trend) -> Json:
    return {
        "n": trend.n, "state": trend.state, "word": WORDS[trend.state].model_dump(), "expected": trend.mean,
        "lower": trend.lower, "upper": trend.upper,
    }  # fmt: skip


def _wkt(shape: Any) -> str:
    return str(shapely.to_wkt(shape, rounding_precision=-1))
