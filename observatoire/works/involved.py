"""Clashes that some works take part in, as what clashes or as what is clashed with."""

from collections.abc import Sequence

import numpy as np

from observatoire.works.clashes import Report, find_clashes
from observatoire.works.model import Work
from observatoire.works.rules import Overlap, Reach, Rules
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
    report = find_clashes([*works, *neighbours(works, scene, rules)], scene, rules)
    findings = tuple(f for f in report.findings if named & {f.subject, *f.evidence})
    return Report(findings, report.not_checked)


def neighbours(works: Sequence[Work], scene: Scene, rules: Rules) -> list[Work]:
    """Return the works that stand and on which these may weigh: near by what the rules look at, or of one street."""
    known = {w.id for w in works}
    standing = scene.standing
    if not standing or not works:
        return []
    beside = max((r.distance for r in rules.rules if isinstance(r, Overlap) and "works" in r.against), default=-1.0)
    around = max((r.within for r in rules.rules if isinstance(r, Reach)), default=-1.0)
    shapes = np.array([w.footprint for w in works], dtype=object)
    streets = {w.street for w in works} - {None}
    rows = {k for k, w in enumerate(standing) if w.street in streets}
    if beside >= 0:
        rows |= set(scene.standing_agenda.near(shapes, beside)[1].tolist())
    if around >= 0 and any(w.closure.edges for w in works):
        near = scene.standing_agenda.near(shapes, around)[1].tolist()
        rows |= {k for k in near if standing[k].closure.edges}
    return [standing[k] for k in sorted(rows) if standing[k].id not in known]
