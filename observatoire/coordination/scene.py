"""The city around works, as a caller may see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from psycopg import sql

from observatoire.coordination.agenda import read_agenda
from observatoire.coordination.calendar import Span, margins
from observatoire.coordination.items import Unreadable, each, named, work_of
from observatoire.coordination.reader import Reader, Row
from observatoire.coordination.risk import read_risk
from observatoire.coordination.streets import Streets, read_streets
from observatoire.risk.arrays import objects
from observatoire.works.model import Work
from observatoire.works.scene import Lamps, Places, Scene

AROUND = 1_000.0  # m: forecasts and lamps are read that far around works
REACH = 15.0  # m that a lamp lights around it


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What works are looked at against.

    Attributes
    ----------
    scene : Scene
    streets : Streets or None
    unreadable : list of Unreadable
    forecast : mapping or None
        Which forecast the scene holds: `target`, `as_of`, `debut`, `fin`.
    """

    scene: Scene
    streets: Streets | None
    unreadable: list[Unreadable]
    forecast: Mapping[str, Any] | None


@dataclass(frozen=True, eq=False)
class Standing:
    """Works that stand, placed on the street graph, those that are finished, and what they are read with."""

    works: list[Work]
    past: list[Work]
    streets: Streets | None
    places: list[Row]
    unreadable: list[Unreadable]

    def placed(self, work: Work) -> Work:
        """Return other works, placed in the same way; a closed carriageway has its shortest detour."""
        return work if self.streets is None else self.streets.detoured(self.streets.placed(work))


def read_standing(reader: Reader) -> Standing:
    """Return the works of `chantiers` that are not cancelled.

    References that several items share are followed by the item's id: `2026-12/345`. A detour is given to those that
    say that one is signed: the shortest way around what they close.
    """
    places = reader.rows("lieux-sensibles", key="code")
    streets = read_streets(reader, places)
    rows = named(reader.rows("chantiers", sql.SQL("statut <> 'annule'")))
    reader.items |= {row["reference"]: ("chantiers", row["id"]) for row in rows}
    signed = {str(row["reference"]) for row in rows if row.get("deviation")}
    made, refused = each("chantiers", rows, work_of, reader.city.time_zone)
    works = []
    for work in made:
        placed = work if streets is None else streets.placed(work)
        works.append(streets.detoured(placed) if streets is not None and work.id in signed else placed)
    standing, past = ([w for w in works if (w.status == "termine") is over] for over in (False, True))
    return Standing(standing, past, streets, places, refused)


def read_surroundings(reader: Reader, standing: Standing, works: Sequence[Work], *, farthest: int) -> Surroundings:
    """Return the city around some works, and around the dates to which they may be moved.

    Parameters
    ----------
    works : sequence of Work
        Those that are looked at; all others of `standing` are in the scene too.
    farthest : int, d
    """
    agenda, refused = read_agenda(reader, margins(_span(works), farthest + 64), standing.places)
    around = shapely.box(*shapely.total_bounds([w.footprint for w in works])).buffer(AROUND)
    risk = read_risk(reader, around)
    scene = Scene(
        works=standing.works,
        past=standing.past,
        agenda=agenda,
        places=_places(standing),
        network=None if standing.streets is None else standing.streets.network,
        risk=None if risk is None else risk[0],
        lamps=_lamps(reader, around) if any(w.lighting_cut for w in works) else _no_lamps(),
        renewed=None if standing.streets is None else standing.streets.renewed or None,
    )
    return Surroundings(scene, standing.streets, standing.unreadable + refused, None if risk is None else risk[1])


def with_works(city: Surroundings, works: Sequence[Work]) -> Surroundings:
    """Return the same city with other versions of some works."""
    new = {w.id: w for w in works}
    return replace(city, scene=replace(city.scene, works=[new.get(w.id, w) for w in city.scene.works]))


def _span(works: Sequence[Work]) -> Span:
    return min(w.schedule.start for w in works), max(w.schedule.end for w in works)


def _places(standing: Standing) -> Places | None:
    """Return sensitive places with their capacity, and segments with their residents."""
    rows: list[tuple[str, str, Any, Any]] = [
        (row["code"], row["nature"], row["geometry"], row.get("capacite")) for row in standing.places
    ]
    if standing.streets is not None:
        rows += [
            (row["code"], "residents", row["geometry"], row["habitants"])
            for row in standing.streets.rows
            if row.get("habitants")
        ]
    if not rows:
        return None
    columns = [objects([row[c] for row in rows]) for c in range(3)]
    people = np.array([np.nan if row[3] is None else row[3] for row in rows], dtype=float)
    return Places(columns[0], columns[1], columns[2], people)


def _lamps(reader: Reader, around: Any) -> Lamps | None:
    """Return the lamps that work, each as the disc that it lights; None where none is known at all."""
    condition, parameters = reader.near(around)
    rows = reader.rows("eclairage", condition, parameters, key="code")
    if not rows:
        return None
    lit = [row for row in rows if row["etat"] == "en-service"]
    discs = shapely.buffer([row["geometry"] for row in lit], REACH)
    return Lamps(objects([row["code"] for row in lit]), objects(list(discs)))


def _no_lamps() -> Lamps:
    """Return no lamp: no works put any out."""
    return Lamps(objects([]), objects([]))
