"""The one function behind every door: a report is checked, coded, kept and answered, all of it once or not at all."""

import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import psycopg
from psycopg import Connection, Cursor, sql
from psycopg.types.json import Jsonb

from observatoire.errors import BadSettings, StoreUnavailable
from observatoire.intake.check import Checker
from observatoire.layers.catalog import layer_of
from observatoire.layers.ddl import columns, rounded_geometry, table
from observatoire.layers.model import Layer
from observatoire.reports.errors import Conflict, gone
from observatoire.reports.forms import forms
from observatoire.reports.photo import redraw
from observatoire.reports.place import STREETS, find_street, locate
from observatoire.reports.rates import count
from observatoire.reports.report import Given, Report, check
from observatoire.reports.secret import Secret, token_digest
from observatoire.reports.terms import Terms
from observatoire.store.counters import take_ids
from observatoire.text import Text

COLLECTION = "signalements"
SOURCE = "habitants"
PREFIX = "SIG"
_LOCK = 0x0B5E_0003  # first key of the advisory locks by which senders of one key follow each other


@dataclass(frozen=True)
class Receipt:
    """What the sender of a report is told.

    Attributes
    ----------
    token : str
        128 bits; the store has its digest only.
    position : (lon, lat), degrees
        As everyone will see it.
    new : bool
        False where the same key had sent it before.
    """

    reference: str
    token: str = field(repr=False)
    status: str
    nature: str
    date: datetime
    position: tuple[float, float]
    handled_by: Text
    notices: tuple[Text, ...] = ()
    new: bool = True

    def document(self, rounding: float) -> dict[str, Any]:
        """Return it as JSON says it."""
        return {
            "reference": self.reference,
            "tracking_token": self.token,
            "status": self.status,
            "tracking_url": f"/suivi/{self.reference}#t={self.token}",
            "public": {
                "reference": self.reference,
                "nature": self.nature,
                "date": self.date.isoformat(),
                "position": list(self.position),
                "rounding_m": rounding,
            },
            "handled_by": self.handled_by.model_dump(),
            "notices": [text.model_dump() for text in self.notices],
        }


def collection() -> Layer:
    """Return the layer of reports.

    Raises
    ------
    BadSettings
        If it shows exact positions to everyone: no resident's report may enter such a collection.
    """
    layer = layer_of(COLLECTION)
    if layer.privacy.rounding is None:
        raise BadSettings(f"{COLLECTION}: privacy.rounding is missing; residents' reports need it")
    return layer


def submit(
    connection: Connection[Any],
    terms: Terms,
    given: Given,
    *,
    door: Literal["app", "process", "open311"],
    host: str,
    now: datetime | None = None,
) -> Receipt:
    """Take a report.

    Parameters
    ----------
    connection : psycopg.Connection
        Of the store's administrator, outside any transaction.
    host : str
        The sender's network address, for the limit of an hour; only a salted digest of its prefix is kept. Empty: not
        counted.

    Raises
    ------
    Refused
        A field that is wrong; nothing is kept.
    StoreUnavailable
        The store went away: the same key may be sent again.
    """
    now = now or datetime.now(UTC)
    report = check(given, forms(), terms.secret, now)
    try:
        return _taken(connection, terms, given, report, door=door, host=host, now=now)
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise StoreUnavailable("the store does not answer; nothing is lost: send the same report again") from None
    except psycopg.Error as error:  # its own text may quote a value
        raise StoreUnavailable(f"the store refused the report (SQLSTATE {error.sqlstate})") from None


def _taken(
    connection: Connection[Any], terms: Terms, given: Given, report: Report, *, door: str, host: str, now: datetime
) -> Receipt:
    with connection.transaction(), connection.cursor() as cursor:
        known = _known(cursor, terms.secret, report)
    if known is not None:
        return known
    lon, lat, accuracy = report.lon, report.lat, None
    if lon is None or lat is None:
        with connection.transaction():
            lon, lat, accuracy = find_street(connection, layer_of(STREETS), given.address)
    place = locate(terms.city, lon, lat)
    photo = redraw(given.photo, most=terms.photo_bytes) if given.photo is not None else None
    with connection.transaction(), connection.cursor() as cursor:
        if report.key is not None:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, report.key])
            if (known := _known(cursor, terms.secret, report)) is not None:
                return known
        if host:
            count(cursor, terms.secret, host, per_hour=terms.per_hour, now=now)
        return _kept(cursor, terms.secret, report, place, accuracy, photo, door=door, now=now)


def _known(cursor: Cursor[Any], secret: Secret, report: Report) -> Receipt | None:
    """Return the receipt of a report that the same key has sent before."""
    if report.key is None:
        return None
    row = cursor.execute(
        "SELECT reference, status, nature, coalesce(occurred, received), ST_X(place::geometry), "
        "ST_Y(place::geometry), answers, fingerprint, deleted FROM obs.reports WHERE idempotency = %s",
        [_digest(secret, report.key)],
    ).fetchone()
    if row is None:
        return None
    reference, status, nature, date, lon, lat, answers, fingerprint, deleted = row
    if deleted is not None:
        raise gone()
    if bytes(fingerprint) != report.fingerprint:
        raise Conflict(
            "idempotency_key",
            "cette clé a déjà servi pour un autre signalement ; une clé neuve est attendue",
            "this key was used for another report; expected a fresh key",
        )
    return Receipt(
        reference, secret.token(report.key), status, nature, _minute(date), (lon, lat),
        forms().handler(nature, answers), report.notices, new=False,
    )  # fmt: skip


def _kept(
    cursor: Cursor[Any],
    secret: Secret,
    report: Report,
    place: str,
    accuracy: float | None,
    photo: bytes | None,
    *,
    door: str,
    now: datetime,
) -> Receipt:
    layer = collection()
    date = _minute(report.occurred or now)
    reference, token = _fresh_reference(cursor, now), secret.token(report.key)
    item = {"reference": reference, "date": date, "nature": report.nature, "source_key": reference,
            "precision": "minute", "accuracy": accuracy, "lon": 0.0, "lat": 0.0}  # fmt: skip
    checked = Checker(layer, origin="reported", now=now)(item)
    number, lon, lat = _write_item(cursor, layer, checked, place)
    row = cursor.execute(
        "INSERT INTO obs.reports (reference, door, token, idempotency, fingerprint, received, updated, item, nature, "
        "place, answers, coded, occurred) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, "
        "ST_SetSRID(ST_MakePoint(%s, %s), 4326)::geography, %s, %s, %s) RETURNING id",
        [reference, door, token_digest(token), None if report.key is None else _digest(secret, report.key),
         report.fingerprint, now, now, number, report.nature, lon, lat, Jsonb(report.answers), report.coded,
         report.occurred],
    ).fetchone()  # fmt: skip
    assert row is not None
    cursor.execute(
        "INSERT INTO obs.report_history (report, status, at, by_audience) VALUES (%s, 'received', %s, 'public')",
        [row[0], now],
    )
    if photo is not None:
        cursor.execute(
            "INSERT INTO obs.report_photos (report, body) VALUES (%s, %s)",
            [row[0], secret.seal(photo, reference.encode())],
        )
    return Receipt(
        reference, token, "received", report.nature, date, (lon, lat),
        forms().handler(report.nature, report.answers), report.notices,
    )  # fmt: skip


def _write_item(cursor: Cursor[Any], layer: Layer, item: dict[str, Any], place: str) -> tuple[int, float, float]:
    """Write the item that everyone sees; return its id and its rounded position, degrees.

    Locks are taken in the order of a load (numbers of loads, of items, version), so that neither waits for the other
    in a circle.
    """
    load_id = _load_of_today(cursor)
    number = take_ids(cursor, layer.id, 1)
    own = [name for name in columns(layer) if name not in ("source", "load_id")]
    row = cursor.execute(
        sql.SQL(
            "INSERT INTO {} ({}, geom, source, load_id, {}) VALUES (%s, %s, %s, %s, {}) "
            "RETURNING ST_X(ST_Transform({}, 4326)), ST_Y(ST_Transform({}, 4326))"
        ).format(
            table(layer),
            sql.Identifier(layer.id_field),
            sql.SQL(", ").join(map(sql.Identifier, own)),
            sql.SQL(", ").join([sql.Placeholder()] * len(own)),
            *[sql.Identifier(rounded_geometry())] * 2,
        ),
        [number, place, SOURCE, load_id, *[item[name] for name in own]],
    ).fetchone()
    assert row is not None
    cursor.execute(
        "UPDATE obs.loads SET read = read + 1, inserted = inserted + 1, finished = clock_timestamp() WHERE id = %s",
        [load_id],
    )
    raise_version(cursor, layer)
    return number, round(row[0], 6), round(row[1], 6)


def raise_version(cursor: Cursor[Any], layer: Layer) -> None:
    """Say that a collection is not what it was: entity tags rest on it."""
    cursor.execute(
        "INSERT INTO obs.versions AS v (collection, version) VALUES (%s, 1) "
        "ON CONFLICT (collection) DO UPDATE SET version = v.version + 1, changed = now()",
        [layer.id],
    )


def _load_of_today(cursor: Cursor[Any]) -> int:
    """Return the load that holds today's reports: one a day, so that every item says where it came from."""
    query = "SELECT id FROM obs.loads WHERE source = %s AND collection = %s AND started >= current_date LIMIT 1"
    found = cursor.execute(query, [SOURCE, COLLECTION]).fetchone()
    if found is None:
        fresh = take_ids(cursor, "obs.loads", 1)  # waits for whoever does the same
        found = cursor.execute(query, [SOURCE, COLLECTION]).fetchone()
        if found is None:
            cursor.execute(
                "INSERT INTO obs.loads (id, source, collection, connector) VALUES (%s, %s, %s, 'reports')",
                [fresh, SOURCE, COLLECTION],
            )
            return fresh
    return int(found[0])


def _fresh_reference(cursor: Cursor[Any], now: datetime) -> str:
    """Return a reference that no report has: random, so that it neither counts reports nor leads to the next."""
    while True:
        reference = f"{PREFIX}-{now.year}-{secrets.randbelow(10**7):07d}"
        if cursor.execute("SELECT 1 FROM obs.reports WHERE reference = %s", [reference]).fetchone() is None:
            return reference


def _digest(secret: Secret, key: str) -> bytes:
    return secret.digest("idempotency", key.encode())


def _minute(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(second=0, microsecond=0)
