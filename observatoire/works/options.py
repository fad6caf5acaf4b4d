"""The dates to which works may be moved, and what forbids each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, product

import numpy as np
import shapely

from observatoire.works.agenda import Agenda
from observatoire.works.beside import neighbours
from observatoire.works.checks.overlap import check_overlap, meant, meet, severity_of
from observatoire.works.checks.street import local_days
from observatoire.works.clashes import CHECKS
from observatoire.works.errors import BadWork
from observatoire.works.finding import Finding, Severity, at_least_as, severe
from observatoire.works.involved import find_involving
from observatoire.works.model import Work
from observatoire.works.rules import Overlap, Rules
from observatoire.works.scene import Scene
from observatoire.works.schedule import EPOCH

ALONE = ("overlap", "noise", "moratorium", "risk", "lighting")  # kinds that look at each candidate by itself
MARK = "\x1f"


@dataclass(frozen=True, order=True)
class Choice:
    """One work begun a number of days later."""

    work: str
    days: int


type Forbidden = dict[str, set[tuple[Choice, ...]]]  # what each constraint, by name, does not allow together


def choices(work: Work, farthest: int) -> dict[int, Work]:
    """Return the works moved by each number of days that keeps its days of work, and begins on one as it does."""
    moved = {0: work}
    punctual = _begins_at_work(work)
    for days in range(-farthest, farthest + 1):
        try:
            at = work.moved(days)
        except BadWork:
            continue
        if days and (_begins_at_work(at) or not punctual):
            moved[days] = at
    return dict(sorted(moved.items()))


def _begins_at_work(work: Work) -> bool:
    """Say whether the place is held on the first day: a proposal to begin on a Sunday off helps nobody."""
    days = local_days(work)
    return bool(len(days)) and int(days[0]) == (work.schedule.local_start - EPOCH).days


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


def name(rule: str, works: Iterable[str]) -> str:
    """Return the name of the constraint that a finding breaks: its rule, and all that it names."""
    return ":".join(("clash", rule, *sorted(works)))


def by_what_stands(moved: dict[int, Work], scene: Scene, rules: Rules, at_least: Severity) -> Forbidden:
    """Return what clashes with what does not move; `scene` holds none of the works that do."""
    forbidden: Forbidden = defaultdict(set)
    renamed = [_renamed(work, days) for days, work in moved.items()]
    alone = [rule for rule in rules.rules if rule.kind in ALONE]
    others = Rules(rules=[rule for rule in rules.rules if rule.kind not in ALONE])
    by_itself = (finding for rule in alone for finding in CHECKS[rule.kind](rule, renamed, scene) or ())
    standing = neighbours(renamed[:1], scene, rules)
    back = (finding for rule in between_works(rules) for finding in overlaps(rule, standing, Scene(works=renamed)))
    one_by_one = (finding for work in renamed for finding in find_involving([work], scene, others).findings)
    for finding in chain(by_itself, back, one_by_one):
        if severe(finding, at_least):
            (choice,), names = _read(finding)
            forbidden[name(finding.rule, names)].add((choice,))
    return forbidden


def by_each_other(a: dict[int, Work], b: dict[int, Work], rules: Rules, at_least: Severity) -> Forbidden:
    """Return which pairs of dates of two works clash by place and time."""
    forbidden: Forbidden = defaultdict(set)
    far = shapely.distance(a[0].footprint, b[0].footprint)
    names = (a[0].id, b[0].id)
    dated = [[Choice(work.id, days) for days, work in moved.items()] for moved in (a, b)]
    agendas = [Agenda.of_works(list(moved.values())) for moved in (a, b)]
    for rule, (mine, work, other) in product(between_works(rules), ((0, a[0], 1), (1, b[0], 0))):
        if rule.distance < far or not meant(rule, [work]) or not at_least_as(severity_of(rule, work), at_least):
            continue
        met = meet(rule, agendas[mine], agendas[other], np.arange(len(agendas[other])))
        for i, j in zip(met.work.tolist(), met.other.tolist(), strict=True):
            forbidden[name(rule.id, names)].add(tuple(sorted((dated[mine][i], dated[other][j]))))
    return forbidden


def between_works(rules: Rules) -> list[Overlap]:
    """Return the rules of place and time that works may break with each other."""
    return [rule for rule in rules.rules if isinstance(rule, Overlap) and "works" in rule.against]


def overlaps(rule: Overlap, works: Sequence[Work], scene: Scene) -> Iterable[Finding]:
    """Return what overlaps by one rule; nothing where the scene knows nothing."""
    return check_overlap(rule, works, scene) or ()


def _read(finding: Finding) -> tuple[tuple[Choice, ...], list[str]]:
    """Return the dates that a finding on renamed works is about, by id, and all that it names, by their own names."""
    named = [(text.partition(MARK)[0], text) for text in (finding.subject, *finding.evidence)]
    dated = sorted(Choice(work, int(text.partition(MARK)[2])) for work, text in named if MARK in text)
    return tuple(dated), [work for work, _ in named]


def _renamed(work: Work, days: int) -> Work:
    return replace(work, id=f"{work.id}{MARK}{days}", title=work.name)
