"""iCalendar (RFC 5545): events with their place, as rows for `evenements`.

Time  : `DTSTART`, `DTEND` or `DURATION`; a date is a whole day of the zone. Recurrence is kept as days and hours.
Place : `GEO`, widened to a disc; an event without is rejected.
Cursor: the document's `ETag`.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import shapely

from etl.connectors.features import ETAG, asked, condition, record
from etl.connectors.works import CRS84, area, half_width
from observatoire.errors import BadSource
from observatoire.intake import credentials
from observatoire.intake.http import Client
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, NotModified, Record, Rejected, Table, digest

REQUEST = {
    "width": "radius of the place of an event, m, 1–100; default: 30",
    **credentials.REQUEST,
}
COLUMNS = (
    "id", "titre", "nature", "debut", "fin", "regle", "heure_debut", "heure_fin", "exceptions", "statut", "voie",
)  # fmt: skip
STATUSES = {"CONFIRMED": "autorise", "TENTATIVE": "declare", "CANCELLED": "annule"}
YEARS = 3  # a rule without end is read that far


def fetch(address: str, options: Options) -> Table:
    """Open a calendar.

    Raises
    ------
    NotModified
        If it is the one of the last load.
    BadSource
        If it is no calendar.
    """
    request = asked(options, REQUEST)
    width = half_width(request, 30.0)
    client = Client(address, headers=credentials.credentials(request))
    answer = client.get(headers=condition(request, options.since))
    if answer.status == 304:
        raise NotModified
    try:
        calendar = icalendar.Calendar.from_ical(answer.content)
    except (ValueError, KeyError, IndexError):
        raise BadSource(f"{answer.url.host} answered no iCalendar document") from None
    tag = answer.headers.get("etag")
    return Table(COLUMNS, _records(calendar, options, width), CRS84, lambda: tag and f"{ETAG}{tag}")


def _records(calendar: Any, options: Options, width: float) -> Iterator[Record]:
    zone = ZoneInfo(options.tz or "Europe/Paris")
    for rank, event in enumerate(calendar.walk("VEVENT"), start=1):
        fingerprint = digest(event.to_ical())
        try:
            values, place = _values(event, zone), _place(event)
        except Rejected as why:
            yield Record(rank, why, fingerprint)
            continue
        yield record(rank, values, COLUMNS, options, geometry=partial(area, place, width))


def _values(event: Any, zone: ZoneInfo) -> dict[str, Any]:
    start = _moment(event, "DTSTART", zone)
    end = _end(event, start, zone)
    if end <= start:
        raise Rejected("bad-date", "DTEND")
    key = str(event.get("UID") or "")
    if not key:
        raise Rejected("missing", "UID")
    if event.get("RECURRENCE-ID") is not None:
        raise Rejected("not-read", "RECURRENCE-ID")
    kinds = event.get("CATEGORIES")
    values: dict[str, Any] = {
        "id": key, "titre": str(event.get("SUMMARY") or ""), "debut": start.isoformat(), "fin": end.isoformat(),
        "nature": str(kinds.cats[0]) if getattr(kinds, "cats", None) else "",
        "statut": STATUSES.get(str(event.get("STATUS") or "CONFIRMED"), "declare"),
        "voie": str(event.get("LOCATION") or ""),
    }  # fmt: skip
    return values | (_recurrence(event, start, end, zone) if event.get("RRULE") is not None else {})


def _recurrence(event: Any, start: datetime, end: datetime, zone: ZoneInfo) -> dict[str, Any]:
    """Return days, hours and end of a recurring event; `UNTIL` or `COUNT` stay in the rule."""
    if end - start > timedelta(days=1):
        raise Rejected("not-read", "RRULE")
    rule = event["RRULE"]
    until = rule.get("UNTIL", [None])[0]
    if until is None:
        last = start + timedelta(days=365 * YEARS)
    elif isinstance(until, datetime):
        last = until.astimezone(zone) if until.tzinfo else until.replace(tzinfo=zone)
    else:
        last = datetime.combine(until, time(), zone)
    last = last.astimezone(zone) + timedelta(days=1)
    return {
        "regle": rule.to_ical().decode(),
        "heure_debut": f"{start:%H:%M}",
        "heure_fin": f"{end:%H:%M}",
        "exceptions": ",".join(sorted({day.isoformat() for day in _exceptions(event, zone)})),
        "fin": last.isoformat(),
    }


def _exceptions(event: Any, zone: ZoneInfo) -> Iterator[date]:
    given = event.get("EXDATE", [])
    for part in given if isinstance(given, list) else [given]:
        for one in part.dts:
            value = one.dt
            yield (
                value.astimezone(zone).date()
                if isinstance(value, datetime) and value.tzinfo
                else (value.date() if isinstance(value, datetime) else value)
            )


def _moment(event: Any, name: str, zone: ZoneInfo) -> datetime:
    try:
        value = event[name].dt
    except (KeyError, AttributeError, ValueError):
        raise Rejected("bad-date", name) from None
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), zone)
    return value.astimezone(zone) if value.tzinfo else value.replace(tzinfo=zone)


def _end(event: Any, start: datetime, zone: ZoneInfo) -> datetime:
    if event.get("DTEND") is not None:
        return _moment(event, "DTEND", zone)
    if event.get("DURATION") is not None:
        length: timedelta = event["DURATION"].dt
        return (start.astimezone(UTC) + length).astimezone(zone)
    if not isinstance(event["DTSTART"].dt, datetime):
        return start + timedelta(days=1)  # RFC 5545, 3.6.1: a date without end is that day
    raise Rejected("missing", "DTEND")


def _place(event: Any) -> Any:
    place = event.get("GEO")
    try:
        latitude, longitude = float(place.latitude), float(place.longitude)
    except (AttributeError, TypeError, ValueError):
        raise Rejected("missing", "GEO") from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise Rejected("invalid-geometry", "GEO")
    return shapely.Point(longitude, latitude)


CONNECTOR = Connector("ics", fetch=fetch)
