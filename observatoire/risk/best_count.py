"""« The count »: of one year, unless the past shows that a longer or a decayed one says better where things happen."""

import numpy as np

from observatoire.risk.arrays import Floats, Table
from observatoire.risk.base import Forecaster, trials
from observatoire.risk.baselines import WEEKS_OF_LEVEL, Count, CountLastYear, Kernel
from observatoire.risk.grid import Grid
from observatoire.risk.prefix import columns, prefix

TRIALS = 26  # past periods on which the counts are compared
LEAST = 8  # under which the year's stays
SURE = 1.64  # standard errors, one-sided 95 %, by which another must be better


class BestCount(Forecaster):
    """The count of one year, of the whole past, or a decayed one: what a model must beat, and what is served otherwise.

    Each says where the events of the last periods would be, from what was before them. The one of greatest likelihood
    is taken of those that are surely better than the count of one year, paired over these periods; else that one.

    Parameters
    ----------
    grid : Grid or None
    year : int, periods
    half_life : float, periods
    memory, steps : int, periods

    Attributes
    ----------
    rule_ : Count
        The one chosen.
    name_ : {"year", "all", "decayed"}
        Its name.
    """

    def __init__(
        self,
        *,
        grid: Grid | None = None,
        year: int = 52,
        half_life: float = 17.0,
        memory: int = WEEKS_OF_LEVEL,
        steps: int = 1,
    ) -> None:
        self.grid = grid
        self.year = year
        self.half_life = half_life
        self.memory = memory
        self.steps = steps

    def _choose(self, table: Table) -> None:
        usual: Count = CountLastYear(window=self.year)
        decayed = Kernel(grid=self.grid, half_life=self.half_life, window=None)
        others: dict[str, Count] = {"all": Count(window=None), "decayed": decayed}
        origins = trials(table.shape[1] - self.steps + 1, most=TRIALS).tolist()
        self.rule_, self.name_ = usual, "year"
        if len(origins) < LEAST:
            return
        base = self._likely(usual, table, origins)
        best = 0.0
        for name, rule in others.items():
            won = self._likely(rule, table, origins) - base
            error = float(won.std(ddof=1)) / len(won) ** 0.5
            if won.mean() > SURE * error and won.mean() > best:
                self.rule_, self.name_, best = rule, name, float(won.mean())

    def _likely(self, rule: Count, table: Table, origins: list[int]) -> Floats:
        """Return the log-likelihood of the places of what came after each origin, as the rule shares it out."""
        found = []
        for origin in origins:
            came = columns(table, origin, origin + self.steps)
            found.append(float(came.data @ np.log(np.maximum(rule.share(prefix(table, origin))[came.indices], 1e-300))))
        return np.array(found)

    def _prepare(self, table: Table) -> None:
        self.rule_.n_cells_ = self.n_cells_
        self.rule_._prepare(table)

    def _weight(self, table: Table) -> Floats:
        return self.rule_._weight(table)
