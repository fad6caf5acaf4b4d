"""Self-exciting mixture on the grid: what share of events each memory and reach explains, by EM."""

import numpy as np

from observatoire.risk.arrays import Floats, Table
from observatoire.risk.base import Forecaster, trials
from observatoire.risk.baselines import WEEKS_OF_LEVEL
from observatoire.risk.grid import Grid
from observatoire.risk.maps import FOREVER, maps, shares

HALF_LIVES = (2.0, 6.0, 17.0, 52.0, FOREVER)  # periods
REACHES = (0.0, 200.0, 500.0, 1200.0)  # m
TRIALS = 26  # past periods whose events are explained
STEPS_OF_EM = 100
PSEUDO_EVENTS = 5.0  # given to each part beforehand, so that none is lost to chance on a small set


class SelfExciting(Forecaster):
    """An event comes from the background or from an earlier one, near in time and place.

    The probability that the next event falls in cell c is Σ_j θ_j f_j(c), where f_j is the map of past events under one
    decay and one kernel, f_0 is flat, and θ maximises the likelihood of the last periods, each seen from before it: a
    concave problem, solved by expectation and maximisation.

    Parameters
    ----------
    grid : Grid or None
        Without a grid nothing spreads to neighbours.
    half_lives : tuple of float, periods
    reaches : tuple of float, m
    memory, steps : int, periods

    Attributes
    ----------
    theta_ : ndarray, shape (1 + n_half_lives · n_reaches,)
        Share of each part; the first is flat.

    References
    ----------
    .. [1] Mohler et al. (2011), J. Am. Stat. Assoc. 106, 100–108: background and triggering separated by EM.
    """

    def __init__(
        self,
        *,
        grid: Grid | None = None,
        half_lives: tuple[float, ...] = HALF_LIVES,
        reaches: tuple[float, ...] = REACHES,
        memory: int = WEEKS_OF_LEVEL,
        steps: int = 1,
    ) -> None:
        self.grid = grid
        self.half_lives = half_lives
        self.reaches = reaches
        self.memory = memory
        self.steps = steps

    def _maps(self, table: Table, n_periods: int) -> Floats:
        return maps(table, n_periods, grid=self.grid, half_lives=self.half_lives, reaches=self.reaches)

    def _choose(self, table: Table) -> None:
        parts = 1 + len(self.half_lives) * (1 if self.grid is None else len(self.reaches))
        seen, weight = [np.empty((parts, 0))], [np.empty(0)]
        for origin in trials(table.shape[1] - self.steps + 1, most=TRIALS, every=2).tolist():
            came = table[:, origin : origin + self.steps].tocoo()
            seen.append(shares(self._maps(table, origin))[:, came.coords[0]])
            weight.append(came.data)
        self.theta_ = explain(np.concatenate(seen, axis=1), np.concatenate(weight))

    def _prepare(self, table: Table) -> None:
        self.sums_ = self._maps(table, table.shape[1]).sum(axis=1)

    def _weight(self, table: Table) -> Floats:
        return np.asarray(self.theta_ @ shares(self._maps(table, table.shape[1]), self.sums_))


def explain(seen: Floats, weight: Floats, *, steps: int = STEPS_OF_EM, pseudo: float = PSEUDO_EVENTS) -> Floats:
    """Return the shares θ that maximise Σ_i weight_i log Σ_j θ_j seen_ji + pseudo Σ_j log θ_j on the simplex.

    Parameters
    ----------
    seen : ndarray, shape (n_parts, n_events)
        Probability of each event's cell under each part.
    weight : ndarray, shape (n_events,)
    """
    theta = np.full(len(seen), 1 / len(seen))
    for _ in range(steps if weight.sum() > 0 else 0):
        theta = theta * (seen @ (weight / np.maximum(theta @ seen, 1e-300))) + pseudo
        theta /= theta.sum()
    return theta
