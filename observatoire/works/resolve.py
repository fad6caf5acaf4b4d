"""The smallest moves that leave no conflict, or the smallest set of constraints that forbids them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from ortools.sat.python import cp_model

from observatoire.text import Text
from observatoire.works.clashes import Report, find_clashes
from observatoire.works.errors import BadWork
from observatoire.works.finding import Severity
from observatoire.works.model import Work
from observatoire.works.options import (
    Choice,
    Forbidden,
    by_dates,
    by_each_other,
    by_what_stands,
    choices,
    name,
    severe,
)
from observatoire.works.rules import Rules
from observatoire.works.scene import Scene

ROUNDS = 2_000  # combinations refused one by one before giving up


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


def resolve(
    works: Sequence[Work], scene: Scene, rules: Rules, *, farthest: int = 30, at_least: Severity = "warning"
) -> Plan | Impossible:
    """Move works by whole days so that no conflict is left, by the fewest days in all.

    Ties are broken by the fewest works moved, then by moves to earlier dates. One worker and a fixed seed: the same
    input gives the same plan.

    Parameters
    ----------
    works : sequence of Work
        Those that may move; every other of the scene stays.
    farthest : int, d, 0 to 366
        Bound of each move, either way.
    at_least : {"info", "warning", "blocking"}
        Findings that count as conflicts.

    Raises
    ------
    BadWork
        Field `farthest` out of range, or two works share an id.
    """
    if not 0 <= farthest <= 366:
        raise BadWork("farthest", f"{farthest}; expected 0 to 366 days")
    if len({w.id for w in works}) != len(works):
        raise BadWork("id", "two works share an id")
    return _Search(works, scene, rules, farthest, at_least).run()


class _Search:
    """Choices, what forbids them, and what the clash search teaches on the way."""

    def __init__(self, works: Sequence[Work], scene: Scene, rules: Rules, farthest: int, at_least: Severity) -> None:
        self.scene, self.rules, self.at_least, self.farthest = scene, rules, at_least, farthest
        movable = {w.id for w in works}
        fixed = replace(scene, works=[w for w in scene.works if w.id not in movable])
        self.moved = {w.id: choices(w, farthest) for w in sorted(works, key=lambda w: w.id)}
        self.forbidden: Forbidden = {}
        for work in works:
            self._learn(by_dates(work, self.moved[work.id]))
            self._learn(by_what_stands(self.moved[work.id], fixed, rules, at_least))
        for a, b in combinations(self.moved, 2):
            self._learn(by_each_other(self.moved[a], self.moved[b], rules, at_least))

    def run(self) -> Plan | Impossible:
        found = self._settle(None)
        if found is not None:
            moves, report = found
            return Plan(moves, tuple(self.moved[w][d] for w, d in moves.items()), report)
        core = sorted(self.forbidden)
        for constraint in list(core):  # deletion filter: what can be left out is left out
            rest = [c for c in core if c != constraint]
            if self._settle(rest) is None:
                core = rest
        listed = ", ".join(core) or "–"
        return Impossible(
            tuple(core),
            Text(
                fr=f"Aucune date à {self.farthest} jours près. Contraintes qui l'interdisent, au plus juste : {listed}",
                en=f"No date within {self.farthest} days. Minimal set of constraints that forbids it: {listed}",
            ),
        )

    def _learn(self, more: Forbidden) -> None:
        for constraint, tuples in more.items():
            self.forbidden.setdefault(constraint, set()).update(tuples)

    def _settle(self, only: Iterable[str] | None) -> tuple[dict[str, int], Report] | None:
        """Return the best moves under some constraints (None: all), re-checked; None where there are none."""
        allowed = None if only is None else set(only)
        for _ in range(ROUNDS):
            moves = self._solve(self.forbidden.keys() if allowed is None else allowed)
            if moves is None:
                return None
            report = find_clashes([self.moved[w][d] for w, d in moves.items()], self.scene, self.rules)
            lesson: Forbidden = {}
            for finding in report.findings:
                constraint = name(finding, finding.subject)
                if severe(finding, self.at_least) and (allowed is None or constraint in allowed):
                    there = sorted({finding.subject, *finding.evidence} & moves.keys())
                    lesson.setdefault(constraint, set()).add(tuple(Choice(w, moves[w]) for w in there))
            if not lesson:
                return moves, report
            self._learn(lesson)
        raise BadWork("works", f"no answer after {ROUNDS} combinations: move fewer works at once")

    def _solve(self, constraints: Iterable[str]) -> dict[str, int] | None:
        model = cp_model.CpModel()
        on = {Choice(w, d): model.new_bool_var(f"{w}@{d}") for w, moved in self.moved.items() for d in moved}
        for work, moved in self.moved.items():
            model.add_exactly_one([on[Choice(work, d)] for d in moved])
        for constraint in sorted(constraints):
            for together in sorted(self.forbidden[constraint], key=lambda t: [(c.work, c.days) for c in t]):
                model.add_bool_or([on[choice].negated() for choice in together])
        most = 2 * len(self.moved) + 1
        model.minimize(sum((abs(c.days) * most + 2 * (c.days != 0) - (c.days < 0)) * v for c, v in on.items()))
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        status = solver.solve(model)
        if status == cp_model.INFEASIBLE:
            return None
        if status != cp_model.OPTIMAL:
            raise BadWork("works", "the solver gave no proof: move fewer works at once")
        return {c.work: c.days for c, v in on.items() if solver.boolean_value(v)}
