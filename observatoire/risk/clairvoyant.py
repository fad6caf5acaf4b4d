"""The clairvoyant reference: an empirical Bayes that sees all other periods, past and future."""

from itertools import product

import numpy as np

from observatoire.risk.arrays import Floats, Table
from observatoire.risk.base import weighted
from observatoire.risk.grid import Grid
from observatoire.risk.scores import hits, poisson_deviance
from observatoire.risk.smooth import smooth

HALF_LIVES = (8.0, 17.0, 35.0, 70.0, 140.0)  # periods, both ways
BANDWIDTHS = (150.0, 300.0, 600.0)  # m
PRIORS = (4.0, 15.0, 60.0)  # periods


def clairvoyant(table: Table, grid: Grid, origins: list[int], *, steps: int = 1) -> tuple[Floats, Floats]:
    """Return PAI at 2 % and deviance of the reference at each origin, its options chosen with hindsight by deviance.

    Parameters
    ----------
    table : sparse array, shape (n_cells, n_periods)
        Past and future.
    origins : list of int
        Periods before each test period of `steps` periods; that period alone is hidden, but for its total.

    Notes
    -----
    Gamma–Poisson as in `gamma_poisson`, with weights 2^(-|k|/half-life) on both sides. No forecast can be made with it.
    It is a reference and no bound: a model of another kind may pass it.
    """
    best: tuple[float, Floats, Floats] | None = None
    came = [np.asarray(table[:, k : k + steps].sum(axis=1), dtype=float).ravel() for k in origins]
    for half_life in HALF_LIVES:
        seen = [_seen(table, k, steps, half_life) for k in origins]
        for bandwidth, kappa in product(BANDWIDTHS, PRIORS):
            scores = [
                _score(counts, total, y, grid, bandwidth, kappa)
                for (counts, total), y in zip(seen, came, strict=True)
            ]  # fmt: skip
            pai, deviance = np.array(scores).T
            if best is None or deviance.mean() < best[0]:
                best = float(deviance.mean()), pai, deviance
    assert best is not None
    return best[1], best[2]


def _seen(table: Table, origin: int, steps: int, half_life: float) -> tuple[Floats, float]:
    """Return the decayed counts of all other periods, and the sum of their weights."""
    at = np.arange(table.shape[1])
    away = np.maximum(origin - at, at - (origin + steps - 1))
    weights = np.where(away > 0, 0.5 ** ((np.maximum(away, 1) - 1) / half_life), 0.0)
    return weighted(table, weights), float(weights.sum())


def _score(counts: Floats, weight: float, y: Floats, grid: Grid, bandwidth: float, kappa: float) -> tuple[float, float]:
    rate = counts / weight
    prior = 0.999 * smooth(rate, grid, bandwidth=bandwidth) + 0.001 * rate.mean()
    risk = counts + kappa * prior
    expected = np.maximum(risk * (y.sum() / max(risk.sum(), 1e-300)), 1e-12)
    return hits(risk, y, fraction=0.02).pai, poisson_deviance(expected, y)
