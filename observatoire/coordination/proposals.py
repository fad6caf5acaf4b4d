"""Dates that leave no conflict, proved by a new search; or what forbids them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from observatoire.coordination.question import from_tomorrow, movable
from observatoire.coordination.scene import Surroundings, with_works
from observatoire.text import Text
from observatoire.works.clashes import find_clashes
from observatoire.works.finding import SEVERITIES, Finding, Severity
from observatoire.works.model import Work
from observatoire.works.resolve import Impossible, resolve
from observatoire.works.rules import Rules

STAYS = Text(fr="Ces dates ne laissent aucun conflit.", en="These dates leave no conflict.")
BEGUN = Text(fr="Le chantier est commencé ou fini : ses dates ne changent plus.",
             en="The works are begun or over: their dates change no more.")  # fmt: skip


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
        Conflicts of the work that a new search finds at these dates.
    """

    work: Work
    status: str
    days: int
    left: int
    constraints: tuple[str, ...]
    reason: Text

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
            "constraints": list(self.constraints),
            "reason": self.reason.model_dump(),
        }


def severe(findings: Sequence[Finding], at_least: Severity) -> list[Finding]:
    """Return the findings that count as conflicts."""
    return [f for f in findings if SEVERITIES.index(f.severity) >= SEVERITIES.index(at_least)]


def propose(
    works: Sequence[Work],
    around: Surroundings,
    rules: Rules,
    *,
    farthest: int,
    at_least: Severity,
    now: datetime,
    progress: Callable[[int, int, str], None] | None = None,
) -> tuple[list[Proposal], Surroundings]:
    """Return what is proposed for each work, one after the other, and the city once all proposals are followed.

    A work that is moved frees those that clashed with it: these then stay. The city's other works do not move.
    """
    made: list[Proposal] = []
    for k, work in enumerate(works):
        if progress is not None:
            progress(k, len(works), work.id)
        proposal = _proposal(work, around, rules, farthest, at_least, now)
        made.append(proposal)
        around = with_works(around, [proposal.work])
    return made, around


def _proposal(
    work: Work, around: Surroundings, rules: Rules, farthest: int, at_least: Severity, now: datetime
) -> Proposal:
    conflicts = severe(find_clashes([work], around.scene, rules).findings, at_least)
    if not conflicts:
        return Proposal(work, "stays", 0, 0, (), STAYS)
    if not movable(work, now):
        return Proposal(work, "impossible", 0, len(conflicts), (), BEGUN)
    plan = resolve([from_tomorrow(work, now)], around.scene, rules, farthest=farthest, at_least=at_least)
    if isinstance(plan, Impossible):
        return Proposal(work, "impossible", 0, len(conflicts), plan.constraints, plan.reason)
    days = plan.moves[work.id]
    moved = work.moved(days)
    left = len(severe(find_clashes([moved], around.scene, rules).findings, at_least))
    return Proposal(moved, "moved", days, left, (), _moved(moved, days))


def _moved(work: Work, days: int) -> Text:
    start = work.schedule.start.astimezone(ZoneInfo(work.schedule.zone))
    many = abs(days)
    return Text(
        fr=f"{many} jour{'s' * (many > 1)} plus {'tard' if days > 0 else 'tôt'} : dès le {start:%d/%m/%Y à %H:%M}, "
        "aucun conflit ne reste.",
        en=f"{many} day{'s' * (many > 1)} {'later' if days > 0 else 'earlier'}: from {start:%Y-%m-%d %H:%M}, "
        "no conflict is left.",
    )
