"""Simple rules that every forecast is held against."""

import numpy as np

from observatoire.risk.arrays import Floats, Table
from observatoire.risk.base import Forecaster, weighted
from observatoire.risk.grid import Grid
from observatoire.risk.maps import FOREVER, decay, season
from observatoire.risk.smooth import smooth

WEEKS_OF_LEVEL = 8  # protocol: level is the mean of the last 8 weeks
UNIFORM = 0.1  # protocol: share mixed with a flat map, so that an empty cell is not impossible


class Flat(Forecaster):
    """Every cell alike."""

    def __init__(self, *, memory: int = WEEKS_OF_LEVEL, steps: int = 1) -> None:
        self.memory = memory
        self.steps = steps

    def _weight(self, table: Table) -> Floats:
        return np.ones(table.shape[0])


class Count(Forecaster):
    """The count of the last `window` periods, mixed with a flat map.

    Parameters
    ----------
    window : int or None, periods
        None counts the whole past.
    memory : int, periods
        Over which the city's level is the mean.
    steps : int, periods
        Forecast together.
    uniform : float, 0 to 1
        Share spread evenly.
    """

    def __init__(
        self, *, window: int | None = 52, memory: int = WEEKS_OF_LEVEL, steps: int = 1, uniform: float = UNIFORM
    ) -> None:
        self.window = window
        self.memory = memory
        self.steps = steps
        self.uniform = uniform

    def _prepare(self, table: Table) -> None:
        if not 0 <= self.uniform <= 1:
            raise ValueError(f"uniform must be between 0 and 1, got {self.uniform}")
        self.mass_ = float(self._count(table).sum())

    def share(self, table: Table) -> Floats:
        """Return each cell's share of what comes after a past, not fitted before; all cells alike without events."""
        count, even = self._count(table), 1 / table.shape[0]
        mass = float(count.sum())
        return (1 - self.uniform) * count / mass + self.uniform * even if mass > 0 else np.full(len(count), even)

    def _weight(self, table: Table) -> Floats:
        even = np.full(table.shape[0], 1 / self.n_cells_)
        if self.mass_ == 0:
            return even
        return (1 - self.uniform) * self._count(table) / self.mass_ + self.uniform * even

    def _count(self, table: Table) -> Floats:
        n_periods = table.shape[1]
        window = n_periods if self.window is None else min(self.window, n_periods)
        return weighted(table, (np.arange(n_periods) >= n_periods - window).astype(float))


class Seasonal(Count):
    """The count of the same season: the periods around this one, one and two years ago; of all the past before that.

    Parameters
    ----------
    year : int, periods
    """

    def __init__(
        self, *, year: int = 52, memory: int = WEEKS_OF_LEVEL, steps: int = 1, uniform: float = UNIFORM
    ) -> None:
        super().__init__(window=None, memory=memory, steps=steps, uniform=uniform)
        self.year = year

    def _count(self, table: Table) -> Floats:
        same = season(table, table.shape[1], grid=None, year=self.year)[0]
        return same if table.shape[1] >= self.year else super()._count(table)


class Kernel(Count):
    """A decayed count spread to its neighbours: kernel density, exponential decay, prospective hot spot.

    Parameters
    ----------
    half_life : float, periods
        Infinity forgets nothing within the window.
    bandwidth : float, m
        Of the Gaussian kernel; not used without a grid.
    grid : Grid or None
    """

    def __init__(
        self,
        *,
        half_life: float = FOREVER,
        bandwidth: float = 150.0,
        grid: Grid | None = None,
        window: int | None = 52,
        memory: int = WEEKS_OF_LEVEL,
        steps: int = 1,
        uniform: float = 0.01,
    ) -> None:
        super().__init__(window=window, memory=memory, steps=steps, uniform=uniform)
        self.half_life = half_life
        self.bandwidth = bandwidth
        self.grid = grid

    def _count(self, table: Table) -> Floats:
        n_periods = table.shape[1]
        window = n_periods if self.window is None else min(self.window, n_periods)
        weights = decay(n_periods, self.half_life) * (np.arange(n_periods) >= n_periods - window)
        counts = weighted(table, weights)
        return counts if self.grid is None else smooth(counts, self.grid, bandwidth=self.bandwidth)


class CountLastYear(Count):
    """The count of the last 52 weeks, level of the last 8, 10 % flat: see `BestCount`."""

    def __init__(
        self, *, window: int = 52, memory: int = WEEKS_OF_LEVEL, steps: int = 1, uniform: float = UNIFORM
    ) -> None:
        super().__init__(window=window, memory=memory, steps=steps, uniform=uniform)
