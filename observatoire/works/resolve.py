"""The smallest moves that leave no conflict, or the smallest set of constraints that forbids them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from observatoire.text import Text
from observatoire.works.clashes import Report
from observatoire.works.finding import Severity
from observatoire.works.model import Work
from observatoire.works.rules import Rules
from observatoire.works.scene import Scene
from observatoire.works.search import Search

BOUNDS = {
    "earliest": Text(fr="jour au plus tôt", en="earliest day"),
    "deadline": Text(fr="échéance", en="deadline"),
}


@dataclass(frozen=True)
class Plan:
    """Moves that leave no conflict; no other moves are fewer days in all.

    Attributes
    ----------
    moves : mapping of str to int, d
        By id of works; 0 stays.
    works : tuple of Work
        At their new dates, by id.
    report : Report
        Clash search on them: it holds nothing as severe as was asked about.
    """

    moves: Mapping[str, int]
    works: tuple[Work, ...]
    report: Report


@dataclass(frozen=True)
class Impossible:
    """No moves will do.

    Attributes
    ----------
    constraints : tuple of str
        `earliest:<work>`, `deadline:<work>`, `clash:<rule>:<ids>`; together they forbid every choice, and without any
        one of them a choice is left. Empty where the search bound alone leaves none.
    reason : Text
    """

    constraints: tuple[str, ...]
    reason: Text

    @classmethod
    def within(cls, farthest: int, constraints: tuple[str, ...], rules: Rules) -> "Impossible":
        """Return it with its reason; `farthest` is the bound of each move, d."""
        titles = {rule.id: rule.title for rule in rules.rules}
        fr, en = ("; ".join(_said(c, titles, language) for c in constraints) or "–" for language in ("fr", "en"))
        return cls(
            constraints,
            Text(
                fr=f"Aucune date à {farthest} jours près. Ce qui l'interdit, au plus juste : {fr}.",
                en=f"No date within {farthest} days. What forbids it, nothing more: {en}.",
            ),
        )


def _said(constraint: str, titles: Mapping[str, Text], language: Literal["fr", "en"]) -> str:
    """Return a constraint in words: `clash:event:CH-1:EV-2` by the title of its rule, and what takes part."""
    kind, _, rest = constraint.partition(":")
    if kind == "clash":
        rule, _, rest = rest.partition(":")
        title = titles[rule].in_(language)
    else:
        title = BOUNDS[kind].in_(language)
    return f"{title} ({' '.join(rest.split(':'))})"


@dataclass(frozen=True)
class Arrangement:
    """Works moved together: as many as can be are free of conflicts, by the fewest days in all.

    Attributes
    ----------
    moves : mapping of str to int, d
        By id of works; 0 stays.
    works : tuple of Work
        At their new dates, by id.
    left : mapping of str to Impossible
        Works that no dates free, left where they are, and what forbids it.
    report : Report
        Clash search on all of them: what is as severe as was asked about names works of `left` only.
    """

    moves: Mapping[str, int]
    works: tuple[Work, ...]
    left: Mapping[str, Impossible]
    report: Report


def resolve(
    works: Sequence[Work], scene: Scene, rules: Rules, *, farthest: int = 30, at_least: Severity = "warning"
) -> Plan | Impossible:
    """Move works by whole days so that no conflict is left, by the fewest days in all.

    Ties are broken by the fewest works moved, then by moves to earlier dates. One worker and a fixed seed: the same
    input gives the same plan. Parameters and errors are those of `Search`.
    """
    search = Search(works, scene, rules, farthest=farthest, at_least=at_least)
    found = search.best()
    if found is None:
        return Impossible.within(farthest, search.core(), rules)
    return Plan(found.moves, tuple(search.moved[w][d] for w, d in found.moves.items()), found.report)


def arrange(
    works: Sequence[Work], scene: Scene, rules: Rules, *, farthest: int = 30, at_least: Severity = "warning"
) -> Arrangement:
    """Move works by whole days so that as few as can be keep a conflict, by the fewest days in all.

    Where `resolve` finds a plan, this is it. Works that no dates free stay where they are, and the others keep clear of
    them.
    Parameters and errors are those of `Search`.
    """
    search = Search(works, scene, rules, farthest=farthest, at_least=at_least)
    found = search.best(leaving=True)
    assert found is not None  # all works may be left
    known = {w.id for w in works}
    standing = replace(scene, works=[*(w for w in scene.works if w.id not in known), *works])
    left = {}
    for name in sorted(found.left):
        left[name] = _refused(name, found.left, works, standing, search, rules)
    moved = tuple(search.moved[w][d] for w, d in found.moves.items())
    return Arrangement(found.moves, moved, left, found.report)


def _refused(
    name: str, left: frozenset[str], works: Sequence[Work], standing: Scene, search: Search, rules: Rules
) -> Impossible:
    """Return what forbids that one of the works left be freed as well; the others left stay where they are."""
    alone = search
    if len(left) > 1:
        kept = [w for w in works if w.id == name or w.id not in left]
        alone = Search(kept, standing, rules, farthest=search.farthest, at_least=search.at_least)
    return Impossible.within(search.farthest, alone.core(), rules)
