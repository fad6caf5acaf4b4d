"""`/quartier`: a district in figures, with what is missing from them."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from starlette.responses import Response

from observatoire.layers.nomenclature import codes
from observatoire.server.citizen.bars import bars
from observatoire.server.citizen.page import Page
from observatoire.server.citizen.sources import ages
from observatoire.server.plan import Plan
from observatoire.server.run import rows_of
from observatoire.server.state import State

MONTHS = 12
#: Under this many reports of noise nothing is said of days and hours.
ENOUGH = 50

_DIVISIONS = b"SELECT code, nom, ST_Area(geom) / 1e6 FROM divisions WHERE systeme IS NULL ORDER BY nom"
#: Months of the whole city beside those of the division: a month when nobody reported anything anywhere is a gap.
_REPORTS = b"""
WITH d AS (SELECT geom FROM divisions WHERE systeme IS NULL AND code = %s),
r AS (SELECT date_trunc('month', date AT TIME ZONE %s)::date AS month, nature, geom FROM signalements
      WHERE date >= %s AND date < %s)
SELECT month, nature, count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM d WHERE ST_Intersects(d.geom, r.geom)))
FROM r GROUP BY month, nature"""
_NOISE = b"""
WITH d AS (SELECT geom FROM divisions WHERE systeme IS NULL AND code = %s)
SELECT extract(isodow FROM date AT TIME ZONE %s)::int, count(*) FROM signalements s, d
WHERE nature = 'bruit' AND date >= %s AND date < %s AND ST_Intersects(d.geom, s.geom) GROUP BY 1"""
_WORKS = b"""
WITH d AS (SELECT geom FROM divisions WHERE systeme IS NULL AND code = %s)
SELECT count(*) FROM chantiers c, d WHERE fin > %s AND debut < %s AND statut NOT IN ('annule')
AND ST_Intersects(d.geom, c.geom)"""


@dataclass(frozen=True)
class Month:
    """Reports of a month: `here` is None where the whole city has none, for then nothing was collected."""

    first: date
    here: int | None
    city: int


async def quarter(page: Page) -> Response:
    """Answer the choice of a district; its figures where `code` names one."""
    divisions = await rows_of(page.state.pools.of("public"), Plan(_DIVISIONS, ()))
    chosen = next((row for row in divisions if row[0] == page.given("code")), None)
    if chosen is None:
        status = 404 if page.given("code") else 200
        return page.render("quarter.html", status=status, divisions=divisions, chosen=None, unknown=status == 404)
    now = datetime.now(UTC)
    months = _months(page.say.local(now).date())
    figures = await _figures(page, chosen[0], months)
    return page.render(
        "quarter.html",
        divisions=divisions, chosen=chosen, unknown=False, now=now, months=figures["months"],
        natures=figures["natures"], total=figures["total"], previous=figures["previous"], works=figures["works"],
        noise=figures["noise"], chart=_chart(page, figures["months"]), age=(await ages(page.state)).get("signalements"),
        gaps=", ".join(page.say.month(month.first) for month in figures["months"] if month.here is None),
    )  # fmt: skip


def _months(today: date) -> list[date]:
    """Return the first days of the last whole months, and of this one, which is not over.

    Examples
    --------
    >>> [str(day) for day in _months(date(2026, 2, 10))][::6]
    ['2025-02-01', '2025-08-01', '2026-02-01']
    """
    count = today.year * 12 + today.month - 1
    return [date((count - back) // 12, (count - back) % 12 + 1, 1) for back in range(MONTHS, -1, -1)]


async def _figures(page: Page, code: str, months: list[date]) -> dict[str, Any]:
    state, zone = page.state, page.state.city.zone
    start = datetime(months[0].year, months[0].month, 1, tzinfo=zone)
    end = datetime(months[-1].year, months[-1].month, 1, tzinfo=zone)
    pool = state.pools.of("public")
    rows = await rows_of(pool, Plan(_REPORTS, (code, state.city.time_zone, start, end)))
    noise = await rows_of(pool, Plan(_NOISE, (code, state.city.time_zone, start, end)))
    now = datetime.now(UTC)
    works = await rows_of(pool, Plan(_WORKS, (code, now, now)))
    by_month = [
        Month(month, sum(r[3] for r in rows if r[0] == month), sum(r[2] for r in rows if r[0] == month))
        for month in months[:-1]
    ]
    made = [month if month.city else Month(month.first, None, 0) for month in by_month]
    half = MONTHS // 2
    return {
        "months": made,
        "natures": _natures(page, state, rows),
        "total": sum(month.here or 0 for month in made),
        "previous": (sum(m.here or 0 for m in made[:half]), sum(m.here or 0 for m in made[half:])),
        "works": works[0][0],
        "noise": _noise(page, dict(noise)),
    }


def _natures(page: Page, state: State, rows: list[tuple[Any, ...]]) -> list[tuple[str, int, int]]:
    """Return by kind: its name, how many here, how many in the city; the most frequent first."""
    prop = state.layers["signalements"].properties["nature"]
    known = codes(prop.codes) if prop.codes else {}
    found: dict[str, list[int]] = {}
    for _, nature, city, here in rows:
        counts = found.setdefault(nature, [0, 0])
        counts[0] += here
        counts[1] += city
    listed = [(page.say.text(known[n]) if n in known else n, here, city) for n, (here, city) in found.items() if here]
    return sorted(listed, key=lambda row: -row[1])


def _noise(page: Page, by_day: dict[int, int]) -> str:
    """Say on which day noise is reported most, where there is enough to say so: a seventh would be chance."""
    total = sum(by_day.values())
    if total < ENOUGH:
        return page.words["noise_few"].format(n=total)
    top = max(by_day, key=lambda day: by_day[day])
    share = round(100 * by_day[top] / total)
    day = page.words["weekdays"].split()[top - 1]
    return page.words["noise_day"].format(day=day, share=share, n=page.say.number(total))


def _chart(page: Page, months: list[Month]) -> Any:
    return bars([(page.say.month(month.first), month.here) for month in months])
