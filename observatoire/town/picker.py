"""Chooses the segments of what is planted: apart from each other, and from what would add a second clash."""

from collections.abc import Iterator

import numpy as np

from observatoire.risk import town
from observatoire.town.places import Places
from observatoire.town.rounds import BusLine, Path, WasteRound
from observatoire.town.streets import Streets
from observatoire.town.ways import Ways
from observatoire.town.works import footprint

BETWEEN = 250.0  # m: at least that between two planted situations
AMID = (0.4, 0.6)  # part of a segment that closures in each other's way take: far from those of the next segment
LONGER = 500.0  # m that two closures put between a fire station and a hospital, and a margin
MARGIN = 20.0  # m
LONG = 120.0  # m: shorter segments are not planted on
TOGETHER = 450.0  # m: closures further apart are not looked at together
SIDE_BY_SIDE, APART_ANY = 60.0, 100.0  # m between the two of a pair, and between one of them and what else is planted

type Pair = tuple[int, int] | tuple[()]  # segments; none in a city that has no such two


class Picker:
    """Chooses segments near the centre, long enough, apart from one another and from what would add a second clash."""

    def __init__(
        self, grid: Streets, places: Places, lines: tuple[BusLine, ...], rounds: tuple[WasteRound, ...]
    ) -> None:
        self.grid = grid
        self.near = np.argsort(np.hypot(*(grid.middles - town.CENTRE).T), kind="stable").tolist()
        self.taken: list[int] = []
        self.paths = [line.path for line in lines] + [round_.path for round_ in rounds]
        on_paths = {node for path in self.paths for node in path.nodes}
        self.quiet = [k for k in self.near if not on_paths & set(grid.ends[k].tolist())]
        self.ways = Ways(grid)
        self.seats = np.array([(p.x, p.y) for p in places if p.kind != "bar"])

    def free(self) -> int:
        """Return a segment off bus lines and rounds, away from sensitive places."""
        return self._far(self.quiet)

    def off_paths(self, segments: list[int]) -> int:
        """Return one of these, off bus lines and rounds where there is such a one."""
        return self.of([k for k in segments if k in set(self.quiet)] or segments)

    def only_on(self, path: Path) -> int:
        """Return a segment of a path that no other path uses, away from sensitive places."""
        others = {segment for other in self.paths if other is not path for segment in other.segments}
        return self._far([k for k in path.segments if k not in others] or list(path.segments))

    def detours_meet(self) -> Pair:
        """Return two segments whose ways around share a segment, neither using the other."""
        for one, around in self._detours():
            for two in self._beside(one):
                other = self.ways.around(two)
                if set(around) & set(other) and two not in around and one not in other and self._clear(one, two):
                    return self._take(one, two)
        return ()

    def detour_closed(self) -> Pair:
        """Return a segment, and another one that the way around the first uses."""
        for one, around in self._detours():
            for two in around:
                if two in set(self.quiet) - set(self.taken) and self._clear(one, two):
                    return self._take(one, two)
        return ()

    def hospital_further(self, seats: Places) -> Pair:
        """Return two segments which, closed together, make the way to a hospital longer."""
        allowed = set(self.quiet) - set(self.taken)
        for one, two in self.ways.lengthening(seats, allowed, LONGER + MARGIN):
            if self._clear(one, two) and self._between(one, two) < TOGETHER:
                return self._take(one, two)
        return ()

    def _detours(self) -> Iterator[tuple[int, list[int]]]:
        """Yield the segments that may be closed, and the way around each."""
        for one in self.quiet:
            free = one not in self.taken and self.grid.lengths[one] >= LONG and self._apart(one) >= BETWEEN
            if free and (around := self.ways.around(one)):
                yield one, around

    def _beside(self, one: int) -> list[int]:
        far = np.hypot(*(self.grid.middles - self.grid.middles[one]).T)
        return [k for k in self.quiet if k != one and k not in self.taken and far[k] <= 3 * self.grid.lengths[one]]

    def _clear(self, one: int, two: int) -> bool:
        """Say whether footprints on both are further apart than the rules look, and from what else is planted."""
        apart = all(self._apart(k) >= APART_ANY for k in (one, two))
        return apart and self.grid.lengths[two] >= LONG and self._between(one, two) > SIDE_BY_SIDE

    def _between(self, one: int, two: int) -> float:
        shapes = [footprint(self.grid, k, "chaussee-fermee", AMID) for k in (one, two)]
        return float(shapes[0].distance(shapes[1]))

    def _take(self, one: int, two: int) -> Pair:
        self.taken += [one, two]
        return one, two

    def _far(self, segments: list[int]) -> int:
        far = [k for k in segments if np.hypot(*(self.seats - self.grid.middles[k]).T).min() > BETWEEN]
        return self.of(far or segments)

    def of(self, allowed: list[int]) -> int:
        """Return the first of these segments, from the centre, that is long enough and apart from those taken."""
        known = set(allowed)
        for least in (BETWEEN, 0.0):
            for k in self.near:
                if k in known and k not in self.taken and self.grid.lengths[k] >= LONG and self._apart(k) >= least:
                    self.taken.append(k)
                    return int(k)
        return int(allowed[0])

    def _apart(self, segment: int) -> float:
        others = self.grid.middles[self.taken]
        if len(others) == 0:
            return float("inf")
        return float(np.hypot(*(others - self.grid.middles[segment]).T).min())
