"""The dashboard's series from the store: the city, its themes and its divisions, week by week, against their bands."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import shapely
from psycopg import Connection

from observatoire.alerts.band import daily_counts
from observatoire.alerts.evaluate import ages
from observatoire.alerts.items import Items
from observatoire.alerts.trend import DEFINITION, LEVEL, WORDS
from observatoire.alerts.weekly import WEEK, weekly
from observatoire.cities import City
from observatoire.errors import NotFound
from observatoire.figures import of_window
from observatoire.layers.model import Layer
from observatoire.layers.nomenclature import nomenclature
from observatoire.risk.arrays import Ints
from observatoire.store.dated import countable, read_divisions, read_items
from observatoire.trends import DAYS as LEARNT

Json = dict[str, Any]


def series_of(
    connection: Connection[Any],
    city: City,
    layer: Layer,
    *,
    schema: str,
    weeks: int = 26,
    division: str | None = None,
    now: datetime | None = None,
) -> Json:
    """Return the weekly series of a collection: all of it, each theme, each principal division.

    Parameters
    ----------
    schema : str
        What is read: the views of an audience, so that the figures are those that it may count itself.
    weeks : int
        How many, up to the last day that is known.
    division : str, optional
        Code: the total and the themes are those inside it.

    Returns
    -------
    dict
        `windows` (one a week: `start`, `end`, and `datetime` as a request has it) and `series`, each with a list per
        week of `n`, `expected`, `lower`, `upper`, `state`, and `href`: the request of its last week. With another
        week's `datetime` it is that week's request.

    Raises
    ------
    NotFound
        If the collection has nothing to count, or there is no such division.
    """
    code, until = countable(connection, layer, now or datetime.now(UTC), schema=schema)
    divisions = read_divisions(connection, schema=schema)
    days = LEARNT + WEEK * (weeks - 1)
    items = read_items(connection, layer, city, divisions, code=code, until=until, days=days, schema=schema)
    names = [name for name, _ in divisions[0]]
    if division is not None and division not in names:
        raise NotFound(f"division: none has the code {division!r}")
    inside = items if division is None else items.take(items.division == names.index(division))
    shape = None if division is None else divisions[1][names.index(division)]
    windows = _windows(until.astimezone(city.zone), weeks)

    def request(where: Any = shape, codes: tuple[str, ...] = ()) -> str | None:
        wkt = "" if where is None else shapely.to_wkt(where, rounding_precision=-1)
        return of_window(layer.id, *windows[-1], code=code, codes=codes, where=wkt, srid=city.srid)

    themes = nomenclature().domains[str(layer.properties[code].codes)].themes
    heads: list[Json] = [{"kind": "total", "code": "", "label": layer.title.model_dump(), "href": request()}]
    heads += [
        {"kind": "theme", "code": name, "label": theme.label.model_dump(), "href": request(codes=tuple(theme.codes))}
        for name, theme in themes.items()
    ]
    heads += [
        {"kind": "division", "code": name, "label": {"fr": title, "en": title}, "href": request(where)}
        for (name, title), where in zip(*divisions, strict=True)
    ]
    index = {name: k for k, theme in enumerate(themes.values()) for name in theme.codes}
    theme_of = np.array([index.get(name, -1) for name in inside.code], dtype=np.int64)
    daily = np.vstack(
        [
            _daily(np.zeros(len(inside), dtype=np.int64), inside, 1, days),
            _daily(theme_of, inside, len(themes), days),
            _daily(items.division, items, len(names), days),
        ]
    )
    told = weekly(daily, weeks=weeks, learnt=LEARNT)
    return {
        "collection": layer.id, "as_of": until, "weeks": weeks, "division": division, "level": LEVEL,
        "definition": DEFINITION.model_dump(), "words": {state: word.model_dump() for state, word in WORDS.items()},
        "windows": [_said(layer.id, *window) for window in windows],
        "series": [head | asdict(found) for head, found in zip(heads, told, strict=True)],
    }  # fmt: skip


def _daily(series: Ints, items: Items, n: int, days: int) -> Any:
    return daily_counts(series, ages(items), n, days)


def _windows(until: datetime, weeks: int) -> list[tuple[datetime, datetime]]:
    """Return start and end of each week; by the clock on the wall, so that a week with a change of hour is whole."""
    ends = [until - timedelta(days=WEEK * k) for k in range(weeks - 1, -1, -1)]
    return [(end - timedelta(days=WEEK), end) for end in ends]


def _said(collection: str, start: datetime, end: datetime) -> Json:
    href = of_window(collection, start, end) or ""
    return {"start": start, "end": end, "datetime": parse_qs(urlsplit(href).query)["datetime"][0]}
