"""The dates to which works may be moved, and what forbids each."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from observatoire.works.checks.street import local_days
from observatoire.works.clashes import CHECKS, find_clashes
from observatoire.works.errors import BadWork
from observatoire.works.finding import SEVERITIES, Finding, Severity
from observatoire.works.model import Work
from observatoire.works.rules import Overlap, Rules
from observatoire.works.scene import Scene
from observatoire.works.schedule import EPOCH

ALONE = ("overlap", "noise", "moratorium", "risk", "lighting")  # kinds that look at each candidate by itself
MARK = "\x1f"


@dataclass(frozen=True)
class Choice:
    """One work begun a number of days later."""

    work: str
    days: int


type Forbidden = dict[str, set[tuple[Choice, ...]]]  # what each constraint, by name, does not allow together


def choices(work: Work, farthest: int) -> dict[int, Work]:
    """Return the works moved by each number of days that keeps its days of work."""
    moved = {}
    for days in range(-farthest, farthest + 1):
        try:
            moved[days] = work.moved(days)
        except BadWork:
            continue
    return moved


def by_dates(work: Work, moved: dict[int, Work]) -> Forbidden:
    """Return what the earliest day and the deadline forbid."""
    forbidden: Forbidden = defaultdict(set)
    for days, at in moved.items():
        held = local_days(at)
        if work.earliest and (at.schedule.local_start < work.earliest):
            forbidden[f"earliest:{work.id}"].add((Choice(work.id, days),))
        if work.deadline and len(held) and int(held[-1]) > (work.deadline - EPOCH).days:
            forbidden[f"deadline:{work.id}"].add((Choice(work.id, days),))
    return forbidden


def name(finding: Finding, subject: str) -> str:
    """Return the name of the constraint that a finding breaks."""
    return ":".join(("clash", finding.rule, *sorted((subject, *finding.evidence))))


def severe(finding: Finding, at_least: Severity) -> bool:
    """Say whether a finding counts."""
    return SEVERITIES.index(finding.severity) >= SEVERITIES.index(at_least)


def by_what_stands(moved: dict[int, Work], scene: Scene, rules: Rules, at_least: Severity) -> Forbidden:
    """Return what clashes with what does not move; `scene` holds none of the works that do."""
    forbidden: Forbidden = defaultdict(set)
    renamed = [_renamed(work, days) for days, work in moved.items()]
    alone = [rule for rule in rules.rules if rule.kind in ALONE]
    others = Rules(rules=[rule for rule in rules.rules if rule.kind not in ALONE])
    by_itself = (finding for rule in alone for finding in CHECKS[rule.kind](rule, renamed, scene) or ())
    for finding in chain(by_itself, _one_by_one(renamed, scene, others)):
        if severe(finding, at_least):
            choice = _choice(finding.subject)
            forbidden[name(finding, choice.work)].add((choice,))
    return forbidden


def by_each_other(a: dict[int, Work], b: dict[int, Work], rules: Rules, at_least: Severity) -> Forbidden:
    """Return which pairs of dates of two works clash by place and time."""
    forbidden: Forbidden = defaultdict(set)
    others = Scene(works=[_renamed(work, days) for days, work in b.items()])
    mine = [_renamed(work, days) for days, work in a.items()]
    for rule in rules.rules:
        if not isinstance(rule, Overlap) or "works" not in rule.against:
            continue
        for candidates, scene in ((mine, others), (list(others.works), Scene(works=mine))):
            for finding in CHECKS["overlap"](rule, candidates, scene) or iter(()):
                if severe(finding, at_least):
                    one, two = _choice(finding.subject), _choice(finding.evidence[0])
                    key = ":".join(("clash", rule.id, *sorted((one.work, two.work))))
                    forbidden[key].add(tuple(sorted((one, two), key=lambda c: c.work)))
    return forbidden


def _one_by_one(works: Sequence[Work], scene: Scene, rules: Rules) -> Iterator[Finding]:
    for work in works:
        yield from find_clashes([work], scene, rules).findings


def _renamed(work: Work, days: int) -> Work:
    return replace(work, id=f"{work.id}{MARK}{days}", title=work.name)


def _choice(text: str) -> Choice:
    work, _, days = text.rpartition(MARK)
    return Choice(work, int(days))
