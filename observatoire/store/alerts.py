"""Alerts in the store: opened once, kept as long as they last, closed when their rule no longer finds them."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from observatoire.alerts.alert import Alert, same
from observatoire.alerts.rules import Count, Rule
from observatoire.text import Text

#: Advisory lock under which rounds follow each other (an arbitrary constant of this project).
ALERTS_LOCK = 0x0B5E_0013
LONGEST_MUTE = timedelta(days=30)

_LISTED: LiteralString = (
    "SELECT a.id, a.rule, a.subject, a.collection, a.severity, a.title, a.reason, a.figures, a.evidence, a.place, "
    "a.division, a.looked_from, a.looked_until, a.first_seen, a.last_seen, a.closed, a.acknowledged, "
    "a.acknowledged_by, m.until AS muted_until FROM obs.alerts a "
    "LEFT JOIN LATERAL (SELECT max(until) AS until FROM obs.alert_mutes m WHERE m.audience = %(audience)s "
    "AND m.rule = a.rule AND m.subject IN ('', a.subject) AND m.until > now()) m ON true "
    "WHERE %(audience)s = ANY (a.audience) "
)


def keep_alerts(
    connection: Connection[Any], rules: Sequence[Rule], found: Sequence[Alert], not_judged: Mapping[str, Text]
) -> dict[str, int]:
    """Keep what a round found: new ones are opened, known ones kept up, those no longer found closed.

    An alert whose rule could not be judged is left as it is: silence is no all-clear.

    Returns
    -------
    dict
        `{opened, kept, closed}`.
    """
    by_id = {rule.id: rule for rule in rules}
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ALERTS_LOCK])
        left = _known(connection)
        done = {"opened": 0, "kept": 0, "closed": 0}
        for alert in found:
            rule = by_id[alert.rule]
            within = rule.radius if isinstance(rule, Count) else 0.0
            match = next((i for i, known in left.items() if same(known, alert, within=within)), None)
            if match is None:
                _insert(cursor, alert, rule)
                done["opened"] += 1
            else:
                _update(cursor, match, alert)
                del left[match]
                done["kept"] += 1
        over = [i for i, known in left.items() if known.rule not in not_judged]
        cursor.execute("UPDATE obs.alerts SET closed = now() WHERE id = ANY (%s)", [over])
        done["closed"] = len(over)
        words = {rule: text.model_dump() for rule, text in not_judged.items()}
        cursor.execute("DELETE FROM obs.alert_rounds")
        cursor.execute("INSERT INTO obs.alert_rounds (not_judged) VALUES (%s)", [Jsonb(words)])
    return done


def _known(connection: Connection[Any]) -> dict[int, Alert]:
    """Return the open alerts by their number."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute("SELECT * FROM obs.alerts WHERE closed IS NULL ORDER BY id").fetchall()
    return {
        row["id"]: Alert(
            rule=row["rule"], severity=row["severity"], collection=row["collection"], subject=row["subject"],
            title=Text(**row["title"]), reason=Text(**row["reason"]), start=row["looked_from"], end=row["looked_until"],
            place=None if row["place"] is None else tuple(row["place"]),
        )
        for row in rows
    }  # fmt: skip


def _values(alert: Alert) -> dict[str, Any]:
    return {
        "severity": alert.severity, "title": Jsonb(alert.title.model_dump()),
        "reason": Jsonb(alert.reason.model_dump()), "figures": Jsonb(dict(alert.figures)),
        "evidence": list(alert.evidence), "division": alert.division, "start": alert.start, "end": alert.end,
    }  # fmt: skip


def _insert(cursor: Any, alert: Alert, rule: Rule) -> None:
    cursor.execute(
        "INSERT INTO obs.alerts (rule, subject, collection, severity, audience, title, reason, figures, evidence, "
        "place, division, looked_from, looked_until) VALUES (%(rule)s, %(subject)s, %(collection)s, %(severity)s, "
        "%(audience)s, %(title)s, %(reason)s, %(figures)s, %(evidence)s, %(place)s, %(division)s, %(start)s, %(end)s) "
        # Two crowds may keep the name that a third had: they differ by distance, and the name is only a name.
        "ON CONFLICT (rule, subject) WHERE closed IS NULL DO UPDATE SET last_seen = now()",
        _values(alert)
        | {
            "rule": alert.rule, "subject": alert.subject, "collection": alert.collection,
            "audience": list(rule.audience), "place": None if alert.place is None else list(alert.place),
        },
    )  # fmt: skip


def _update(cursor: Any, number: int, alert: Alert) -> None:
    """Keep an alert up; it stays acknowledged while it lasts, and where it was first seen."""
    cursor.execute(
        "UPDATE obs.alerts SET severity = %(severity)s, title = %(title)s, reason = %(reason)s, figures = %(figures)s, "
        "evidence = %(evidence)s, division = %(division)s, looked_from = %(start)s, looked_until = %(end)s, "
        "last_seen = now() WHERE id = %(id)s",
        _values(alert) | {"id": number},
    )


def listed(*, closed: bool) -> LiteralString:
    """Return the query of the alerts that an audience (`audience`) is told: the open ones, the most severe first.

    With `closed`, those closed after `since` too.
    """
    return _LISTED + (
        "AND (a.closed IS NULL"
        + (" OR a.closed >= %(since)s::timestamptz) " if closed else ") ")
        + "ORDER BY (a.closed IS NOT NULL), (a.acknowledged IS NOT NULL), "
        "array_position(ARRAY['urgent', 'warning', 'info'], a.severity), a.id DESC LIMIT 500"
    )


ACKNOWLEDGE: LiteralString = (
    "UPDATE obs.alerts SET acknowledged = coalesce(acknowledged, now()), "
    "acknowledged_by = coalesce(acknowledged_by, %(audience)s) "
    "WHERE id = %(id)s AND %(audience)s = ANY (audience) RETURNING id"
)
MUTE: LiteralString = (
    "INSERT INTO obs.alert_mutes AS m (audience, rule, subject, until) "
    "SELECT %(audience)s, rule, CASE WHEN %(whole)s THEN '' ELSE subject END, %(until)s FROM obs.alerts "
    "WHERE id = %(id)s AND %(audience)s = ANY (audience) "
    "ON CONFLICT (audience, rule, subject) DO UPDATE SET until = excluded.until, made = now() RETURNING rule"
)
ROUND: LiteralString = "SELECT judged, not_judged FROM obs.alert_rounds ORDER BY id DESC LIMIT 1"


def call_round(connection: Connection[Any]) -> None:
    """Have the next worker judge the rules at once: something was loaded."""
    connection.rollback()
    connection.execute("UPDATE obs.periodic SET due = least(due, now()) WHERE name = 'alerts'")
    connection.commit()


def open_alerts(connection: Connection[Any], audience: str, *, since: datetime | None = None) -> list[dict[str, Any]]:
    """Return the alerts that an audience is told now; with `since`, also those closed after it."""
    with connection.cursor(row_factory=dict_row) as cursor:
        given = {"audience": audience, "since": since}
        return list(cursor.execute(listed(closed=since is not None), given).fetchall())
