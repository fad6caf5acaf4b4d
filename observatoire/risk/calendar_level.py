"""The city's level with its calendar: how the next period differs from the last ones, if the past bears it out."""

import numpy as np

from observatoire.risk.arrays import Floats
from observatoire.risk.level import level, past_levels
from observatoire.risk.scores import poisson_deviance

TESTED = 26  # last past origins on which the calendar must prove itself
LEAST = 52  # past origins before these from which it learns
RIDGE = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0)  # prior weights tried, in weeks of evidence
LARGEST = 0.7  # largest logarithm of a factor: twice, or half
SURE = 2.0  # standard errors by which it must be better


def calendar_levels(totals: Floats, features: Floats, *, memory: int, steps: int) -> tuple[float, Floats, Floats]:
    """Return the level of the next `steps` periods, and what `past_levels` returns, the calendar taken into account.

    The level is the plain one times exp(β · (x - x̄)), where x are the features of the periods ahead and x̄ their mean
    over the memory; β is a ridge regression of log(came / said). The factor is 1 unless on the last 26 past origins,
    from a β learned before them, it lowered the Poisson deviance of the total by more than two standard errors.

    Parameters
    ----------
    totals : ndarray, shape (n_periods,)
    features : ndarray, shape (>= n_periods + steps, n_features)
        Of the periods and of those ahead; a column that is not known everywhere (NaN) is left out.
    memory, steps : int, periods

    Raises
    ------
    ValueError
        If `features` do not reach to the end of what is forecast.
    """
    n = len(totals)
    if len(features) < n + steps:
        raise ValueError(f"calendar must hold {n + steps} periods, got {len(features)}")
    plain = level(totals, memory=memory, steps=steps)
    said, came = past_levels(totals, memory=memory, steps=steps)
    known = features[: n + steps, np.isfinite(features[: n + steps]).all(axis=0)]
    if len(said) < LEAST + TESTED or known.shape[1] == 0 or (said <= 0).any():
        return plain, said, came
    origins = np.append(np.arange(n - steps - len(said) + 1, n - steps + 1), n)
    x = _ahead(known, origins, memory, steps)
    x, now = x[:-1] / _scale(x[:-1]), x[-1] / _scale(x[:-1])
    y = np.log((came + 0.5) / (said + 0.5))
    ridge = _proved(x, y, said, came)
    if ridge is None:
        return plain, said, came
    beta = _ridge(x, y, ridge)
    return plain * float(_factor(now[None], beta)[0]), said * _factor(x, beta), came


def _ahead(features: Floats, origins: Floats, memory: int, steps: int) -> Floats:
    """Return for each origin the features of the periods ahead, less their mean over the memory."""
    run = np.concatenate([np.zeros((1, features.shape[1])), np.cumsum(features, axis=0)])
    begin = np.maximum(origins - memory, 0)
    before = (run[origins] - run[begin]) / np.maximum(origins - begin, 1)[:, None]
    return np.asarray((run[origins + steps] - run[origins]) / steps - before)


def _scale(x: Floats) -> Floats:
    spread = np.sqrt((x**2).mean(axis=0))
    return np.where(spread > 1e-9, spread, np.inf)


def _proved(x: Floats, y: Floats, said: Floats, came: Floats) -> float | None:
    """Return the ridge that the earlier origins choose, if with it the last ones are forecast better than without."""
    n = len(y) - TESTED
    middle = n - TESTED // 2
    tried = [(_loss(x[middle:n], _ridge(x[:middle], y[:middle], r), said[middle:n], came[middle:n]), r) for r in RIDGE]
    ridge = min(tried)[1]
    factor = _factor(x[n:], _ridge(x[:n], y[:n], ridge))
    won = np.array([
        poisson_deviance(s[None], c[None]) - poisson_deviance((s * f)[None], c[None])
        for s, c, f in zip(said[n:], came[n:], factor, strict=True)
    ])  # fmt: skip
    error = float(won.std(ddof=1)) / len(won) ** 0.5
    return ridge if won.mean() > SURE * error > 0 else None


def _loss(x: Floats, beta: Floats, said: Floats, came: Floats) -> float:
    return poisson_deviance(said * _factor(x, beta), came)


def _ridge(x: Floats, y: Floats, ridge: float) -> Floats:
    return np.asarray(np.linalg.solve(x.T @ x + ridge * np.eye(x.shape[1]), x.T @ y))


def _factor(x: Floats, beta: Floats) -> Floats:
    return np.asarray(np.exp(np.clip(x @ beta, -LARGEST, LARGEST)))
