"""Protocols by name: what is frozen, so that figures of different people can stand in one table."""

from dataclasses import dataclass

import numpy as np

from observatoire.risk.arrays import Bools, Floats
from observatoire.risk.grid import Grid

SQUARE_FOOT = 0.3048**2  # m²
SQUARE_MILE = 1609.344**2  # m²
VERSION = "observatoire-bench/1"
HORIZON_DAYS = 7
ORIGINS = 52


@dataclass(frozen=True)
class Nij:
    """The protocol of the NIJ Real-Time Crime Forecasting Challenge (2017).

    Attributes
    ----------
    cell_least, cell_most : float, square feet
    area_least, area_most : float, square miles
        Of all flagged cells together.
    horizons : mapping of name to days
        A month is 365.25 / 12 days, in whole days.

    References
    ----------
    .. [1] National Institute of Justice (2016), Real-Time Crime Forecasting Challenge: forecast area and cell limits,
       PAI; PEI* of Hunt (2016), PAI over the best PAI that the same area could have had.
    """

    cell_least: float = 62_500.0
    cell_most: float = 360_000.0
    area_least: float = 0.25
    area_most: float = 0.75

    @property
    def horizons(self) -> dict[str, int]:
        """Names and days of the horizons."""
        return {"1 week": 7, "2 weeks": 14, "1 month": 30, "2 months": 61, "3 months": 91}

    def check(self, grid: Grid, area: float) -> None:
        """Raise ValueError unless cells and flagged area (square miles) are within the limits."""
        feet = grid.cell**2 / SQUARE_FOOT
        if not self.cell_least <= feet <= self.cell_most:
            low, high = ((limit * SQUARE_FOOT) ** 0.5 for limit in (self.cell_least, self.cell_most))
            raise ValueError(
                f"cell: the NIJ protocol wants {low:.1f} to {high:.1f} m ({self.cell_least:,.0f} to "
                f"{self.cell_most:,.0f} square feet), got {grid.cell:g} m"
            )
        if not self.area_least <= area <= self.area_most:
            raise ValueError(f"area: the NIJ protocol wants {self.area_least} to {self.area_most} sq mi, got {area}")
        if self.cells(grid, area) > grid.n_cells:
            raise ValueError(f"area: {area} sq mi is more than the whole grid of {grid.area_km2:.2f} km²")

    def cells(self, grid: Grid, area: float) -> int:
        """Return how many cells may be flagged: the most whose area does not pass `area` square miles."""
        return max(int(area * SQUARE_MILE / grid.cell**2 + 1e-9), 1)


NIJ = Nij()


@dataclass(frozen=True)
class AreaScore:
    """PAI and PEI* of a flagged area, with what they depend on."""

    pai: float
    pei: float
    caught: float
    most: float
    events: float


def flag_first(expected: Floats, cells: int) -> Bools:
    """Return the `cells` of highest risk; among equals the first of the grid."""
    flagged = np.zeros(len(expected), dtype=bool)
    flagged[np.argsort(-expected, kind="stable")[:cells]] = True
    return flagged


def area_score(flagged: Bools, y: Floats) -> AreaScore:
    """Return PAI = (n/N)/(a/A) and PEI* = n/n*, n* the events of the best cells of the same number.

    >>> area_score(np.array([True, False, False, False]), np.array([2.0, 3.0, 0.0, 1.0]))
    AreaScore(pai=1.3333333333333333, pei=0.6666666666666666, caught=2.0, most=3.0, events=6.0)
    """
    k, total = int(flagged.sum()), float(y.sum())
    caught, most = float(y[flagged].sum()), float(np.sort(y)[::-1][:k].sum())
    pai = caught / total / (k / len(y)) if total else float("nan")
    return AreaScore(pai, caught / most if most else float("nan"), caught, most, total)
