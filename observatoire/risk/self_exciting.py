"""Self-exciting mixture on the grid: what share of events each memory and reach explains, by EM."""

import numpy as np

from observatoire.risk.arrays import Floats, Table
from observatoire.risk.base import Forecaster, trials
from observatoire.risk.baselines import WEEKS_OF_LEVEL
from observatoire.risk.grid import Grid
from observatoire.risk.log_linear import BLOCK, GAIN, LEAST, THINNED
from observatoire.risk.maps import FOREVER, maps, mixed, shares
from observatoire.risk.prefix import columns

HALF_LIVES = (2.0, 6.0, 17.0, 52.0, FOREVER)  # periods
REACHES = (0.0, 200.0, 500.0, 1200.0)  # m
TRIALS = 26  # past periods whose events are explained
STEPS_OF_EM = 20  # before Newton's
STEPS_OF_NEWTON = 50
PSEUDO_EVENTS = 5.0  # given to each part beforehand, so that none is lost to chance on a small set


class SelfExciting(Forecaster):
    """An event comes from the background or from an earlier one, near in time and place.

    The probability that the next event falls in cell c is Σ_j θ_j f_j(c), where f_j is the map of past events under one
    decay and one kernel, f_0 is flat, and θ maximises the likelihood of the last periods, each seen from before it: a
    concave problem, solved by expectation and maximisation, then by Newton's method.

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
            came = columns(table, origin, origin + self.steps)
            raw = self._maps(table, origin)
            seen.append(shares(raw[:, came.indices], raw.sum(axis=1), of=raw.shape[1]))
            weight.append(came.data)
        self.theta_ = explain(np.concatenate(seen, axis=1), np.concatenate(weight))

    def _prepare(self, table: Table) -> None:
        self.sums_ = self._maps(table, table.shape[1]).sum(axis=1)

    def _weight(self, table: Table) -> Floats:
        return mixed(self._maps(table, table.shape[1]), self.sums_, self.theta_)


def explain(seen: Floats, weight: Floats, *, pseudo: float = PSEUDO_EVENTS) -> Floats:
    """Return the shares θ that maximise Σ_i weight_i log Σ_j θ_j seen_ji + pseudo Σ_j log θ_j on the simplex.

    Some steps of expectation and maximisation, which only ever climb, then Newton's method; first on some of the
    events where there are many, which leaves two or three steps for all of them.

    Parameters
    ----------
    seen : ndarray, shape (n_parts, n_events)
        Probability of each event's cell under each part.
    weight : ndarray, shape (n_events,)
    """
    theta = np.full(len(seen), 1 / len(seen))
    if not weight.sum() > 0:
        return theta
    if len(weight) >= THINNED * LEAST:
        few = slice(None, None, THINNED)
        theta = _climb(np.ascontiguousarray(seen[:, few]), weight[few] * THINNED, theta, pseudo, STEPS_OF_EM)
        return _climb(seen, weight, theta, pseudo, 0)
    return _climb(seen, weight, theta, pseudo, STEPS_OF_EM)


def _climb(seen: Floats, weight: Floats, theta: Floats, pseudo: float, em: int) -> Floats:
    """Return the best shares after some steps of EM and as many of Newton's as change anything.

    The sum of the shares is free and costs its multiplier, all events and pseudo-events: at the maximum it is 1.
    """
    for _ in range(em):
        theta = theta * (seen @ (weight / np.maximum(theta @ seen, 1e-300))) + pseudo
        theta /= theta.sum()
    mass = float(weight.sum()) + pseudo * len(theta)
    value = _value(seen, weight, theta, pseudo, mass)
    for _ in range(STEPS_OF_NEWTON):
        slope, bend = _slopes(seen, weight, theta, pseudo, mass)
        step = np.linalg.solve(bend, slope)
        promised = float(slope @ step)
        length = min(1.0, 0.9 / max(float((-step / theta).max()), 1e-300))  # no share below a tenth of what it was
        ahead = _value(seen, weight, theta + length * step, pseudo, mass)
        while not ahead >= value and length > 1e-6:
            length /= 2
            ahead = _value(seen, weight, theta + length * step, pseudo, mass)
        if not ahead >= value:
            break
        theta, value = theta + length * step, ahead
        if promised < GAIN:
            break
    return theta / theta.sum()


def _value(seen: Floats, weight: Floats, theta: Floats, pseudo: float, mass: float) -> float:
    likely = float(weight @ np.log(np.maximum(theta @ seen, 1e-300)))
    return likely + pseudo * float(np.log(theta).sum()) - mass * float(theta.sum())


def _slopes(seen: Floats, weight: Floats, theta: Floats, pseudo: float, mass: float) -> tuple[Floats, Floats]:
    """Return the gradient of `_value` and minus its second derivatives."""
    slope, bend = pseudo / theta - mass, np.diag(pseudo / theta**2)
    for k in range(0, len(weight), BLOCK):
        part, w = seen[:, k : k + BLOCK], weight[k : k + BLOCK]
        said = np.maximum(theta @ part, 1e-300)
        slope = slope + part @ (w / said)
        part = part * (np.sqrt(w) / said)
        bend += part @ part.T
    return slope, bend
