"""Works that stand and have to do with some others: near them, of their street, on their detours."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from observatoire.works.model import Work
from observatoire.works.rules import Overlap, Reach, Rules
from observatoire.works.scene import Scene

FEW = 4  # works to which a scene is cut are fewer than a quarter of it: of more, all of it is looked at


def neighbours(works: Sequence[Work], scene: Scene, rules: Rules) -> list[Work]:
    """Return the works that stand and on which these may weigh: near by what the rules look at, or of one street."""
    known = {w.id for w in works}
    return [scene.standing[k] for k in sorted(_near(works, scene, rules)) if scene.standing[k].id not in known]


def cut(works: Sequence[Work], scene: Scene, rules: Rules) -> Scene:
    """Return the scene with the works alone that findings on `works` may name, and `works` in it.

    Those that are in the scene already stand for themselves, in place of their other version.
    """
    known = {w.id for w in works}
    if len(works) * FEW < len(scene.works):
        rows = _near(works, scene, rules) | _by_detour(works, scene)
        others = [scene.standing[k] for k in sorted(rows)]
    else:
        others = list(scene.works)
    return replace(scene, works=[*(w for w in others if w.id not in known), *works])


def _near(works: Sequence[Work], scene: Scene, rules: Rules) -> set[int]:
    """Return rows of the works that stand: as near as rules look, or of one street."""
    if not scene.standing or not works:
        return set()
    beside = max((r.distance for r in rules.rules if isinstance(r, Overlap) and "works" in r.against), default=-1.0)
    around = max((r.within for r in rules.rules if isinstance(r, Reach)), default=-1.0)
    rows = {k for w in works if w.street is not None for k in scene.by_street.get(w.street, ())}
    if beside >= 0:
        shapes = np.array([w.footprint for w in works], dtype=object)
        rows |= set(scene.standing_agenda.near(shapes, beside)[1].tolist())
    closing = [w.footprint for w in works if w.closure.edges]
    if around >= 0 and closing:
        near = scene.standing_agenda.near(np.array(closing, dtype=object), around)[1].tolist()
        rows |= {k for k in near if scene.standing[k].closure.edges}
    return rows


def _by_detour(works: Sequence[Work], scene: Scene) -> set[int]:
    """Return rows of the works that stand and whose ways these cross: by detours that meet, or by what is closed."""
    rows: set[int] = set()
    for work in works:
        passed = work.detour.edges if work.detour else ()
        for edge in (*passed, *work.closure.edges):
            rows.update(scene.passing.get(edge, ()))
        for edge in passed:
            rows.update(scene.closing.get(edge, ()))
    return rows
