"""The simulated city → collections ``divisions``, ``signalements``, ``faits``.

Source : `observatoire.town`, seeded: the same options give the same city, to the byte.
Key    : the simulator's ids.
CRS    : the city's, EPSG:2154.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from observatoire.errors import BadSettings
from observatoire.intake.source import Context, Item, Source
from observatoire.layers.model import Model

if TYPE_CHECKING:
    import pandas as pd

    from observatoire.town.city import Town

CRS = "EPSG:2154"


class Simulation(Model):
    """Options in the city's file; all simulated sources of one city must agree on them."""

    end: str
    years: float = Field(default=3.0, gt=0)
    scale: float = Field(default=1.0, gt=0)
    seed: int = 0
    discovery: float = Field(default=0.3, ge=0, lt=1, description="Share of the facts that patrols discover")
    reporting: float = Field(default=0.0, ge=0, description="How unevenly divisions report; 0: all alike")


@lru_cache(maxsize=1)
def _simulated(options: Simulation) -> Town:
    from observatoire.town.city import town  # scipy and pandas: not for every command

    return town(
        end=options.end,
        years=options.years,
        scale=options.scale,
        random_state=options.seed,
        discovery=options.discovery,
        reporting=options.reporting,
    )


def simulated_town(context: Context) -> Town:
    """Return the simulated city that the options of a source describe; drawn once per process.

    Raises
    ------
    BadSettings
        If the options are wrong, or the city does not lie in the CRS of the simulation.
    """
    if context.city.crs != CRS:
        raise BadSettings(f"{context.city.id}: crs: the simulated city lies in {CRS}")
    try:
        return _simulated(Simulation.model_validate(dict(context.options)))
    except ValidationError as error:
        first = error.errors()[0]
        raise BadSettings(f"{context.city.id}: options.{first['loc'][0]}: {first['msg']}") from None


def divisions(context: Context) -> Iterator[Item]:
    """Give the divisions of the simulated city."""
    for row in simulated_town(context).base.divisions.itertuples():
        yield {"source_key": str(row.id), "code": str(row.id), "nom": str(row.name), "geometry": row.geometry}


def sectors(context: Context) -> Iterator[Item]:
    """Give the four sectors of the simulated city, a second system: the divisions by the side on which they lie."""
    import numpy as np  # as above
    import shapely

    frame = simulated_town(context).base.divisions
    centre, at = frame.union_all().centroid, frame.geometry.centroid
    angle = np.arctan2(at.y - centre.y, at.x - centre.x)
    eighth = np.pi / 4
    side = np.select([abs(angle) <= eighth, abs(angle) >= 3 * eighth, angle > 0], ["E", "O", "N"], "S")
    names = {"N": "Secteur nord", "E": "Secteur est", "S": "Secteur sud", "O": "Secteur ouest"}
    for code, name in names.items():
        shape = shapely.union_all(frame.geometry[side == code].to_numpy())
        yield {"source_key": f"S{code}", "code": f"S{code}", "nom": name, "systeme": "secteur", "geometry": shape}


def reports(context: Context) -> Iterator[Item]:
    """Give the reports of its residents."""
    return _events(simulated_town(context).reports)


def facts(context: Context) -> Iterator[Item]:
    """Give the facts of its day-log."""
    found = simulated_town(context).facts
    ends = found["until"].astype(object).where(found["until"].notna(), None)
    for item, end in zip(_events(found), ends.tolist(), strict=True):
        yield item if end is None else item | {"until": end.to_pydatetime()}


def _events(events: pd.DataFrame) -> Iterator[Item]:
    dates = events["date"].dt.to_pydatetime()
    names: list[str] = ["id", "x", "y", "nature", "origin", "precision"]
    columns: list[Any] = [events[name].tolist() for name in names]
    for date, (key, x, y, nature, origin, precision) in zip(dates, zip(*columns, strict=True), strict=True):
        yield {
            "source_key": key,
            "reference": key,
            "date": date,
            "x": x,
            "y": y,
            "nature": nature,
            "origin": origin,
            "precision": precision,
        }


def _source(name: str, collection: str, origin: str, items: Callable[[Context], Iterator[Item]]) -> Source:
    # Planned: the simulation may end after the date of the machine.
    return Source(id=f"simulated-{name}", collection=collection, origin=origin, items=items, planned=True)


SOURCES = (
    _source("divisions", "divisions", "administrative", divisions),
    _source("sectors", "divisions", "administrative", sectors),
    _source("reports", "signalements", "reported", reports),
    _source("facts", "faits", "reported", facts),
)
