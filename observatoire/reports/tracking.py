"""What becomes of a report: what everyone may know of it, what who made it may, and what residents may say of it."""

import hmac
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from psycopg import Connection, Cursor, sql
from psycopg.rows import dict_row

from observatoire.layers.ddl import table
from observatoire.layers.nomenclature import codes
from observatoire.reports.errors import Conflict, gone, no_report
from observatoire.reports.forms import forms
from observatoire.reports.rates import count, salted
from observatoire.reports.report import check_key
from observatoire.reports.secret import token_digest
from observatoire.reports.submit import collection, raise_version
from observatoire.reports.terms import Terms
from observatoire.text import Text

STATUSES, REASONS = "statut-signalement", "motif-signalement"
CLOSED = ("done", "closed")
#: Residents without the tracking link who must say that it is not fixed before the report is open again.
WITNESSES = 3


@dataclass(frozen=True)
class Event:
    """One line of a report's history."""

    status: str
    at: datetime
    reason: str | None
    planned_for: Any

    def document(self) -> dict[str, Any]:
        """Return it as JSON says it."""
        reason = codes(REASONS)[self.reason].model_dump() if self.reason else None
        return {
            "status": self.status,
            "title": codes(STATUSES)[self.status].model_dump(),
            "date": self.at.astimezone(UTC).isoformat(),
            "reason": reason,
            "reason_code": self.reason,
            "planned_for": self.planned_for.isoformat() if self.planned_for else None,
        }


@dataclass(frozen=True)
class Tracked:
    """A report as it stands.

    Attributes
    ----------
    status : str or None
        None for a report of another system, of which nothing more is known.
    owner : dict or None
        What its maker alone may know.
    """

    reference: str
    nature: str
    date: datetime
    position: tuple[float, float]
    status: str | None
    history: tuple[Event, ...]
    me_too: int
    not_fixed: int
    handled_by: Text
    photo: str | None
    can: tuple[str, ...]
    owner: dict[str, Any] | None = field(default=None, repr=False)

    def document(self) -> dict[str, Any]:
        """Return it as JSON says it; the owner's part only where there is one."""
        public = {
            "reference": self.reference,
            "nature": self.nature,
            "status": self.status,
            "status_title": codes(STATUSES)[self.status].model_dump() if self.status else None,
            "date": self.date.astimezone(UTC).isoformat(),
            "position": list(self.position),
            "rounding_m": collection().privacy.rounding,
            "handled_by": self.handled_by.model_dump(),
            "history": [event.document() for event in self.history],
            "me_too": self.me_too,
            "not_fixed": self.not_fixed,
            "photo": self.photo,
            "follow_feeds": [f"/feeds/reports/{self.reference}.atom"] if self.status else [],
            "can": list(self.can),
        }
        return public | ({"owner": self.owner} if self.owner is not None else {})


def tracked(connection: Connection[Any], reference: str, token: str | None = None, *, staff: bool = False) -> Tracked:
    """Return a report as it stands.

    Parameters
    ----------
    token : str, optional
        The tracking token: then the owner's part is there.
    staff : bool
        The same part, for who looks after reports.

    Raises
    ------
    NoReport
        If there is none, or the token is not its own.
    Gone
        If its maker deleted it.
    """
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        row = _row(cursor, reference)
        if row is None:
            return _of_another_system(cursor, reference, token)
        mine = _owned(row, token)
        seen = mine or staff
        events = cursor.execute(
            "SELECT status, at, reason, planned_for FROM obs.report_history WHERE report = %s ORDER BY id", [row["id"]]
        ).fetchall()
        voices = _voices(cursor, reference)
    published = row["photo"] == "published"
    return Tracked(
        reference=reference,
        nature=row["nature"],
        date=(row["occurred"] or row["received"]).replace(second=0, microsecond=0),
        position=(row["lon"], row["lat"]),
        status=row["status"],
        history=tuple(Event(**event) for event in events),
        me_too=voices["me-too"],
        not_fixed=voices["not-fixed"],
        # By the category alone: the service that an answer leads to would tell the answer.
        handled_by=forms().handler(row["nature"], row["answers"] if seen else {}),
        photo=f"/reports/{reference}/photo" if published else None,
        can=_can(row, mine=mine),
        owner=_owner(row) if seen else None,
    )


def speak(
    connection: Connection[Any], terms: Terms, reference: str, kind: str, *, key: Any, host: str, token: str | None
) -> Tracked:
    """Count « me too », a follower, or « not fixed », once a device; the last may open the report again.

    A report that is over is opened once: at the word of its maker, or of three other residents. Later words are counted
    and shown to the city.

    Parameters
    ----------
    kind : {"me-too", "follow", "not-fixed"}
    key : str or None
        The device's own random key; without one, the network's prefix is counted once a day.

    Raises
    ------
    NoReport, Gone
        As `tracked`.
    Conflict
        « Not fixed » of a report that is not over.
    TooMany
        Too many voices from one prefix in an hour.
    """
    now = datetime.now(UTC)
    device = check_key(key)
    tracked(connection, reference, token)
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        with connection.cursor() as plain:
            if host:
                count(plain, terms.secret, host, per_hour=terms.per_hour, now=now)
            by = device.encode() if device else salted(plain, terms.secret, host, now.date())
        row = _row(cursor, reference, lock=True)
        if kind == "not-fixed" and (row is None or row["status"] not in CLOSED):
            raise Conflict(
                "reference",
                "ce signalement n'est pas clos : il est encore suivi",
                "this report is not closed: it is still being followed up",
            )
        cursor.execute(
            "INSERT INTO obs.report_voices (reference, kind, voice) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            [reference, kind, terms.secret.digest("voice", by)],
        )
        if kind == "not-fixed" and row is not None and row["reopened"] is None:
            mine = _owned(row, token)
            if mine or _voices(cursor, reference)["not-fixed"] >= WITNESSES:
                _reopen(cursor, row["id"], "pas-regle" if mine else "pas-regle-riverains")
    return tracked(connection, reference, token)


def delete(connection: Connection[Any], reference: str, token: str | None) -> None:
    """Remove a report, its item, its answers and its photo; what stays says only that it was there, for thirty days.

    Raises
    ------
    NoReport
        If there is none, or the token is not its own.
    Gone
        If it was deleted before.
    """
    layer = collection()
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        row = _row(cursor, reference)
        if row is None or not _owned(row, token):
            raise no_report()
        # Locks in the order of `submit`: the collection's numbers, the report, the version.
        cursor.execute("SELECT 1 FROM obs.counters WHERE name = %s FOR UPDATE", [layer.id])
        row = _row(cursor, reference, lock=True)
        assert row is not None
        cursor.execute(
            sql.SQL("DELETE FROM {} WHERE {} = %s").format(table(layer), sql.Identifier(layer.id_field)), [row["item"]]
        )
        cursor.execute("DELETE FROM obs.near_duplicates WHERE %s IN (item, other) AND collection = %s",
                       [row["item"], layer.id])  # fmt: skip
        for name in ("report_photos", "report_history"):
            cursor.execute(sql.SQL("DELETE FROM {} WHERE report = %s").format(sql.Identifier("obs", name)), [row["id"]])
        cursor.execute("DELETE FROM obs.report_voices WHERE reference = %s", [reference])
        cursor.execute(
            "UPDATE obs.reports SET deleted = now(), item = NULL, nature = NULL, place = NULL, answers = '{}', "
            "coded = NULL, occurred = NULL WHERE id = %s",
            [row["id"]],
        )
        with connection.cursor() as plain:
            raise_version(plain, layer)


def _row(cursor: Cursor[dict[str, Any]], reference: str, *, lock: bool = False) -> dict[str, Any] | None:
    """Return a resident's report with the state of its photo, None where there is none.

    Raises
    ------
    Gone
        If its maker deleted it.
    """
    query = (
        "SELECT r.id, r.token, r.status, r.nature, r.answers, r.received, r.occurred, r.item, r.reopened, r.deleted, "
        "r.coded, ST_X(r.place::geometry) AS lon, ST_Y(r.place::geometry) AS lat, p.state AS photo, "
        "p.reason AS photo_reason, p.purge_after FROM obs.reports r LEFT JOIN obs.report_photos p "
        "ON p.report = r.id AND p.purge_after > now() WHERE r.reference = %s"
    )
    row = cursor.execute(f"{query} FOR UPDATE OF r" if lock else query, [reference]).fetchone()
    if row is not None and row["deleted"] is not None:
        raise gone()
    return row


def _owned(row: dict[str, Any], token: str | None) -> bool:
    """Tell whether the token is the report's; none given is no claim.

    Raises
    ------
    NoReport
        If another one was given.
    """
    if not token:
        return False
    if not hmac.compare_digest(bytes(row["token"]), token_digest(token)):
        raise no_report()
    return True


def _owner(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "answers": row["answers"],
        "occurred": row["occurred"].isoformat() if row["occurred"] else None,
        "coded": row["coded"],
        "photo": row["photo"],
        "photo_reason": row["photo_reason"],
        "photo_until": row["purge_after"].isoformat() if row["purge_after"] else None,
    }


def _can(row: dict[str, Any], *, mine: bool) -> tuple[str, ...]:
    over = row["status"] in CLOSED
    return (
        *(() if over else ("me-too",)), "follow", *(("not-fixed",) if over else ()), *(("delete",) if mine else ()),
    )  # fmt: skip


def _voices(cursor: Cursor[dict[str, Any]], reference: str) -> dict[str, int]:
    rows = cursor.execute(
        "SELECT kind, count(*) AS n FROM obs.report_voices WHERE reference = %s GROUP BY kind", [reference]
    ).fetchall()
    return {"me-too": 0, "follow": 0, "not-fixed": 0} | {row["kind"]: row["n"] for row in rows}


def _reopen(cursor: Cursor[dict[str, Any]], report: int, reason: str) -> None:
    cursor.execute(
        "UPDATE obs.reports SET status = 'received', reopened = now(), updated = now() WHERE id = %s", [report]
    )
    cursor.execute(
        "INSERT INTO obs.report_history (report, status, reason, by_audience) VALUES (%s, 'received', %s, 'public')",
        [report, reason],
    )


def _of_another_system(cursor: Cursor[dict[str, Any]], reference: str, token: str | None) -> Tracked:
    """Return what is known of a report that another system sent: the public item, nothing more."""
    layer = collection()
    row = cursor.execute(
        sql.SQL(
            "SELECT nature, date, ST_X(p) AS lon, ST_Y(p) AS lat FROM {}, ST_Transform(geom_rounded, 4326) AS p "
            "WHERE reference = %s ORDER BY id LIMIT 1"
        ).format(table(layer)),
        [reference],
    ).fetchone()
    if row is None or token:
        raise no_report()
    voices = _voices(cursor, reference)
    return Tracked(
        reference, row["nature"], row["date"], (round(row["lon"], 6), round(row["lat"], 6)), None, (),
        voices["me-too"], voices["not-fixed"], forms().handler(row["nature"], {}), None, ("me-too", "follow"),
    )  # fmt: skip
