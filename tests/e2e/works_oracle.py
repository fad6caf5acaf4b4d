"""Plain loops that say which works clash, from what the server serves: dateutil and minutes, none of our algebra."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import shapely
from dateutil.rrule import rrulestr

PARIS = ZoneInfo("Europe/Paris")
type Spans = list[tuple[datetime, datetime]]
type Item = dict[str, Any]


def spans(item: Item) -> Spans:
    """Return when a work or an event is held, UTC."""
    start, end = (datetime.fromisoformat(item[name]) for name in ("debut", "fin"))
    if not item.get("regle"):
        return [(start, end)]
    opens, closes = (time.fromisoformat(item[name]) for name in ("heure_debut", "heure_fin"))
    first, last = start.astimezone(PARIS).date(), end.astimezone(PARIS).date()
    off = {date.fromisoformat(day) for day in (item.get("exceptions") or "").split(",") if day}
    if item.get("feries") is False:
        off |= set(holidays.country_holidays("FR", years=range(first.year - 1, last.year + 2)))
    return daily(item["regle"], first, last, opens, closes, off, start, end)


def daily(
    rule: str, first: date, last: date, opens: time, closes: time, off: set[date], start: datetime, end: datetime
) -> Spans:
    """Return the windows of the days of a rule, cut to [start, end)."""
    midnight = datetime.combine(first, time())
    found = []
    for moment in rrulestr(rule, dtstart=midnight).between(midnight, datetime.combine(last, time()), inc=True):
        day = moment.date()
        if day in off:
            continue
        until = day if closes > opens else day + timedelta(days=1)
        low = max(datetime.combine(day, opens, PARIS).astimezone(UTC), start)
        high = min(datetime.combine(until, closes, PARIS).astimezone(UTC), end)
        if low < high:
            found.append((low, high))
    return found


def meet(a: Spans, b: Spans, *, around: timedelta = timedelta()) -> bool:
    """Say whether two share a moment, `around` added on both sides of the second."""
    return any(x < v + around and u - around < y for x, y in a for u, v in b)


class City:
    """Items of the collections that works clash with, in metres, with their times."""

    def __init__(self, items: dict[str, list[Item]]) -> None:
        self.items = items
        self.works = [w for w in items["chantiers"] if w["statut"] not in ("termine", "annule")]
        for thing in [*self.works, *items["evenements"]]:
            thing["spans"] = spans(thing)
        self.first = min(w["spans"][0][0] for w in self.works) - timedelta(days=2)
        self.last = max(w["spans"][-1][1] for w in self.works) + timedelta(days=2)

    def clashes(self) -> Iterator[tuple[str, frozenset[str]]]:
        """Yield the rule and the two that clash, for every rule of place and time of the file of rules."""
        yield from self._works()
        for work in self.works:
            yield from self._events(work)
            yield from self._schools(work)
            if work["emprise"] == "chaussee-fermee":
                yield from self._services(work, "bus-line", "lignes-bus", 0.0)
                yield from self._rounds(work)
            yield from self._services(work, "bus-stop", "arrets-bus", 5.0)
            yield from self._pavement(work)

    def _works(self) -> Iterator[tuple[str, frozenset[str]]]:
        for k, a in enumerate(self.works):
            for b in self.works[k + 1 :]:
                far = a["geometry"].distance(b["geometry"])
                if far > 50 or not meet(a["spans"], b["spans"]):
                    continue
                if far == 0:
                    yield "works-same-place", frozenset((a["reference"], b["reference"]))
                if {a["emprise"], b["emprise"]} & {"chaussee-fermee", "chaussee-reduite"}:
                    yield "works-side-by-side", frozenset((a["reference"], b["reference"]))

    def _events(self, work: Item) -> Iterator[tuple[str, frozenset[str]]]:
        for event in self.items["evenements"]:
            market = event["nature"] == "marche"
            near = work["geometry"].distance(event["geometry"]) <= (10 if market else 30)
            around = timedelta(hours=1 if market else 2)
            if event["statut"] != "annule" and near and meet(work["spans"], event["spans"], around=around):
                yield "market" if market else "event", frozenset((work["reference"], event["reference"]))

    def _schools(self, work: Item) -> Iterator[tuple[str, frozenset[str]]]:
        days = {"ecole": "MO,TU,TH,FR", "college-lycee": "MO,TU,WE,TH,FR"}
        for place in self.items["lieux-sensibles"]:
            if place["nature"] not in days or work["emprise"] == "stationnement":
                continue
            if work["geometry"].distance(place["geometry"]) > 50:
                continue
            for gate in (place["heure_debut"], place["heure_fin"]):
                moment = datetime.combine(date(2000, 1, 1), time.fromisoformat(gate))
                opens, closes = (moment - timedelta(minutes=20)).time(), (moment + timedelta(minutes=15)).time()
                if meet(work["spans"], self._hours(f"FREQ=WEEKLY;BYDAY={days[place['nature']]}", opens, closes, True)):
                    yield "school-entry", frozenset((work["reference"], place["code"]))

    def _services(self, work: Item, rule: str, collection: str, near: float) -> Iterator[tuple[str, frozenset[str]]]:
        lines = {line["code"]: line for line in self.items["lignes-bus"]}
        for thing in self.items[collection]:
            line = lines[thing.get("ligne") or thing["code"]]
            opens, closes = (time.fromisoformat(line[name]) for name in ("heure_debut", "heure_fin"))
            if work["geometry"].distance(thing["geometry"]) <= near and meet(
                work["spans"], self._hours("FREQ=DAILY", opens, closes, False)
            ):
                yield rule, frozenset((work["reference"], thing["code"]))

    def _rounds(self, work: Item) -> Iterator[tuple[str, frozenset[str]]]:
        for turn in self.items["collectes"]:
            opens, closes = (time.fromisoformat(turn[name]) for name in ("heure_debut", "heure_fin"))
            hours = self._hours(turn["regle"], opens, closes, turn["feries"] is False)
            if work["geometry"].intersects(turn["geometry"]) and meet(work["spans"], hours):
                yield "waste-round", frozenset((work["reference"], turn["code"]))

    def _pavement(self, work: Item) -> Iterator[tuple[str, frozenset[str]]]:
        for segment in self.items["troncons"]:
            made = segment.get("revetement")
            if not work["tranchee"] or segment["code"] != work["troncon"] or not made:
                continue
            day = date.fromisoformat(made[:10])
            first, last = (work["spans"][k][0].astimezone(PARIS).date() for k in (0, -1))
            if day <= last and first < day.replace(year=day.year + 3):
                yield "new-pavement", frozenset((work["reference"], f"segment:{segment['code']}"))

    def _hours(self, rule: str, opens: time, closes: time, skip: bool) -> Spans:
        years = range(self.first.year - 1, self.last.year + 2)
        off = set(holidays.country_holidays("FR", years=years)) if skip else set()
        return daily(rule, self.first.date(), self.last.date(), opens, closes, off, self.first, self.last)


def as_items(document: dict[str, Any]) -> list[Item]:
    """Return the items of a GeoJSON document, their geometry a shapely geometry."""
    return [f["properties"] | {"geometry": shapely.geometry.shape(f["geometry"])} for f in document["features"]]
