"""Constraint search over dates: what each date is forbidden by, and the moves that cost the fewest days."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations

from ortools.sat.python import cp_model

from observatoire.works.checks.street import local_days
from observatoire.works.clashes import Report
from observatoire.works.errors import BadWork
from observatoire.works.finding import Severity, severe
from observatoire.works.involved import find_involving
from observatoire.works.model import Work
from observatoire.works.options import (
    Choice,
    Forbidden,
    by_dates,
    by_each_other,
    by_what_stands,
    choices,
    name,
)
from observatoire.works.rules import Rules
from observatoire.works.scene import Scene

ROUNDS = 2_000  # combinations refused one by one before giving up


@dataclass(frozen=True)
class Found:
    """Moves, the works that were left where they are with their conflicts, and the clash search on all of them."""

    moves: Mapping[str, int]
    left: frozenset[str]
    report: Report


class Search:
    """Choices, what forbids them, and what the clash search teaches on the way.

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

    def __init__(self, works: Sequence[Work], scene: Scene, rules: Rules, *, farthest: int, at_least: Severity) -> None:
        if not 0 <= farthest <= 366:
            raise BadWork("farthest", f"{farthest}; expected 0 to 366 days")
        if len({w.id for w in works}) != len(works):
            raise BadWork("id", "two works share an id")
        self.scene, self.rules, self.farthest, self.at_least = scene, rules, farthest, at_least
        movable = {w.id for w in works}
        fixed = replace(scene, works=[w for w in scene.works if w.id not in movable])
        self.moved = {w.id: choices(w, farthest) for w in sorted(works, key=lambda w: w.id)}
        self.forbidden: Forbidden = {}
        for work in works:
            self._learn(by_dates(work, self.moved[work.id]))
            self._learn(by_what_stands(self.moved[work.id], fixed, rules, at_least))
        for a, b in combinations(self.moved, 2):
            self._learn(by_each_other(self.moved[a], self.moved[b], rules, at_least))

    def best(self, only: Iterable[str] | None = None, *, leaving: bool = False) -> Found | None:
        """Return the best moves, checked again; None where there are none.

        Parameters
        ----------
        only : iterable of str, optional
            Constraints that count; by default all.
        leaving : bool
            Whether works may be left at their dates with their conflicts. As few as can be are; none of the others
            has a conflict, with these either.
        """
        allowed = None if only is None else set(only)
        for _ in range(ROUNDS):
            solved = self._solve(self.forbidden.keys() if allowed is None else allowed, leaving)
            if solved is None:
                return None
            moves, left = solved
            report = find_involving([self.moved[w][d] for w, d in moves.items()], self.scene, self.rules)
            lesson: Forbidden = {}
            for finding in report.findings:
                constraint = name(finding.rule, (finding.subject, *finding.evidence))
                there = sorted({finding.subject, *finding.evidence} & moves.keys())
                counts = severe(finding, self.at_least) and not left.issuperset(there)
                if counts and (allowed is None or constraint in allowed):
                    lesson.setdefault(constraint, set()).add(tuple(Choice(w, moves[w]) for w in there))
            if not lesson:
                return Found(moves, left, report)
            self._learn(lesson)
        raise BadWork("works", f"no answer after {ROUNDS} combinations: move fewer works at once")

    def core(self) -> tuple[str, ...]:
        """Return constraints that together forbid every choice, none of which can be left out (deletion filter)."""
        kept = sorted(self.forbidden)
        for constraint in list(kept):
            rest = [c for c in kept if c != constraint]
            if self.best(rest) is None:
                kept = rest
        return tuple(kept)

    def _learn(self, more: Forbidden) -> None:
        for constraint, tuples in more.items():
            self.forbidden.setdefault(constraint, set()).update(tuples)

    def _solve(self, constraints: Iterable[str], leaving: bool) -> tuple[dict[str, int], frozenset[str]] | None:
        model = _Model(self.moved, leaving)
        for together in sorted({together for constraint in constraints for together in self.forbidden[constraint]}):
            model.forbid(together)
        if len(self.moved) > 1:
            model.exclude(self._by_day)
        return model.solve()

    @cached_property
    def _by_day(self) -> list[list[Choice]]:
        """Return the dates that hold each day, day after day."""
        found: dict[int, list[Choice]] = defaultdict(list)
        for work, moved in self.moved.items():
            for days, at in moved.items():
                for day in local_days(at).tolist():
                    found[day].append(Choice(work, days))
        return [found[day] for day in sorted(found)]


class _Model:
    """One date for each work; fewest works left, then fewest days, then fewest works moved, then earlier dates."""

    def __init__(self, moved: Mapping[str, Iterable[int]], leaving: bool) -> None:
        self.model = cp_model.CpModel()
        self.on = {Choice(w, d): self.model.new_bool_var(f"{w}@{d}") for w, dates in moved.items() for d in dates}
        self.pairs: set[tuple[Choice, Choice]] = set()
        self.left = {w: self.model.new_bool_var(f"{w} left") for w in moved} if leaving else {}
        for work, dates in moved.items():
            self.model.add_exactly_one([self.on[Choice(work, d)] for d in dates])
        for work, left in self.left.items():
            self.model.add_implication(left, self.on[Choice(work, 0)])
        most = 2 * len(moved) + 1
        cost = {choice: abs(choice.days) * most + 2 * (choice.days != 0) - (choice.days < 0) for choice in self.on}
        one_left = len(moved) * max(cost.values(), default=0) + 1
        days = sum(cost[choice] * variable for choice, variable in self.on.items())
        self.model.minimize(days + one_left * sum(self.left.values()))

    def forbid(self, together: Sequence[Choice]) -> None:
        """Forbid some dates together; where none of the works is moved, all of them may be left so."""
        clause = [self.on[choice].negated() for choice in together]
        if len(together) == 2 and not (self.left and not any(choice.days for choice in together)):
            self.pairs.add((together[0], together[1]))
        if self.left and not any(choice.days for choice in together):
            all_left = self.model.new_bool_var("left together")
            for choice in together:
                self.model.add_implication(all_left, self.left[choice.work])
            clause.append(all_left)
        self.model.add_bool_or(clause)

    def exclude(self, by_day: Iterable[Sequence[Choice]]) -> None:
        """Say again, day by day, which dates exclude each other: at most one of them all.

        That is what pairs say already, two by two; said of many at once it is what makes the proof short.
        """
        for held in by_day:
            kept: list[Choice] = []
            for choice in held:
                if all(choice.work == other.work or self._apart(choice, other) for other in kept):
                    kept.append(choice)
            if len({choice.work for choice in kept}) > 1:
                self.model.add_at_most_one([self.on[choice] for choice in kept])

    def _apart(self, one: Choice, two: Choice) -> bool:
        return (min(one, two), max(one, two)) in self.pairs

    def solve(self) -> tuple[dict[str, int], frozenset[str]] | None:
        """Return the moves and the works left; None where no dates are allowed. One worker, a fixed seed."""
        solver = cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = 0
        solver.parameters.linearization_level = 2  # what `exclude` says bounds the days only as linear constraints
        status = solver.solve(self.model)
        if status == cp_model.INFEASIBLE:
            return None
        if status != cp_model.OPTIMAL:
            raise BadWork("works", "the solver gave no proof: move fewer works at once")
        moves = {choice.work: choice.days for choice, variable in self.on.items() if solver.boolean_value(variable)}
        return moves, frozenset(work for work, variable in self.left.items() if solver.boolean_value(variable))
