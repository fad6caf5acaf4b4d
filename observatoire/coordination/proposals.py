"""Dates that leave no conflict, proved by a new search; or what forbids them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from observatoire.coordination.question import from_tomorrow, movable
from observatoire.coordination.scene import Surroundings, with_works
from observatoire.text import Text
from observatoire.works.finding import Finding, Severity, severe
from observatoire.works.groups import groups
from observatoire.works.involved import find_involving
from observatoire.works.model import Work
from observatoire.works.resolve import Arrangement, arrange
from observatoire.works.rules import Rules

STAYS = Text(fr="Ces dates ne laissent aucun conflit.", en="These dates leave no conflict.")
BEGUN = Text(fr="Le chantier est commencé ou fini : ses dates ne changent plus.",
             en="The works are begun or over: their dates change no more.")  # fmt: skip

type Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Proposal:
    """What is proposed for one work.

    Attributes
    ----------
    work : Work
        At the dates that are proposed, or as it was.
    status : {"moved", "stays", "impossible"}
    days : int, d
    left : int
        Conflicts that name the work, by a new search once all that is proposed is followed.
    together : tuple of str
        Works whose dates were looked for at the same time, by id; each counts on the dates of the others.
    """

    work: Work
    status: str
    days: int
    left: int
    constraints: tuple[str, ...]
    reason: Text
    together: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the proposal as plain values; times on the clock of the works."""
        zone = ZoneInfo(self.work.schedule.zone)
        return {
            "subject": self.work.id,
            "status": self.status,
            "days": self.days,
            "debut": self.work.schedule.start.astimezone(zone).isoformat(),
            "fin": self.work.schedule.end.astimezone(zone).isoformat(),
            "left": self.left,
            "together": list(self.together),
            "constraints": list(self.constraints),
            "reason": self.reason.model_dump(),
        }


def conflicting(works: Sequence[Work], findings: Sequence[Finding], at_least: Severity) -> list[Work]:
    """Return the works that have conflicts: those with the most severe first, as subject or as what is clashed with."""
    named = [name for f in findings if severe(f, at_least) for name in (f.subject, *f.evidence)]
    order = {name: rank for rank, name in reversed(list(enumerate(named)))}
    return sorted((w for w in works if w.id in order), key=lambda w: order[w.id])


def propose(
    works: Sequence[Work],
    findings: Sequence[Finding],
    around: Surroundings,
    rules: Rules,
    *,
    farthest: int,
    at_least: Severity,
    now: datetime,
    progress: Progress | None = None,
) -> list[Proposal]:
    """Return what is proposed for each work that has conflicts, the most severe first.

    Works that conflicts join are moved together, by the fewest days in all; one group after the other, each where the
    ones before it then stand. Works that have begun, and the city's other works, do not move.

    Parameters
    ----------
    works : sequence of Work
        Those that may move.
    findings : sequence of Finding
        Clash search on them.
    """
    wanted = conflicting(works, findings, at_least)
    conflicts = [f for f in findings if severe(f, at_least)]
    joined = groups([w for w in wanted if movable(w, now)], conflicts)
    made: dict[str, tuple[Work, Arrangement, tuple[str, ...]]] = {}
    for k, group in enumerate(joined):
        if progress is not None:
            progress(k, len(joined), ", ".join(w.id for w in group))
        free = [from_tomorrow(w, now) for w in group]
        found = arrange(free, around.scene, rules, farthest=farthest, at_least=at_least)
        moved = {w.id: w.moved(found.moves[w.id]) for w in group}
        around = with_works(around, list(moved.values()))
        for work in group:
            made[work.id] = moved[work.id], found, tuple(w.id for w in group if w is not work)
    final = [made[w.id][0] if w.id in made else w for w in wanted]
    after = [f for f in find_involving(final, around.scene, rules).findings if severe(f, at_least)]
    left = {w.id: sum(w.id in (f.subject, *f.evidence) for f in after) for w in final}
    return [_proposal(w, left[w.id], *made.get(w.id, (w, None, ()))) for w in wanted]


def _proposal(work: Work, left: int, moved: Work, found: Arrangement | None, together: tuple[str, ...]) -> Proposal:
    """Return what is said of one work; without an arrangement it could not be moved."""
    if found is None:
        return Proposal(work, "impossible", 0, left, (), BEGUN) if left else Proposal(work, "stays", 0, 0, (), STAYS)
    if work.id in found.left:
        why = found.left[work.id]
        return Proposal(work, "impossible", 0, left, why.constraints, why.reason, together)
    days = found.moves[work.id]
    if not days:
        return Proposal(work, "stays", 0, left, (), STAYS, together)
    others = [name for name in together if found.moves[name]]
    return Proposal(moved, "moved", days, left, (), _moved(moved, days, others), together)


def _moved(work: Work, days: int, others: Sequence[str]) -> Text:
    start = work.schedule.start.astimezone(ZoneInfo(work.schedule.zone))
    many, listed = abs(days), ", ".join(others)
    return Text(
        fr=f"{many} jour{'s' * (many > 1)} plus {'tard' if days > 0 else 'tôt'} : dès le {start:%d/%m/%Y à %H:%M}, "
        f"aucun conflit ne reste{f', si {listed} change aussi de dates' if others else ''}.",
        en=f"{many} day{'s' * (many > 1)} {'later' if days > 0 else 'earlier'}: from {start:%Y-%m-%d %H:%M}, "
        f"no conflict is left{f', if {listed} moves too' if others else ''}.",
    )
