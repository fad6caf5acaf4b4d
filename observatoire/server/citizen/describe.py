"""A happening in words, as lists and calendars show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from observatoire.layers.nomenclature import codes
from observatoire.reports.tracking import STATUSES
from observatoire.server.citizen.happening import EVENTS, REPORTS, WORKS, Happening
from observatoire.server.citizen.say import Say
from observatoire.server.citizen.words import WORDS
from observatoire.server.state import State


@dataclass(frozen=True)
class Line:
    """What is shown of a happening.

    Attributes
    ----------
    title, kind : str
        What and where; what sort of thing.
    when, status : str
        Its time, and what state it is in.
    details : tuple of str
        Consequences: carriageway closed, noise, night work.
    distance : str
        Empty where no place was asked for.
    icon, colour : str
        Name of a drawing; colour of its kind on maps.
    follow : str
        Where a report is followed; empty for anything else.
    data : str
        Address of the item in the API.
    """

    collection: str
    id: int
    title: str
    kind: str
    when: str
    status: str
    details: tuple[str, ...]
    distance: str
    icon: str
    colour: str
    follow: str
    data: str


@dataclass(frozen=True)
class Describer:
    """Says happenings in a language, at a moment.

    Attributes
    ----------
    statuses : mapping
        Of reports that are followed up here, by reference; of another system's report nothing is known.
    """

    state: State
    say: Say
    now: datetime
    statuses: Mapping[str, str] = field(default_factory=dict)

    def line(self, one: Happening) -> Line:
        """Return the words of a happening."""
        kind = self._label(one, "nature")
        place = one.item.get("voie")
        title = one.item.get("titre") or (f"{kind}, {place}" if place else kind)
        report = one.collection == REPORTS
        distance = "" if one.distance is None else self.say.distance(one.distance, coarse=report)
        return Line(
            collection=one.collection,
            id=one.item["id"],
            title=kind if report else title,
            kind=self._words["one_" + one.collection],
            when=self._reported(one) if report else self._when(one),
            status=self._status(one),
            details=tuple(self._details(one)),
            distance=distance,
            icon=one.item["nature"] if report else one.collection,
            colour=self._colour(one),
            follow=f"/suivi/{one.item['reference']}" if report and one.item.get("reference") in self.statuses else "",
            data=f"/api/collections/{one.collection}/items/{one.item['id']}?f=html",
        )

    @property
    def _words(self) -> dict[str, str]:
        return WORDS[self.say.language]

    def _label(self, one: Happening, name: str) -> str:
        value = one.item.get(name)
        prop = self.state.layers[one.collection].properties.get(name)
        if value is None or prop is None or prop.codes is None:
            return "" if value is None else str(value)
        known = codes(prop.codes)
        return self.say.text(known[value]) if value in known else str(value)

    def _colour(self, one: Happening) -> str:
        style = self.state.layers[one.collection].style
        value = one.item.get(style.property) if style.property else None
        classes = style.classes or ()
        found = next((c.color for c in classes if getattr(c, "value", None) == value), None)
        return found or style.color or "#52606a"

    def _reported(self, one: Happening) -> str:
        return self._words["reported"].format(age=self.say.age(one.item["date"], self.now))

    def _when(self, one: Happening) -> str:
        """Say the time that is now or next, then the last day of all."""
        span = one.span
        assert span is not None
        words = self._words
        last = self.say.day(one.item["fin"] - timedelta(seconds=1), now=self.now)
        if span.end - span.start >= timedelta(days=2):
            first = self.say.day(span.start, now=self.now)
            return (
                words["until"].format(day=last)
                if one.now(self.now)
                else words["from_until"].format(first=first, last=last)
            )
        day = self._near_day(span.start)
        hours = self.say.hours(span.start, span.end)
        again = one.item["fin"] - span.end > timedelta(days=1)
        return f"{day}, {hours}" + (f"{words['then']} {words['until_last'].format(day=last)}" if again else "")

    def _near_day(self, start: datetime) -> str:
        days = (self.say.local(start).date() - self.say.local(self.now).date()).days
        if days in (0, 1):
            return self._words[("today", "tomorrow")[days]]
        if days == -1:
            return self._words["since_yesterday"]
        return self.say.day(start, now=self.now)

    def _status(self, one: Happening) -> str:
        words = self._words
        if one.collection == REPORTS:
            status = self.statuses.get(one.item.get("reference") or "")
            return self.say.text(codes(STATUSES)[status]) if status else words["report_status"]
        if one.item.get("statut") in ("projete", "declare"):
            return self._label(one, "statut")
        if one.now(self.now):
            return words["now"]
        assert one.span is not None
        return words["over"] if one.span.end <= self.now else self.say.age(one.span.start, self.now)

    def _details(self, one: Happening) -> list[str]:
        item: dict[str, Any] = one.item
        words = self._words
        found = []
        if one.collection in (WORKS, EVENTS) and item.get("emprise"):
            found.append(self._label(one, "emprise"))
        if one.collection == WORKS:
            if item.get("bruit") in ("fort", "tres-fort"):
                found.append(words["noisy"])
            if item.get("nuit"):
                found.append(words["night"])
            if item.get("deviation"):
                found.append(words["detour"])
        if one.collection == EVENTS and item.get("affluence_prevue"):
            found.append(words["attendance"].format(n=self.say.number(item["affluence_prevue"])))
        return found
