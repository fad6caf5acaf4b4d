"""`/agenda`: works and events day by day."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

from starlette.responses import Response

from observatoire.server.citizen.calendar import instants, spans
from observatoire.server.citizen.describe import Describer, Line
from observatoire.server.citizen.happening import EVENTS, WORKS, Happening, planned
from observatoire.server.citizen.page import Page

DAYS = 7
#: How far from today the calendar goes, days.
FARTHEST = 366
#: Lines of a day before it says how many more there are.
SHOWN = 40


async def agenda(page: Page) -> Response:
    """Answer the page: a week from `de` (a date; today where it cannot be read)."""
    now = datetime.now(UTC)
    today = page.say.local(now).date()
    first = _first(page.given("de"), today)
    only = page.given("voir") if page.given("voir") in (WORKS, EVENTS) else EVENTS
    days = [first + timedelta(days=i) for i in range(DAYS)]
    week = await _week(page, days, only, now)
    return page.render(
        "agenda.html",
        days=week, only=only, first=first, today=today, kinds=(EVENTS, WORKS), shown=SHOWN, now=now,
        before=_shifted(first, -DAYS, today), after=_shifted(first, DAYS, today),
    )  # fmt: skip


def _first(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    return day if abs((day - today).days) <= FARTHEST else today


def _shifted(first: date, days: int, today: date) -> date | None:
    moved = first + timedelta(days=days)
    return moved if abs((moved - today).days) <= FARTHEST else None


async def _week(page: Page, days: list[date], only: str, now: datetime) -> list[tuple[date, list[Line]]]:
    """Return the days, each with the lines of what holds its place on it."""
    zone = page.state.city.zone
    midnights = [datetime.combine(day, time(), zone).astimezone(UTC) for day in [*days, days[-1] + timedelta(days=1)]]
    rows = [
        (item, name, instants(item, zone))
        for item, name in await planned(page.state, midnights[0], midnights[-1])
        if name == only
    ]
    writer = Describer(page.state, page.say, now)
    week = []
    for day, start, end in zip(days, midnights, midnights[1:], strict=False):
        held = [
            (Happening(name, item, None, span), span)
            for item, name, when in rows
            for span in spans(when, start, end)[:1]
        ]
        held.sort(key=lambda pair: (pair[1].end - pair[1].start >= timedelta(days=2), max(pair[1].start, start)))
        week.append((day, [_of_day(writer, one, page) for one, _ in held]))
    return week


def _of_day(writer: Describer, one: Happening, page: Page) -> Line:
    """Return a line whose time is that of the day it stands under."""
    line = writer.line(one)
    assert one.span is not None
    long = one.span.end - one.span.start >= timedelta(days=2)
    return line if long else replace(line, when=page.say.hours(one.span.start, one.span.end))
