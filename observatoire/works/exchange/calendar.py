"""Works as an iCalendar feed (RFC 5545): one event for each piece of time, exact to the second; written only."""

from collections.abc import Sequence
from datetime import UTC, datetime

import icalendar
import shapely

from observatoire.works.exchange.base import MOST, Loss, Written, losses, spans, to_degrees
from observatoire.works.model import Work

CARRIED = {"id", "kind", "schedule.start", "schedule.end", "schedule.zone", "title", "street"}


def write_ics(works: Sequence[Work], *, crs: str, made: datetime, domain: str = "observatoire.invalid") -> Written:
    """Write works; `made` is the moment of the feed (DTSTAMP), `domain` ends the UIDs."""
    calendar, lost = icalendar.Calendar(), []
    calendar.add("prodid", "-//Observatoire//works//FR")
    calendar.add("version", "2.0")
    for work in sorted(works, key=lambda w: w.id):
        held = spans(work.schedule)
        lost += [loss for loss in losses(work, CARRIED) if not loss.field.startswith("schedule.")]
        if len(held) > MOST:
            lost.append(Loss(work.id, "schedule", f"only the first {MOST} of {len(held)} pieces of time are written"))
        if not held:
            lost.append(Loss(work.id, "schedule", "the works are held at no time: no event is written"))
        point = shapely.point_on_surface(to_degrees(work.footprint, crs))
        for n, (start, end) in enumerate(held[:MOST], 1):
            event = icalendar.Event()
            event.add("uid", f"{work.id}.{n}@{domain}")
            event.add("dtstamp", made)
            event.add("dtstart", start.astimezone(UTC))
            event.add("dtend", end.astimezone(UTC))
            event.add("summary", work.name)
            event.add("categories", [work.kind])
            event.add("geo", (round(point.y, 6), round(point.x, 6)))
            if work.street:
                event.add("location", work.street)
            calendar.add_component(event)
    return Written(calendar.to_ical(), tuple(lost))
