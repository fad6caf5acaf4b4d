"""The brief as plain values, read with the rights of one audience."""

from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import dict_row

from observatoire.alerts.words import duration
from observatoire.brief.agenda import today
from observatoire.brief.scored import scored
from observatoire.cities import City
from observatoire.coordination.clash import clashes
from observatoire.coordination.question import Question
from observatoire.coordination.reader import Reader
from observatoire.errors import BadInput, NotFound
from observatoire.layers.catalog import catalog
from observatoire.layers.model import Audience
from observatoire.layers.rights import KEEPERS, role
from observatoire.store.alerts import listed
from observatoire.trends import trends_of

SHIFT = timedelta(hours=24)
LONGEST = timedelta(days=31)
AHEAD = 7  # days for which clashes are looked for
MOST = 20  # lines of a part; the rest is counted
COUNTED = ("signalements", "faits")
Json = dict[str, Any]


def brief(
    reading: Connection[Any],
    owner: Connection[Any],
    city: City,
    audience: Audience,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Json:
    """Return what somebody who begins a shift must know.

    Parameters
    ----------
    reading : psycopg.Connection
        Of a login that may read the audience's views.
    owner : psycopg.Connection
        Of the store's owner: alerts, forecasts and ages, told as far as the audience may know them.
    since : aware datetime, optional
        End of the last shift; by default a day before `until`.
    until : aware datetime, optional
        By default now.

    Raises
    ------
    BadInput
        If `since` is not before `until`, or more than 31 days.
    """
    until = until or datetime.now(UTC)
    since = since or until - SHIFT
    if not timedelta(0) < until - since <= LONGEST:
        raise BadInput("since: expected a moment before the brief, at most 31 days")
    reader = Reader(reading, city, audience)
    works, events = today(reader, city, until)
    return {
        "city": city.title.model_dump(), "simulated": city.simulated, "audience": audience,
        "since": since.isoformat(timespec="seconds"), "until": until.isoformat(timespec="seconds"),
        "time_zone": city.time_zone,
        "alerts": _alerts(owner, audience, since),
        "changed": _changed(reading, city, audience, until),
        "works": _part(works), "events": _part(events),
        "clashes": _clashes(reader, until),
        "forecast": scored(owner, city, audience, until),
        "late": _late(owner, audience),
    }  # fmt: skip


def _part(rows: list[Json]) -> Json:
    """Return the first lines of a part, and how many there are."""
    return {"count": len(rows), "rows": rows[:MOST]}


def _alerts(owner: Connection[Any], audience: Audience, since: datetime) -> Json:
    with owner.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(listed(closed=True), {"audience": audience, "since": since}).fetchall()
    known = [
        {
            "id": row["id"], "severity": row["severity"], "reason": row["reason"], "title": row["title"],
            "acknowledged": row["acknowledged"] is not None,
            "state": "closed" if row["closed"] else "new" if row["first_seen"] >= since else "open",
        }
        for row in rows
        if row["muted_until"] is None
    ]  # fmt: skip
    return _part(known) | {state: sum(r["state"] == state for r in known) for state in ("new", "open", "closed")}


def _changed(reading: Connection[Any], city: City, audience: Audience, until: datetime) -> list[Json]:
    """Return the last day that is known, theme by theme, against what the same weekday leads to expect."""
    found = []
    for name in COUNTED:
        layer = catalog().get(name)
        if layer is None or not layer.visible_to(audience):
            continue
        try:
            trend = trends_of(reading, city, layer, schema=role(audience), days=1, now=until)
        except NotFound:
            continue
        kept = ("n", "state", "word", "expected", "lower", "upper", "href")
        found.append(
            {"collection": name, "title": layer.title.model_dump(), "as_of": trend["as_of"].isoformat()}
            | {"total": {k: trend["total"][k] for k in kept}}
            | {"themes": [{k: theme[k] for k in ("theme", "label", *kept)} for theme in trend["themes"]]}
        )
    return found


def _clashes(reader: Reader, until: datetime) -> Json:
    """Return what clashes in the days ahead, the most severe first; what is merely worth knowing is counted only."""
    if reader.view("chantiers") is None:
        return _part([]) | {"info": 0, "days": AHEAD}
    period = (until, until + timedelta(days=AHEAD))
    found = clashes(reader, Question(period=period, resolve=False), now=until)
    rows = [
        {k: f[k] for k in ("rule", "severity", "title", "reason", "subject", "evidence")}
        for f in found["findings"]
        if f["severity"] != "info"
    ]
    return _part(rows) | {"info": found["counts"]["info"], "days": AHEAD}


def _late(owner: Connection[Any], audience: Audience) -> list[Json]:
    """Return the sources that are older than they may be; who does not keep them is told the collection only."""
    with owner.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("SELECT source, collection, age, max_age FROM obs.freshness WHERE stale").fetchall()
    return [
        {
            "source": row["source"] if audience in KEEPERS else None, "collection": row["collection"],
            "age": duration(row["age"]).model_dump(), "allowed": duration(row["max_age"]).model_dump(),
            "age_h": round(row["age"].total_seconds() / 3600, 1), "allowed_h": row["max_age"].total_seconds() / 3600,
        }
        for row in rows
        if (layer := catalog().get(row["collection"])) is not None and layer.visible_to(audience)
    ]  # fmt: skip
