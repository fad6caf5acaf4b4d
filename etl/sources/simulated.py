"""The simulated city → collections ``divisions``, ``signalements``, ``faits``.

Source : `observatoire.risk.simulate`, seeded: the same options give the same city, to the byte.
Key    : the simulator's ids.
CRS    : the city's, EPSG:2154.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from observatoire.errors import BadSettings
from observatoire.intake.source import Context, Item, Source
from observatoire.layers.model import Model

if TYPE_CHECKING:
    import pandas as pd

    from observatoire.risk.simulate import SimulatedCity

CRS = "EPSG:2154"


class Simulation(Model):
    """Options in the city's file; the three sources of one city must agree on them."""

    end: str
    years: float = 3.0
    scale: float = 1.0
    seed: int = 0


@lru_cache(maxsize=1)
def _simulated(options: Simulation) -> SimulatedCity:
    from observatoire.risk.simulate import simulate  # scipy and pandas: not for every command

    return simulate(end=options.end, years=options.years, scale=options.scale, random_state=options.seed)


def _city(context: Context) -> SimulatedCity:
    if context.city.crs != CRS:
        raise BadSettings(f"{context.city.id}: crs: the simulated city lies in {CRS}")
    try:
        return _simulated(Simulation.model_validate(dict(context.options)))
    except ValidationError as error:
        first = error.errors()[0]
        raise BadSettings(f"{context.city.id}: options.{first['loc'][0]}: {first['msg']}") from None


def divisions(context: Context) -> Iterator[Item]:
    """Give the divisions of the simulated city."""
    for row in _city(context).divisions.itertuples():
        yield {"source_key": str(row.id), "code": str(row.id), "nom": str(row.name), "geometry": row.geometry}


def reports(context: Context) -> Iterator[Item]:
    """Give the reports of its residents."""
    return _events(_city(context).reports)


def facts(context: Context) -> Iterator[Item]:
    """Give the facts of its day-log."""
    return _events(_city(context).facts)


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
    _source("reports", "signalements", "reported", reports),
    _source("facts", "faits", "reported", facts),
)
