"""iCalendar (RFC 5545): works and events as events, piece by piece; reports as journal entries."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import icalendar

from observatoire.server.feeds.entries import Entry

MEDIA_TYPE = "text/calendar; charset=utf-8"
_STATUS = {"projete": "TENTATIVE", "declare": "TENTATIVE", "annule": "CANCELLED"}


def write(entries: Iterable[Entry], *, title: str, host: str, collection: str, page: str, language: str) -> bytes:
    """Return the calendar.

    Parameters
    ----------
    host : str
        Ends the identifiers: the same piece has the same one in every feed.
    page : str
        Address of the collection's items.
    """
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Observatoire//feeds//FR")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", title)
    calendar.add("refresh-interval", timedelta(hours=12), parameters={"VALUE": "DURATION"})
    for entry in entries:
        if not entry.pieces:
            calendar.add_component(_filled(icalendar.Journal(), entry, entry.start, host, collection, page, language))
        for start, end in entry.pieces:
            event = _filled(icalendar.Event(), entry, start, host, collection, page, language)
            event.add("dtend", end.astimezone(UTC))
            event.add("status", _STATUS.get(entry.status_code or "", "CONFIRMED"))
            event.add("geo", (entry.lat, entry.lon))
            calendar.add_component(event)
    return bytes(calendar.to_ical())


def _filled[C: icalendar.Component](
    component: C, entry: Entry, start: datetime, host: str, collection: str, page: str, language: str
) -> C:
    begins = start.astimezone(UTC)
    component.add("uid", f"{collection}-{entry.reference}-{begins:%Y%m%dT%H%M%SZ}@{host}")
    component.add("dtstamp", entry.updated)
    component.add("last-modified", entry.updated)
    component.add("dtstart", begins)
    component.add("summary", entry.title)
    component.add("categories", [entry.nature.in_(language)])
    component.add("url", f"{page}/{entry.id}")
    if entry.street:
        component.add("location", entry.street)
    if entry.status:
        component.add("comment", entry.status.in_(language))
    return component
