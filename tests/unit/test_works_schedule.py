"""Schedules against a brute-force clock that is read every minute, and rules against python-dateutil."""

import os
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays
import numpy as np
import pytest
from dateutil.rrule import rrulestr

from observatoire.works.errors import BadWork
from observatoire.works.recurrence import recurrence
from observatoire.works.schedule import Schedule
from observatoire.works.zone import zone

pytestmark = pytest.mark.unit

FULL = os.environ.get("OBS_PROVE") == "full"
SCHEDULES = 10_000 if FULL else 1_000
PARIS = ZoneInfo("Europe/Paris")
RULES = (
    "", "", "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    "FREQ=DAILY;COUNT=9",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA,SU", "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO", "FREQ=MONTHLY;BYDAY=1MO,-1SU",
    "FREQ=MONTHLY;BYMONTHDAY=1,15,-1", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
    "FREQ=YEARLY;BYMONTH=3,10;BYDAY=-1SU",
    "FREQ=MONTHLY", "FREQ=YEARLY", "FREQ=DAILY;BYMONTHDAY=13;BYDAY=FR", "FREQ=WEEKLY;COUNT=4;BYDAY=TU,FR",
)  # fmt: skip
ANCHORS = (date(2026, 3, 20), date(2026, 10, 16), date(2026, 4, 25), date(2025, 12, 20), date(2024, 2, 20))
QUARTERS = (0, 5, 15, 30, 45, 59)


@cache
def clock(first: datetime, minutes: int) -> np.ndarray:
    """Return what the clock shows, minute by minute, read from zoneinfo every quarter of an hour."""
    origin = int(first.timestamp()) // 60
    shown = np.arange(origin, origin + minutes)
    for low in range(0, minutes, 15):
        offset = datetime.fromtimestamp((origin + low) * 60, PARIS).utcoffset()
        shown[low : low + 15] += int(offset.total_seconds()) // 60
    return shown


def minute_of(shown: np.ndarray, day: date, wall: time) -> int:
    """Return the first minute at which the clock shows `wall`; where it never does, counted on from the hour before."""
    target = (day - date(1970, 1, 1)).days * 1440 + wall.hour * 60 + wall.minute
    low = max(0, target - int(shown[0]) - 180)  # no clock is put forward or back by three hours
    near = shown[low : low + 360]
    exact = np.flatnonzero(near == target)
    if len(exact):
        return low + int(exact[0])
    before = int(np.flatnonzero(near < target)[-1])
    return low + before + target - int(near[before])


def brute(schedule: Schedule, first: datetime, minutes: int) -> np.ndarray:
    """Return one Boolean a minute, by going through days and windows one by one."""
    shown = clock(first, minutes)
    origin = int(first.timestamp()) // 60
    span = np.zeros(minutes, dtype=bool)
    span[int(schedule.start.timestamp()) // 60 - origin : int(schedule.end.timestamp()) // 60 - origin] = True
    on = span.copy()
    if not schedule.continuous:
        on[:] = False
        start = schedule.start.astimezone(PARIS).date()
        last = (schedule.end - timedelta(minutes=1)).astimezone(PARIS).date()
        rule = schedule.rule or "FREQ=DAILY"
        midnight = datetime.combine(start, time())
        dates = {
            d.date()
            for d in rrulestr(rule, dtstart=midnight).between(midnight, datetime.combine(last, time()), inc=True)
        }
        dates |= {d for d in schedule.extra_days if start <= d <= last}
        dates -= set(schedule.except_days)
        festive = holidays.country_holidays("FR")
        for day in dates:
            if schedule.holidays == "skip" and day in festive:
                continue
            if schedule.holidays == "only" and day not in festive:
                continue
            for opens, closes in schedule.windows or ((time(), time()),):
                closing = day if closes > opens else day + timedelta(days=1)
                on[minute_of(shown, day, opens) : max(0, minute_of(shown, closing, closes))] = True
        on &= span
    for begin, stop in schedule.except_periods:
        on[max(0, int(begin.timestamp()) // 60 - origin) : max(0, int(stop.timestamp()) // 60 - origin)] = False
    return on


def random_schedule(rng: np.random.Generator, anchor: date) -> Schedule:
    anchor += timedelta(days=int(rng.integers(9)))
    start = datetime.combine(anchor, time(int(rng.integers(24)), int(rng.choice(QUARTERS))), PARIS)
    end = start.astimezone(UTC) + timedelta(minutes=int(rng.integers(1, 25 * 1440)))

    def wall() -> time:
        hours = (0, 1, 2, 3, 6, 8, 18, 22) if rng.random() < 0.6 else range(24)
        return time(int(rng.choice(list(hours))), int(rng.choice(QUARTERS)))

    def days(n: int) -> tuple[date, ...]:
        return tuple(anchor + timedelta(days=int(d)) for d in rng.integers(0, 25, n))

    pauses = []
    for _ in range(rng.integers(3)):
        begin = start.astimezone(UTC) + timedelta(minutes=int(rng.integers(-1440, 20 * 1440)))
        pauses.append((begin, begin + timedelta(minutes=int(rng.integers(1, 3 * 1440)))))
    return Schedule(
        start, end, "Europe/Paris",
        windows=tuple((wall(), wall()) for _ in range(rng.integers(3))), rule=str(rng.choice(RULES)),
        except_days=days(int(rng.integers(3))), extra_days=days(int(rng.integers(2))), except_periods=tuple(pauses),
        holidays=str(rng.choice(["keep", "keep", "skip", "only"])),
    )  # fmt: skip


def test_algebra_agrees_with_a_clock_read_every_minute() -> None:
    """1 000 random schedules (10 000 in prove), most of them around the nights when clocks change."""
    rng = np.random.default_rng(20260329)
    minutes = 42 * 1440
    for _ in range(SCHEDULES // 2):
        anchor = ANCHORS[rng.integers(len(ANCHORS))]
        first = datetime.combine(anchor - timedelta(days=3), time(), UTC)
        at = int(first.timestamp()) + 60 * np.arange(minutes)
        one, two = random_schedule(rng, anchor), random_schedule(rng, anchor)
        on_one, on_two = brute(one, first, minutes), brute(two, first, minutes)
        mine, theirs = one.instants, two.instants

        assert np.array_equal(mine.contains(at), on_one), one
        assert np.array_equal(theirs.contains(at), on_two), two
        assert mine.total() == 60 * on_one.sum()
        assert np.array_equal(mine.union(theirs).contains(at), on_one | on_two)
        assert np.array_equal(mine.intersection(theirs).contains(at), on_one & on_two)
        assert np.array_equal(mine.difference(theirs).contains(at), on_one & ~on_two)
        assert np.array_equal(mine.complement(int(at[0]), int(at[-1]) + 60).contains(at), ~on_one)
        assert mine.overlaps(theirs) == bool((on_one & on_two).any())


@pytest.mark.parametrize("rule", sorted({r for r in RULES if r}))
def test_rules_give_the_days_of_dateutil(rule: str) -> None:
    for start in (date(2024, 1, 31), date(2025, 12, 28), date(2026, 6, 1)):
        last = start + timedelta(days=1100)
        midnight = datetime.combine(start, time())
        expected = rrulestr(rule, dtstart=midnight).between(midnight, datetime.combine(last, time()), inc=True)

        days = recurrence(rule).days(start, last)

        assert [date(1970, 1, 1) + timedelta(days=int(d)) for d in days] == [d.date() for d in expected]


@pytest.mark.parametrize("name", ["Europe/Paris", "Indian/Reunion", "America/New_York", "Australia/Lord_Howe", "UTC"])
def test_wall_time_is_that_of_zoneinfo(name: str) -> None:
    rng = np.random.default_rng(1)
    wall = rng.integers(946_684_800, 4_000_000_000, 300)
    wall = np.append(wall, [int(datetime(2026, 3, 29, 2, m, tzinfo=UTC).timestamp()) for m in range(60)])
    wall = np.append(wall, [int(datetime(2026, 10, 25, 2, m, tzinfo=UTC).timestamp()) for m in range(60)])
    naive = [datetime.fromtimestamp(int(w), UTC).replace(tzinfo=ZoneInfo(name), fold=0) for w in wall]

    instants = zone(name).instants(wall)

    assert instants.tolist() == [int(n.timestamp()) for n in naive]
    assert zone(name).wall(instants[:300]).tolist() == wall[:300].tolist()


def test_night_in_march_is_an_hour_short_and_in_october_an_hour_long() -> None:
    def hours(day: date) -> float:
        start = datetime.combine(day, time(20), PARIS)
        night = Schedule(start, start + timedelta(days=1), "Europe/Paris", windows=((time(22), time(6)),))
        return night.instants.total() / 3600

    assert hours(date(2026, 3, 27)) == 8
    assert hours(date(2026, 3, 28)) == 7
    assert hours(date(2026, 10, 24)) == 9


def test_public_holidays_take_their_day_away() -> None:
    """May 2026 in France: the 1st, the 8th, Ascension on the 14th, Whit Monday on the 25th."""
    may = Schedule(
        datetime(2026, 5, 1, tzinfo=PARIS), datetime(2026, 6, 1, tzinfo=PARIS), "Europe/Paris",
        rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", holidays="skip",
    )  # fmt: skip

    assert len(may.days) == 21 - 4


@pytest.mark.parametrize("days", [-40, -6, -1, 1, 2, 5, 13, 30])
def test_moved_work_keeps_its_days_and_hours(days: int) -> None:
    work = Schedule(
        datetime(2026, 5, 4, 8, tzinfo=PARIS), datetime(2026, 5, 16, tzinfo=PARIS), "Europe/Paris",
        windows=((time(8), time(17)),), rule="FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", holidays="skip",
    )  # fmt: skip

    moved = work.moved(days)

    assert len(moved.days) == len(work.days)
    assert moved.instants.total() == work.instants.total()
    assert moved.start == work.start + timedelta(days=days)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("start", {"start": at("2026-05-04T08:00:00")}),
        ("end", {"end": at("2026-05-04T09:00:00")}),
        ("end", {"end": at("2026-05-03T08:00:00+02:00")}),
        ("end", {"end": at("2026-05-04T08:00:00+02:00")}),
        ("end", {"end": at("2076-05-04T08:00:00+02:00")}),
        ("start", {"start": at("0001-05-04T08:00:00+00:00")}),
        ("start", {"start": at("2026-05-04T08:00:00.5+02:00")}),
        ("zone", {"zone": ""}),
        ("zone", {"zone": "Europe/Marseille"}),
        ("zone", {"zone": "../../etc/passwd"}),
        ("rule", {"rule": "FREQ=SECONDLY"}),
        ("rule", {"rule": "FREQ=HOURLY"}),
        ("rule", {"rule": "every monday"}),
        ("rule", {"rule": "FREQ=DAILY;INTERVAL=0"}),
        ("rule", {"rule": "FREQ=DAILY;COUNT=3;UNTIL=20260601"}),
        ("rule", {"rule": "FREQ=DAILY;UNTIL=20261301"}),
        ("rule", {"rule": "FREQ=WEEKLY;BYDAY=XX"}),
        ("rule", {"rule": "FREQ=WEEKLY;BYDAY=1MO"}),
        ("rule", {"rule": "FREQ=DAILY;FREQ=WEEKLY"}),
        ("rule", {"rule": "FREQ=MONTHLY;BYSETPOS=1"}),
        ("rule", {"rule": "FREQ=YEARLY;BYWEEKNO=20"}),
        ("holidays", {"holidays": "sometimes"}),
        ("country", {"holidays": "skip", "country": "ZZ"}),
        ("except_periods", {"except_periods": ((at("2026-05-06T00:00:00+02:00"), at("2026-05-05T00:00:00+02:00")),)}),
        ("windows", {"windows": ((time(8, tzinfo=UTC), time(9)),)}),
    ],
)
def test_bad_schedule_is_refused_by_field(field: str, values: dict) -> None:
    good = {
        "start": at("2026-05-04T08:00:00+02:00"),
        "end": at("2026-05-08T18:00:00+02:00"),
        "zone": "Europe/Paris",
    }

    with pytest.raises(BadWork, match=f"^{field}: ") as refused:
        Schedule(**(good | values))

    assert refused.value.field == field
