"""The street graph of `troncons`: ways, residents along them, pavements made anew, and what a footprint stands on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from observatoire.coordination.reader import Reader, Row
from observatoire.risk.arrays import objects
from observatoire.works.model import Closure, Detour, Work
from observatoire.works.network import Network

STOPS = ("hopital", "centre-de-secours")  # kinds of places that must reach each other
BESIDE = 8.0  # m: a footprint that near a segment's axis stands on that street
CROSSED = 5.0  # m of a segment's axis under a footprint, for a closed carriageway to close it


@dataclass(frozen=True, eq=False)
class Streets:
    """Segments, one row each.

    Attributes
    ----------
    rows : list of dict
        Items of `troncons`.
    network : Network
        The same, with the junctions of hospitals and fire stations.
    """

    rows: list[Row]
    network: Network

    @cached_property
    def lines(self) -> NDArray[Any]:
        """Axes of the segments, m."""
        return objects([row["geometry"] for row in self.rows])

    @cached_property
    def tree(self) -> Any:
        """Spatial index."""
        return shapely.STRtree(self.lines)

    @cached_property
    def renewed(self) -> dict[str, date]:
        """Day on which the pavement was made anew, by segment."""
        return {row["code"]: row["revetement"] for row in self.rows if row.get("revetement")}

    def placed(self, work: Work) -> Work:
        """Return works with the segment, street and closed segments under their footprint, where they say none."""
        if work.segment is not None:
            row = self.network.index.get(work.segment)
            street = work.street if row is None or work.street else self.rows[row].get("voie")
            return replace(work, street=street)
        near = np.sort(self.tree.query(work.footprint, predicate="dwithin", distance=BESIDE))
        if not len(near):
            return work
        beside = shapely.length(shapely.intersection(self.lines[near], work.footprint.buffer(BESIDE)))
        longest = self.rows[int(near[int(np.argmax(beside))])]
        closure = work.closure
        if closure.extent == "chaussee-fermee" and not closure.edges:
            under = shapely.length(shapely.intersection(self.lines[near], work.footprint.buffer(1.0)))
            edges = tuple(self.rows[int(n)]["code"] for n in near[under >= CROSSED])
            closure = Closure(closure.extent, edges)
        return replace(work, segment=longest["code"], street=work.street or longest.get("voie"), closure=closure)

    def detoured(self, work: Work) -> Work:
        """Return works with the shortest way around what they close.

        `chantiers` says that a detour is signed, not where it goes. Works that close nothing, or around which there
        is no way, have none.
        """
        closed = self.network.rows(work.closure.edges)
        if not len(closed):
            return work
        around: list[str] = []
        for row in closed.tolist():
            way = self.network.way(int(self.network.u[row]), int(self.network.v[row]), "car", closed)
            around += way or ()
        return replace(work, detour=Detour(tuple(dict.fromkeys(around)))) if around else work


def read_streets(reader: Reader, places: Sequence[Row]) -> Streets | None:
    """Return the graph; None where there is none."""
    rows = reader.rows("troncons", key="code")
    rows = [row for row in rows if _length(row) > 0]
    if not rows:
        return None
    junctions = np.array([[row["depart"], row["arrivee"]] for row in rows], dtype=np.int64)
    _, flat = np.unique(junctions, return_inverse=True)
    ends = flat.reshape(junctions.shape)
    network = Network(
        objects([row["code"] for row in rows]),
        ends[:, 0],
        ends[:, 1],
        np.array([_length(row) for row in rows]),
        {
            "car": np.array([row["nature"] != "pietonne" for row in rows]),
            "step-free": np.array([row.get("accessible") is True for row in rows]),
        },
        _stops(rows, ends, places),
    )
    return Streets(rows, network)


def _length(row: Row) -> float:
    return float(row.get("longueur") or row["geometry"].length)


def _stops(rows: list[Row], ends: NDArray[Any], places: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Return the junction of each place of `STOPS`: the end nearest to it of its segment, or of the nearest one."""
    wanted = [place for place in places if place["nature"] in STOPS]
    stops: dict[str, dict[str, int]] = {kind: {} for kind in STOPS}
    if not wanted:
        return stops
    index = {row["code"]: k for k, row in enumerate(rows)}
    nearest = shapely.STRtree([row["geometry"] for row in rows]).nearest([place["geometry"] for place in wanted])
    for place, fallback in zip(wanted, nearest.tolist(), strict=True):
        k = index.get(place.get("troncon"), fallback)
        line = rows[k]["geometry"]
        first = line.interpolate(0).distance(place["geometry"]) <= line.interpolate(line.length).distance(
            place["geometry"]
        )
        stops[place["nature"]][place["code"]] = int(ends[k, 0 if first else 1])
    return stops
