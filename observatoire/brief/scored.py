"""The last forecast whose period has begun, beside what has happened in it so far."""

from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection, sql

from observatoire.cities import City
from observatoire.figures import of_window
from observatoire.layers.catalog import catalog
from observatoire.layers.model import Audience
from observatoire.store.dated import known_until
from observatoire.store.forecasts import COLLECTION
from observatoire.store.occurrences import REPORTED

Json = dict[str, Any]


def scored(owner: Connection[Any], city: City, audience: Audience, until: datetime) -> list[Json]:
    """Return, for each forecast of the city's list, what was expected of the days that are known, and what came.

    The expected number is that of the whole period in proportion to the days that have passed of it: a forecast of a
    week says nothing of single days. A period of which nothing is known yet is said as such (`observed` None).
    """
    if not catalog()[COLLECTION].visible_to(audience):
        return []
    return [
        found
        for wanted in city.forecasts
        if (found := _scored(owner, wanted.target, wanted.horizon_days, until)) is not None
    ]


def _scored(owner: Connection[Any], target: str, days: int, until: datetime) -> Json | None:
    layer = catalog()[target]
    known = known_until(owner, layer, until)
    row = owner.execute(
        "SELECT as_of, card FROM obs.forecasts WHERE target = %s AND horizon_days = %s AND as_of <= %s "
        "ORDER BY (as_of < %s) DESC, as_of DESC LIMIT 1",
        [target, days, until, known],
    ).fetchone()
    if row is None or known is None:
        return None
    as_of, card = row
    end = as_of + timedelta(days=days)
    said: Json = {
        "target": target, "title": layer.title.model_dump(), "answer": card["answer"],
        "as_of": as_of.isoformat(), "end": end.isoformat(),
        "expected_all": (card["total"] or {}).get("expected"),  # None: it abstained
    }  # fmt: skip
    passed = (min(known, end) - as_of) / timedelta(days=days)
    if passed <= 0:
        return said | {"expected": None, "observed": None, "href": None, "known_until": known.isoformat()}
    until, instant = min(known, end), timedelta(microseconds=1)
    (observed,) = owner.execute(
        sql.SQL("SELECT count(*) FROM {} WHERE {time} >= %s AND {time} < %s AND origin = %s").format(
            sql.Identifier("data", layer.table), time=sql.Identifier(layer.time_field or "")
        ),
        [as_of, until, REPORTED],
    ).fetchone() or (0,)
    expected = None if said["expected_all"] is None else said["expected_all"] * passed
    href = of_window(target, as_of - instant, until - instant)  # the window of a request is closed at both ends
    return said | {"expected": expected, "observed": observed, "href": href, "known_until": known.isoformat()}
