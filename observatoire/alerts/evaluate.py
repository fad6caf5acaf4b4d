"""All rules on all that is known: the alerts, and the rules that could not be judged, with the reason."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from observatoire.alerts import words
from observatoire.alerts.alert import Alert, ordered
from observatoire.alerts.band import daily_counts
from observatoire.alerts.crowded import crowds
from observatoire.alerts.excess import HISTORY, excess
from observatoire.alerts.items import Items, Lasting
from observatoire.alerts.rules import Count, Excess, Late, Open, Rule, Silent
from observatoire.text import Text

MOST_EVIDENCE = 500  # ids that an alert carries


@dataclass(frozen=True, eq=False)
class View:
    """What the rules look at.

    Attributes
    ----------
    items : mapping of collection to Items
    codes : mapping of rule id to codes, or None for all
        The codes below the theme of the rule.
    divisions : sequence of (code, name)
        In the order of the indices of `Items.division`.
    open, silent : mapping of collection to sequence of Lasting
        Outages without an end; the last word of each sensor.
    late : sequence of Lasting
        Sources older than they may be.
    as_of : mapping of collection to aware datetime
        Until when its data are known.
    now : aware datetime
    """

    now: datetime
    items: Mapping[str, Items] = field(default_factory=dict)
    codes: Mapping[str, frozenset[str] | None] = field(default_factory=dict)
    divisions: Sequence[tuple[str, str]] = ()
    open: Mapping[str, Sequence[Lasting]] = field(default_factory=dict)
    silent: Mapping[str, Sequence[Lasting]] = field(default_factory=dict)
    late: Sequence[Lasting] = ()
    as_of: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class Judged:
    """What was found, and what could not be judged: rule → reason."""

    alerts: list[Alert]
    not_judged: Mapping[str, Text]


NO_DATA = Text(fr="aucune donnée de cette collection", en="no data of this collection")


def evaluate(rules: Sequence[Rule], view: View) -> Judged:
    """Return every alert of every rule."""
    alerts: list[Alert] = []
    silent: dict[str, Text] = {}
    for rule in rules:
        found = _CHECKS[rule.kind](rule, view)
        if isinstance(found, Text):
            silent[rule.id] = found
        else:
            alerts += found
    return Judged(ordered(alerts), silent)


def _count(rule: Count, view: View) -> list[Alert] | Text:
    known = view.items.get(rule.collection)
    if known is None:
        return NO_DATA
    items = known.of(view.codes.get(rule.id), rule.hours).within(rule.window)
    found = []
    for crowd in crowds(items.xy, items.id, radius=rule.radius, at_least=rule.at_least):
        x, y = items.xy[crowd.centre].tolist()
        code, name = _division(view, int(items.division[crowd.centre]))
        n = len(crowd.members)
        found.append(
            _alert(
                rule, f"{x:.0f},{y:.0f}", items.as_of - rule.window, items.as_of,
                {"n": words.number(n), "window": words.duration(rule.window), "radius": words.number(rule.radius),
                 "where": words.where(name)},
                place=(x, y), division=code, figures={"n": n},
                evidence=tuple(sorted(items.id[crowd.members].tolist())[:MOST_EVIDENCE]),
            )
        )  # fmt: skip
    return found


def _excess(rule: Excess, view: View) -> list[Alert] | Text:
    known = view.items.get(rule.collection)
    if known is None:
        return NO_DATA
    items = known.of(view.codes.get(rule.id), rule.hours)
    series, names = series_of(items, view.divisions if rule.by == "division" else ())
    judged = excess(
        daily_counts(series, ages(items), len(names), HISTORY), days=rule.days, false_alarms=rule.false_alarms
    )
    if not judged.judged:
        return Text(
            fr="moins de neuf semaines d'historique : rien à quoi comparer",
            en="less than nine weeks of history: nothing to compare with",
        )
    if not judged.trusted:
        return Text(
            fr=f"la règle aurait sonné {judged.episodes} fois en {judged.judged} jours, {judged.allowed} au plus si "
            "elle tenait sa promesse : elle se tait",
            en=f"the rule would have rung {judged.episodes} times in {judged.judged} days, {judged.allowed} at most if "
            "it kept its promise: it keeps silent",
        )
    window = timedelta(days=rule.days)
    found = []
    for k in np.flatnonzero(judged.rings):
        code, name = names[k]
        n, mean, upper = float(judged.n[k]), float(judged.mean[k]), float(judged.upper[k])
        inside = items.take(series == k).within(window)
        found.append(
            _alert(
                rule, code or "", items.as_of - window, items.as_of,
                {"n": words.number(n), "window": words.duration(window), "expected": words.number(mean),
                 "upper": words.number(upper), "where": words.where(name)},
                division=code, evidence=tuple(sorted(inside.id.tolist())[:MOST_EVIDENCE]),
                figures={"n": n, "expected": mean, "upper": upper, "p": float(judged.p[k])},
            )
        )  # fmt: skip
    return found


def _lasting(rule: Open | Silent | Late, things: Sequence[Lasting], end: datetime, least: timedelta) -> list[Alert]:
    found = []
    for thing in things:
        age = end - thing.since
        if age < least:
            continue
        hours = round(age.total_seconds() / 3600, 1)
        parts = {"subject": Text(fr=thing.subject, en=thing.subject), "age": words.duration(age)}
        if rule.kind == "open":
            parts["where"] = words.where(thing.division)
        found.append(
            _alert(
                rule, thing.subject, thing.since, end, parts, place=thing.place,
                evidence=() if thing.id is None else (thing.id,), figures={"age_h": hours},
            )
        )  # fmt: skip
    return found


def _open(rule: Open, view: View) -> list[Alert] | Text:
    if rule.collection not in view.as_of:
        return NO_DATA
    return _lasting(rule, view.open.get(rule.collection, ()), view.as_of[rule.collection], rule.longer_than)


def _silent(rule: Silent, view: View) -> list[Alert] | Text:
    if rule.collection not in view.as_of:
        return NO_DATA
    return _lasting(rule, view.silent.get(rule.collection, ()), view.as_of[rule.collection], rule.longer_than)


def _late(rule: Late, view: View) -> list[Alert] | Text:
    return _lasting(rule, view.late, view.now, timedelta(0))


_CHECKS: dict[str, Callable[[Any, View], list[Alert] | Text]] = {
    "count": _count, "excess": _excess, "open": _open, "silent": _silent, "late": _late,
}  # fmt: skip


def ages(items: Items) -> Any:
    """Return how long before `as_of` each item happened, in days."""
    return (items.end - items.wall).astype("timedelta64[us]").astype(float) / 86_400e6


def series_of(items: Items, divisions: Sequence[tuple[str, str]]) -> tuple[Any, list[tuple[str | None, str | None]]]:
    """Return to which series each item belongs, and code and name of each; without divisions, the whole city."""
    if not divisions:
        return np.zeros(len(items), dtype=int), [(None, None)]
    return items.division, list(divisions)


def _division(view: View, index: int) -> tuple[str | None, str | None]:
    return view.divisions[index] if 0 <= index < len(view.divisions) else (None, None)


def _alert(
    rule: Rule, subject: str, start: datetime, end: datetime, parts: Mapping[str, Text], **more: Any
) -> Alert:  # fmt: skip
    return Alert(
        rule=rule.id, severity=rule.severity, collection=getattr(rule, "collection", ""), subject=subject,
        title=rule.title, reason=words.said(rule.reason, **parts), start=start, end=end, **more,
    )  # fmt: skip
