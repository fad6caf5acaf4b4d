"""What works are looked at against. A part that is None is unknown: rules that need it say so."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import shapely
from numpy.typing import NDArray

from observatoire.risk.arrays import Floats, Ints
from observatoire.works.agenda import Agenda
from observatoire.works.intervals import Intervals
from observatoire.works.model import Work
from observatoire.works.network import Network
from observatoire.works.schedule import Schedule

#: Each set of works that hold at once, and when.
type Moments = Sequence[tuple[list[Work], Intervals]]


@dataclass(frozen=True, eq=False)
class Places:
    """Places where people live, learn or are cared for.

    Attributes
    ----------
    id, kind : ndarray of object
        Kind as the rules name it: `residents`, `ecole`, `hopital`…
    geometry : ndarray of shapely geometries, m
    people : ndarray, shape (n,)
        Number of people; NaN is unknown.
    """

    id: NDArray[Any]
    kind: NDArray[Any]
    geometry: NDArray[Any]
    people: Floats

    @cached_property
    def tree(self) -> Any:
        """Spatial index."""
        return shapely.STRtree(self.geometry)


@dataclass(frozen=True, eq=False)
class RiskCells:
    """A forecast by cell, and what is usual there in a period of the same length.

    Attributes
    ----------
    geometry : ndarray of shapely polygons, m
    expected, lower, upper, usual : ndarray, events in the horizon
    start, end : aware datetime
        The horizon.
    """

    id: NDArray[Any]
    geometry: NDArray[Any]
    expected: Floats
    lower: Floats
    upper: Floats
    usual: Floats
    start: datetime
    end: datetime

    @cached_property
    def tree(self) -> Any:
        """Spatial index."""
        return shapely.STRtree(self.geometry)


@dataclass(frozen=True, eq=False)
class Lamps:
    """Street lamps: ids and points, m."""

    id: NDArray[Any]
    geometry: NDArray[Any]

    @cached_property
    def tree(self) -> Any:
        """Spatial index."""
        return shapely.STRtree(self.geometry)


@dataclass(frozen=True, eq=False)
class Scene:
    """A city at a time.

    Attributes
    ----------
    works : sequence of Work
        Works that are known, candidates or not; cancelled and finished ones are not looked at.
    past : sequence of Work
        Finished works, which a street has borne: they count for its days with works only.
    agenda : Agenda or None
        Events, markets, school entries, bus lines and stops, waste rounds.
    renewed : mapping of str to date, or None
        Day on which the pavement was renewed, by segment of works that name theirs, else by street.
    """

    works: Sequence[Work] = ()
    past: Sequence[Work] = ()
    agenda: Agenda | None = None
    places: Places | None = None
    network: Network | None = None
    risk: RiskCells | None = None
    lamps: Lamps | None = None
    renewed: Mapping[str, date] | None = None

    @cached_property
    def standing(self) -> tuple[Work, ...]:
        """Works that count, by id."""
        return tuple(sorted((w for w in self.works if w.status not in ("annule", "termine")), key=lambda w: w.id))

    @cached_property
    def standing_agenda(self) -> Agenda:
        """The same, as an agenda."""
        return Agenda.of_works(self.standing)

    @cached_property
    def by_street(self) -> dict[str, list[int]]:
        """Rows of the works that stand, by their street."""
        return _rows([(w.street,) if w.street is not None else () for w in self.standing])

    @cached_property
    def closing(self) -> dict[str, list[int]]:
        """Rows of the works that stand, by the segments that they close."""
        return _rows([w.closure.edges for w in self.standing])

    @cached_property
    def passing(self) -> dict[str, list[int]]:
        """Rows of the works that stand, by the segments that their detours pass."""
        return _rows([w.detour.edges if w.detour else () for w in self.standing])

    @cached_property
    def moments(self) -> dict[tuple[Schedule | str, ...], Moments]:
        """What holds at once with works, by their schedule and the ids of the works near: rules ask for it in turn."""
        return {}

    def agenda_of(self, kinds: Sequence[str]) -> tuple[Agenda, Ints] | None:
        """Return the part of the agenda of some kinds; None where nothing is known of any of them."""
        if self.agenda is None or not set(kinds) & self.agenda.kinds:
            return None
        return self.agenda, self.agenda.rows(kinds)


def _rows(names: Sequence[Sequence[str]]) -> dict[str, list[int]]:
    """Return the rows that have each name."""
    found: dict[str, list[int]] = defaultdict(list)
    for row, named in enumerate(names):
        for name in named:
            found[name].append(row)
    return dict(found)
