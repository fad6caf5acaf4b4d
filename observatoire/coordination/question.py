"""What is asked about works, and which of them are meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import shapely

from observatoire.coordination.candidate import read_candidate
from observatoire.coordination.reader import Reader
from observatoire.coordination.scene import Standing
from observatoire.errors import BadInput
from observatoire.works.exchange.base import to_metres
from observatoire.works.finding import Severity
from observatoire.works.intervals import Intervals
from observatoire.works.model import Work
from observatoire.works.rules import Rules

type Half = tuple[datetime | None, datetime | None]


@dataclass(frozen=True)
class Question:
    """What is asked.

    Attributes
    ----------
    candidate : mapping, optional
        GeoJSON Feature of a project.
    reference : str, optional
        One work of `chantiers`. Without it and without candidate: all that stand, in `box` (degrees) and `period`.
    rules : sequence of str, optional
        Ids; by default all.
    resolve : bool, optional
        Whether dates are proposed; by default for one work only.
    farthest : int, d
    conflicts : {"info", "warning", "blocking"}
        The least severity of what a proposed date must not leave.
    """

    candidate: Mapping[str, Any] | None = None
    reference: str | None = None
    box: Sequence[float] | None = None
    period: Half | None = None
    rules: Sequence[str] | None = None
    resolve: bool | None = None
    farthest: int = 30
    conflicts: Severity = "warning"

    @property
    def single(self) -> bool:
        """Whether one work is meant."""
        return self.candidate is not None or self.reference is not None


def meant(question: Question, standing: Standing, reader: Reader) -> list[Work]:
    """Return the works that are asked about.

    Raises
    ------
    BadInput
        The candidate cannot be works, there is no such reference, or inputs exclude each other.
    """
    if question.single and (question.box is not None or question.period is not None):
        raise BadInput("inputs.bbox, inputs.datetime: expected neither beside candidate or reference")
    if question.candidate is not None:
        if question.reference is not None:
            raise BadInput("inputs.reference: expected either candidate or reference, not both")
        city = reader.city
        work = read_candidate(question.candidate, crs=city.crs, zone=city.time_zone, extent=city.extent)
        return [_placed(question.candidate, work, standing)]
    if question.reference is not None:
        found = [w for w in standing.works if w.id == question.reference]
        if not found:
            raise BadInput("inputs.reference: no works of that reference stand in chantiers")
        return found
    works = standing.works
    if question.box is not None:
        box = to_metres(shapely.segmentize(shapely.box(*question.box), 0.01), reader.city.crs)
        works = [w for w in works if w.footprint.intersects(box)]
    if question.period is not None:
        low, high = question.period
        span = Intervals.between(low or datetime(1990, 1, 1, tzinfo=UTC), high or datetime(2100, 1, 1, tzinfo=UTC))
        works = [w for w in works if w.schedule.instants.overlaps(span)]
    return works


def _placed(feature: Mapping[str, Any], work: Work, standing: Standing) -> Work:
    """Return a candidate on the street graph, with a detour unless it says that none is signed."""
    placed = standing.placed(work)
    return replace(placed, detour=None) if feature["properties"].get("deviation") is False else placed


def chosen(rules: Rules, ids: Sequence[str] | None) -> Rules:
    """Return the rules that are asked for.

    Raises
    ------
    BadInput
        There is no such rule.
    """
    if ids is None:
        return rules
    known = {rule.id: rule for rule in rules.rules}
    if unknown := sorted(set(ids) - set(known)):
        raise BadInput(f"inputs.rules: no rule {unknown[0][:40]!r}; expected some of {', '.join(known)}")
    return Rules(rules=[known[i] for i in dict.fromkeys(ids)])


def movable(work: Work, now: datetime) -> bool:
    """Say whether works may still be moved: they are not under way, nor begun."""
    return work.status in ("projete", "autorise", "suspendu") and work.schedule.start > now


def from_tomorrow(work: Work, now: datetime) -> Work:
    """Return works that may not be moved to a day before tomorrow; those that are past are left as they are."""
    if work.schedule.start <= now:
        return work
    tomorrow = now.astimezone(work.schedule.start.tzinfo).date() + timedelta(days=1)
    earliest = max(work.earliest or tomorrow, tomorrow)
    if work.deadline is not None and work.deadline < earliest:
        return work
    return replace(work, earliest=earliest)
