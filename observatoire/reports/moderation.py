"""What staff do with reports: look at held photos, publish or refuse them, say what becomes of a report."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any, LiteralString

from psycopg import Connection, sql
from psycopg.rows import class_row, dict_row

from observatoire.layers.ddl import table
from observatoire.layers.model import Audience
from observatoire.layers.nomenclature import codes
from observatoire.reports.errors import Conflict, Refused, no_report
from observatoire.reports.secret import Secret
from observatoire.reports.submit import collection
from observatoire.reports.tracking import REASONS, STATUSES

#: Who looks after reports.
STAFF: tuple[Audience, ...] = ("coordination", "steward")
PHOTO_REASONS = "motif-photo"
#: Rows of one answer; how many there are is said beside them.
MOST = 5_000


@dataclass(frozen=True)
class Clerk:
    """Who decides: the key of a member of staff, known by a mark that does not give it back."""

    audience: Audience
    key: bytes = field(repr=False)  # its digest

    @property
    def name(self) -> str:
        """What is kept in `decided_by`: the audience, and 64 bits of a digest of the key's digest."""
        return f"{self.audience}:{blake2b(self.key, digest_size=8).hexdigest()}"


@dataclass(frozen=True)
class Held:
    """A photo that waits to be looked at, oldest first.

    Attributes
    ----------
    first : str or None
        Audience of the key that wants it published; it waits for a second key.
    mine : bool
        Whether that was the key that asks.
    """

    reference: str
    nature: str
    received: datetime
    purge_after: datetime
    bytes: int
    first: str | None
    mine: bool


@dataclass(frozen=True)
class Open:
    """A report that is not over, as staff see it; what came back « not fixed » first, then the oldest."""

    reference: str
    item: int
    nature: str
    coded: str | None
    status: str
    received: datetime
    updated: datetime
    answers: dict[str, Any]
    lon: float
    lat: float
    me_too: int
    not_fixed: int
    reopened: datetime | None
    photo: str | None


@dataclass(frozen=True)
class Waiting[T]:
    """The first of what waits for staff.

    Attributes
    ----------
    matched : int
        How many wait in all.
    """

    matched: int
    first: list[T]


def held(connection: Connection[Any], by: Clerk) -> Waiting[Held]:
    """Return the photos that wait, as a member of staff has to know them."""
    with connection.transaction(), connection.cursor(row_factory=class_row(Held)) as cursor:
        first = cursor.execute(
            "SELECT r.reference, r.nature, p.received, p.purge_after, length(p.body) AS bytes, "
            "split_part(p.decided_by, ':', 1) AS first, coalesce(p.decided_by = %s, false) AS mine "
            "FROM obs.report_photos p JOIN obs.reports r ON r.id = p.report "
            "WHERE p.state = 'held' AND p.purge_after > now() ORDER BY p.received LIMIT %s",
            [by.name, MOST],
        ).fetchall()
        return Waiting(
            _count(connection, first, "obs.report_photos WHERE state = 'held' AND purge_after > now()"), first
        )


def open_reports(connection: Connection[Any]) -> Waiting[Open]:
    """Return the reports that are not over, with their exact place."""
    with connection.transaction(), connection.cursor(row_factory=class_row(Open)) as cursor:
        first = cursor.execute(
            sql.SQL(
                "SELECT r.reference, r.item, r.nature, r.coded, r.status, r.received, r.updated, r.answers, "
                "ST_X(g) AS lon, ST_Y(g) AS lat, v.me_too, v.not_fixed, r.reopened, p.state AS photo "
                "FROM obs.reports r JOIN obs.public_reports v USING (id) JOIN {} t ON t.{} = r.item "
                "CROSS JOIN LATERAL ST_Transform(t.geom, 4326) AS g LEFT JOIN obs.report_photos p ON p.report = r.id "
                "WHERE r.status NOT IN ('done', 'closed') ORDER BY r.reopened IS NULL, r.received LIMIT %s"
            ).format(table(collection()), sql.Identifier(collection().id_field)),
            [MOST],
        ).fetchall()
        return Waiting(
            _count(connection, first, "obs.reports WHERE status NOT IN ('done', 'closed') AND item IS NOT NULL"), first
        )


def _count(connection: Connection[Any], first: list[Any], rows: LiteralString) -> int:
    """Return how many there are: counted only where the answer does not hold all of them."""
    if len(first) < MOST:
        return len(first)
    found = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.SQL(rows))).fetchone()
    return int(found[0]) if found else 0


def decide(connection: Connection[Any], reference: str, *, publish: bool, reason: str | None, by: Clerk) -> None:
    """Say that a held photo may be published, or refuse it with a reason: then it is gone at once.

    Two keys publish: after the first word the photo waits on, the second, of another key, publishes it. One key
    refuses, whatever the other said. `decided_by` keeps who said the word, or both, parted by a space.

    Raises
    ------
    Refused
        `reason`: missing, not a code, or given with a photo that is published.
    NoReport
        If there is no such report.
    Conflict
        If it has no photo that waits, or it waits for another key than this one.
    """
    known = codes(PHOTO_REASONS)
    if (reason is None) != publish or (reason is not None and reason not in known):
        expected = ", ".join(known)
        raise Refused("reason", f"pour un refus, attendu : {expected}", f"for a refusal, expected {expected}")
    with connection.transaction(), connection.cursor() as cursor:
        report = _report(cursor, reference)
        first = _first_word(cursor, report["id"])
        if publish and first == by.name:
            raise Conflict(
                "reference", "une autre clé doit confirmer la publication", "another key must confirm the publication"
            )
        state = "rejected" if not publish else "held" if first is None else "published"
        cursor.execute(
            "UPDATE obs.report_photos SET state = %s, reason = %s, decided = now(), decided_by = %s, "
            "body = CASE WHEN %s THEN body END WHERE report = %s",
            [state, reason, " ".join(filter(None, [first, by.name])), publish, report["id"]],
        )


def _first_word(cursor: Any, report: int) -> str | None:
    """Return who wants a held photo published, None where nobody has said so yet."""
    row: tuple[str | None] | None = cursor.execute(
        "SELECT decided_by FROM obs.report_photos WHERE report = %s AND state = 'held' AND purge_after > now() "
        "FOR UPDATE",
        [report],
    ).fetchone()
    if row is None:
        raise Conflict("reference", "aucune photo n'attend de relecture", "no photo waits to be reviewed")
    return row[0]


def photo(connection: Connection[Any], secret: Secret, reference: str, *, staff: bool) -> bytes:
    """Return a photo: a published one to anybody, a held one to staff.

    Raises
    ------
    NoReport
        If there is none that the caller may see: the same answer for both.
    """
    with connection.transaction(), connection.cursor() as cursor:
        row = cursor.execute(
            "SELECT p.body FROM obs.report_photos p JOIN obs.reports r ON r.id = p.report WHERE r.reference = %s "
            "AND p.body IS NOT NULL AND p.purge_after > now() AND (p.state = 'published' OR %s)",
            [reference, staff],
        ).fetchone()
    body = secret.open(bytes(row[0]), reference.encode()) if row is not None else None
    if body is None:
        raise no_report()
    return body


def set_status(
    connection: Connection[Any],
    reference: str,
    status: str,
    *,
    by: Audience,
    reason: str | None = None,
    planned_for: date | None = None,
) -> None:
    """Say what becomes of a report. Closed is not done: a report that is closed without action says why.

    Raises
    ------
    Refused
        `status`, `reason` or `planned_for`: not a code, missing where it is needed, given where it means nothing, or a
        day that is past.
    NoReport
        If there is no such report.
    """
    if status not in codes(STATUSES):
        expected = ", ".join(codes(STATUSES))
        raise Refused("status", f"attendu : {expected}", f"expected {expected}")
    allowed = codes(f"{REASONS}/cloture") if status == "closed" else codes(f"{REASONS}/suite")
    if (reason is None and status == "closed") or (reason is not None and reason not in allowed):
        expected = ", ".join(allowed)
        raise Refused("reason", f"avec ce statut, attendu : {expected}", f"with this status, expected {expected}")
    if (planned_for is not None) != (status == "planned"):
        raise Refused("planned_for", "un jour, avec le statut planned et lui seul", "a day, with status planned only")
    if planned_for is not None and planned_for < datetime.now(UTC).date():
        raise Refused("planned_for", "ce jour est passé", "this day is past")
    with connection.transaction(), connection.cursor() as cursor:
        report = _report(cursor, reference)
        cursor.execute(
            "UPDATE obs.reports SET status = %s, updated = clock_timestamp() WHERE id = %s", [status, report["id"]]
        )
        cursor.execute(
            "INSERT INTO obs.report_history (report, status, reason, planned_for, by_audience) "
            "VALUES (%s, %s, %s, %s, %s)",
            [report["id"], status, reason, planned_for, by],
        )


def _report(cursor: Any, reference: str) -> dict[str, Any]:
    with cursor.connection.cursor(row_factory=dict_row) as rows:
        found: dict[str, Any] | None = rows.execute(
            "SELECT id, status FROM obs.reports WHERE reference = %s AND deleted IS NULL FOR UPDATE", [reference]
        ).fetchone()
    if found is None:
        raise no_report()
    return found
