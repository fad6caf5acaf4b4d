"""Every clash of some works with all that is known of a city."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from observatoire.works.beside import cut
from observatoire.works.checks.detours import check_blocked_detour, check_shared_detour
from observatoire.works.checks.noise import check_noise
from observatoire.works.checks.overlap import check_overlap
from observatoire.works.checks.place import check_lighting, check_risk
from observatoire.works.checks.reach import check_reach
from observatoire.works.checks.street import check_moratorium, check_works_days
from observatoire.works.errors import BadWork
from observatoire.works.finding import Finding, ordered
from observatoire.works.model import Work
from observatoire.works.rules import Rules
from observatoire.works.scene import Scene

CHECKS: dict[str, Callable[[Any, Sequence[Work], Scene], Iterator[Finding] | None]] = {
    "overlap": check_overlap,
    "shared-detour": check_shared_detour,
    "blocked-detour": check_blocked_detour,
    "noise": check_noise,
    "works-days": check_works_days,
    "moratorium": check_moratorium,
    "reach": check_reach,
    "risk": check_risk,
    "lighting": check_lighting,
}


@dataclass(frozen=True)
class Report:
    """What was found, and what could not be looked at.

    Attributes
    ----------
    findings : tuple of Finding
        In the one order of `ordered`; no id twice.
    not_checked : tuple of str
        Ids of rules for which the scene knows nothing.
    """

    findings: tuple[Finding, ...]
    not_checked: tuple[str, ...]


def find_clashes(works: Sequence[Work], scene: Scene, rules: Rules) -> Report:
    """Return every clash of `works`, by every rule.

    Parameters
    ----------
    works : sequence of Work
        Candidates. Those that are also in the scene stand for themselves: they do not clash with their other version.

    Raises
    ------
    BadWork
        If two candidates share an id.
    """
    if len({w.id for w in works}) != len(works):
        raise BadWork("id", "two works share an id")
    seen = cut(works, scene, rules)
    live = sorted((w for w in works if w.status not in ("annule", "termine")), key=lambda w: w.id)
    found: dict[str, Finding] = {}
    silent = []
    for rule in rules.rules:
        findings = CHECKS[rule.kind](rule, live, seen)
        if findings is None:
            silent.append(rule.id)
            continue
        for finding in findings:
            found.setdefault(finding.id, finding)
    return Report(ordered(found.values()), tuple(silent))
