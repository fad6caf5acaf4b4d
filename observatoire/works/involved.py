"""Clashes that some works take part in, as what clashes or as what is clashed with."""

from collections.abc import Sequence

from observatoire.works.beside import neighbours
from observatoire.works.clashes import Report, find_clashes
from observatoire.works.model import Work
from observatoire.works.rules import Overlap, Rules
from observatoire.works.scene import Scene


def find_involving(works: Sequence[Work], scene: Scene, rules: Rules) -> Report:
    """Return every clash that names one of `works`.

    `find_clashes` looks at candidates alone: that works which stand have their own detour cut by a candidate is said of
    them, not of it. Here those on which the candidates may weigh are looked at too.

    Raises
    ------
    BadWork
        If two of `works` share an id.
    """
    named = {w.id for w in works}
    beside = [other for other in neighbours(works, scene, rules) if _may_name(other, works, rules)]
    report = find_clashes([*works, *beside], scene, rules)
    findings = tuple(f for f in report.findings if named & {f.subject, *f.evidence})
    return Report(findings, report.not_checked)


def _may_name(other: Work, works: Sequence[Work], rules: Rules) -> bool:
    """Say whether a finding on other works may name one of these: they share a street, or a time."""
    if other.street is not None and any(other.street == w.street for w in works):
        return True
    wider = max((60 * (r.before + r.after) for r in rules.rules if isinstance(r, Overlap)), default=0)
    held = other.schedule.instants.widened(int(wider), int(wider))
    return any(held.overlaps(w.schedule.instants) for w in works)
