"""The calendar that `chantiers`, `evenements` and `collectes` share, as a schedule; services with hours every day."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from observatoire.works.errors import BadWork
from observatoire.works.intervals import Intervals
from observatoire.works.schedule import LONGEST, Schedule

type Span = tuple[datetime, datetime]


def schedule_of(row: Mapping[str, Any], zone: str) -> Schedule:
    """Return the schedule of an item: `debut`, `fin`, `regle`, `heure_debut`, `heure_fin`, `feries`, `exceptions`.

    Without a rule the place is held without a break, whatever the hours.

    Raises
    ------
    BadWork
        Names the field of the model.
    """
    if not row.get("regle"):
        return Schedule(_instant("start", row.get("debut")), _instant("end", row.get("fin")), zone)
    return Schedule(
        _instant("start", row.get("debut")),
        _instant("end", row.get("fin")),
        zone,
        windows=window(row.get("heure_debut"), row.get("heure_fin")),
        rule=row["regle"],
        except_days=exceptions(row.get("exceptions")),
        holidays="skip" if row.get("feries") is False else "keep",
    )


def window(opens: Any, closes: Any) -> tuple[tuple[time, time], ...]:
    """Return the daily window of two wall times; none where neither is known.

    Raises
    ------
    BadWork
        Field `windows`: one of the two is missing, or is no wall time.
    """
    if not opens and not closes:
        return ()
    try:
        return ((time.fromisoformat(str(opens)), time.fromisoformat(str(closes))),)
    except ValueError:
        raise BadWork("windows", f"{opens} to {closes}; expected two wall times such as 07:30 and 17:00") from None


def exceptions(text: Any) -> tuple[date, ...]:
    """Return the days of a list by commas or spaces.

    Raises
    ------
    BadWork
        Field `except_days`.
    """
    try:
        return tuple(date.fromisoformat(day) for day in str(text or "").replace(",", " ").split())
    except ValueError:
        raise BadWork("except_days", f"{str(text)[:40]!r}; expected ISO days by commas, such as 2026-12-24") from None


def service(
    span: Span, zone: str, opens: Any, closes: Any, rule: str = "FREQ=DAILY", *, skip: bool = False
) -> Intervals:
    """Return when something that takes place in daily hours does so, within a span of time.

    Parameters
    ----------
    skip : bool
        Whether it does not on public holidays.
    """
    held = Intervals.of([])
    for start, end in _pieces(span):
        piece = Schedule(
            start, end, zone, windows=window(opens, closes), rule=rule, holidays="skip" if skip else "keep"
        )
        held = held.union(piece.instants)
    return held


def _pieces(span: Span) -> Iterator[Span]:
    """Return a span in pieces that a schedule may last."""
    start, end = span
    while start < end:
        yield start, min(start + LONGEST, end)
        start += LONGEST


def margins(span: Span, days: int) -> Span:
    """Return a span that is `days` longer on both sides, within the years that schedules know."""
    first, last = datetime(1992, 1, 1, tzinfo=span[0].tzinfo), datetime(2099, 1, 1, tzinfo=span[0].tzinfo)
    return max(span[0] - timedelta(days=days), first), min(span[1] + timedelta(days=days), last)


def _instant(name: str, value: Any) -> datetime:
    if not isinstance(value, datetime):
        raise BadWork(name, "is missing")
    return value.replace(microsecond=0)
