"""A forecast of a collection of the store, as it is made and before it is kept."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # scikit-learn takes seconds to load, and whoever only reads the ledger does without
    from observatoire.risk.forecast import Forecast
    from observatoire.risk.grid import Grid


@dataclass(frozen=True, eq=False)
class StoreForecast:
    """A forecast, and the cells that its rows speak of, in the same order."""

    target: str
    horizon_days: int
    forecast: "Forecast"
    grid: "Grid"
