"""A round of the alert rules on the store: read, judge, keep. What the periodic job, loads and the demo share."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection

from observatoire.alerts.evaluate import Judged, View, evaluate
from observatoire.alerts.excess import HISTORY
from observatoire.alerts.items import Lasting
from observatoire.alerts.rules import Count, Excess, Late, Open, Rule, Silent
from observatoire.cities import City
from observatoire.layers.alert_rules import alert_rules, code_property, codes_of
from observatoire.layers.catalog import catalog
from observatoire.store.alerts import keep_alerts
from observatoire.store.dated import known_until, read_divisions, read_items, read_open, read_silent
from observatoire.store.sources import freshness

__all__ = ["judge_store", "round_of"]


def round_of(
    connection: Connection[Any], city: City, *, now: datetime | None = None, rules: Sequence[Rule] | None = None
) -> dict[str, Any]:
    """Judge the rules on what the store holds and keep what they say.

    Returns
    -------
    dict
        `{opened, kept, closed, not_judged}`.
    """
    rules = alert_rules() if rules is None else rules
    judged = judge_store(connection, city, now=now or datetime.now(UTC), rules=rules)
    connection.rollback()
    done = keep_alerts(connection, rules, judged.alerts, judged.not_judged)
    connection.commit()
    return {**done, "not_judged": sorted(judged.not_judged)}


def judge_store(connection: Connection[Any], city: City, *, now: datetime, rules: Sequence[Rule]) -> Judged:
    """Return what the rules say of the store at a moment; nothing after it is looked at."""
    divisions = read_divisions(connection)
    as_of = {
        name: until
        for name in sorted({rule.collection for rule in rules if not isinstance(rule, Late)})
        if (until := known_until(connection, catalog()[name], now)) is not None
    }
    for rule in rules:
        # What has no end goes on until now, and now is the last moment that any of the city's data know.
        if isinstance(rule, Open) and rule.collection in as_of:
            as_of[rule.collection] = max(as_of.values())
    items = {}
    for name, days in _wanted(rules).items():
        if name in as_of:
            layer = catalog()[name]
            items[name] = read_items(
                connection, layer, city, divisions, code=code_property(layer) or "", until=as_of[name], days=days
            )
    view = View(
        now=now,
        items=items,
        codes={rule.id: codes_of(rule) for rule in rules},
        divisions=divisions[0],
        open={r.collection: read_open(connection, catalog()[r.collection], r.subject, as_of[r.collection])
              for r in rules if isinstance(r, Open) and r.collection in as_of},
        silent={r.collection: read_silent(connection, catalog()[r.collection], r.subject, as_of[r.collection])
                for r in rules if isinstance(r, Silent) and r.collection in as_of},
        late=_late(connection),
        as_of=as_of,
    )  # fmt: skip
    return evaluate(rules, view)


def _wanted(rules: Sequence[Rule]) -> dict[str, int]:
    """Return how many days of which collection are looked at."""
    days: dict[str, int] = {}
    for rule in rules:
        if isinstance(rule, Count | Excess):
            own = HISTORY if isinstance(rule, Excess) else rule.window.days + 1
            days[rule.collection] = max(days.get(rule.collection, 0), own)
    return days


def _late(connection: Connection[Any]) -> list[Lasting]:
    """Return the sources that their city's file calls stale, since the older of last load and newest item."""
    return [
        Lasting(each.source, min(each.loaded, each.newest or each.loaded))
        for each in freshness(connection)
        if each.stale
    ]
