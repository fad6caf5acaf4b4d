"""Many things that hold a place at times: events, markets, school entries, bus lines, waste rounds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray

from observatoire.risk.arrays import Ints, objects
from observatoire.works.model import Event, Work
from observatoire.works.timetable import Timetable


@dataclass(frozen=True, eq=False)
class Agenda:
    """Columns of one length.

    Attributes
    ----------
    id, kind, label : ndarray of object
        Id of the evidence, kind as the rules name it (`works`, `marche`, `school-entry`, `bus-line`…), words.
    geometry : ndarray of shapely geometries, m
    times : Timetable
    """

    id: NDArray[Any]
    kind: NDArray[Any]
    label: NDArray[Any]
    geometry: NDArray[Any]
    times: Timetable

    def __post_init__(self) -> None:
        lengths = {len(self.id), len(self.kind), len(self.label), len(self.geometry), len(self.times)}
        if len(lengths) != 1:
            raise ValueError(f"columns must have one length, got {sorted(lengths)}")

    @classmethod
    def of_works(cls, works: Sequence[Work]) -> Self:
        """Return the agenda of works, in their order; kind `works`."""
        return cls._of([(w.id, "works", w.name, w.footprint) for w in works], [w.schedule.instants for w in works])

    @classmethod
    def of_events(cls, events: Iterable[Event]) -> Self:
        """Return the agenda of events that are not cancelled; kind is the code of the event."""
        kept = [e for e in events if e.status != "annule"]
        return cls._of(
            [(e.id, e.kind, e.title or e.id, e.footprint) for e in kept], [e.schedule.instants for e in kept]
        )

    @classmethod
    def of_columns(cls, id_: Sequence[str], kind: Sequence[str], geometry: Any, times: Timetable) -> Self:
        """Return an agenda from columns, such as those of a frame; labels are the ids."""
        names = objects(id_)
        return cls(names, objects(kind), names, np.asarray(geometry, dtype=object), times)

    @classmethod
    def _of(cls, rows: list[tuple[str, str, str, Any]], instants: list[Any]) -> Self:
        columns = [objects([row[c] for row in rows]) for c in range(4)]
        return cls(columns[0], columns[1], columns[2], columns[3], Timetable.of(instants))

    def __len__(self) -> int:
        return len(self.id)

    @cached_property
    def tree(self) -> Any:
        """Spatial index."""
        return shapely.STRtree(self.geometry)

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Kinds that are present."""
        return frozenset(self.kind.tolist())

    def rows(self, kinds: Iterable[str]) -> Ints:
        """Return the rows of some kinds, in order."""
        chosen = self._by_kind.keys() & set(kinds)
        return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *(self._by_kind[k] for k in chosen)]))

    @cached_property
    def _by_kind(self) -> dict[str, Ints]:
        kinds, number = np.unique(self.kind.astype(str), return_inverse=True)
        order = np.argsort(number, kind="stable")
        cuts = np.cumsum(np.bincount(number, minlength=len(kinds)))[:-1]
        return dict(zip(kinds.tolist(), np.split(order, cuts), strict=True)) if len(kinds) else {}

    def near(self, geometry: NDArray[Any], distance: float) -> tuple[Ints, Ints]:
        """Return the pairs (i, j) where geometry[i] is at most `distance` m from item j, sorted."""
        i, j = self.tree.query(geometry, predicate="dwithin", distance=distance)
        order = np.lexsort((j, i))
        return i[order], j[order]

    def joined(self, other: Self) -> Self:
        """Return the items of both, those of `other` last."""
        columns = [np.append(getattr(self, c), getattr(other, c)) for c in ("id", "kind", "label", "geometry")]
        times = Timetable(
            np.append(self.times.offsets, other.times.offsets[1:] + self.times.offsets[-1]),
            np.append(self.times.starts, other.times.starts),
            np.append(self.times.ends, other.times.ends),
        )
        return type(self)(columns[0], columns[1], columns[2], columns[3], times)
