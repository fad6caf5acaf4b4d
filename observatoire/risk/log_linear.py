"""Ridge Poisson regression by Newton's method, one pass over the rows a step."""

from typing import Self

import numpy as np

from observatoire.risk.arrays import Floats

BLOCK = 4096  # rows looked at together: they stay in the processor's cache
THINNED = 8  # rows of which one is looked at first
LEAST = 4096  # rows so looked at, at least
STEPS = 50
GAIN = 1e-3  # log-likelihood that a step promises, below which it is the last: what is left is its square


class LogLinear:
    """y ~ Poisson(exp(b + β z)), weighted, with a Gaussian prior on β.

    Attributes
    ----------
    intercept_ : float
    coef_ : ndarray, shape (n_features,)

    References
    ----------
    .. [1] McCullagh & Nelder (1989), Generalized Linear Models, 2.5: the maximum by repeated weighted least squares.
    """

    def fit(self, Z: Floats, y: Floats, weight: Floats, *, penalty: float) -> Self:
        """Maximise Σ w (y η - exp η) - penalty/2 |β|², η = b + β z.

        One row of eight is enough to come near the maximum; all of them then need two or three steps.

        Parameters
        ----------
        Z : ndarray, shape (n_features, n_rows)
        y, weight : ndarray, shape (n_rows,), >= 0, some of both > 0
        """
        mean = float(weight @ y) / float(weight.sum())
        start = np.concatenate([[np.log(mean)], np.zeros(len(Z))])
        if len(y) >= THINNED * LEAST:
            few = slice(None, None, THINNED)
            if float(weight[few] @ y[few]) > 0:
                start = _maximum(np.ascontiguousarray(Z[:, few]), y[few], weight[few] * THINNED, penalty, start)
        found = _maximum(Z, y, weight, penalty, start)
        self.intercept_, self.coef_ = float(found[0]), found[1:]
        return self

    def predict(self, X: Floats) -> Floats:
        """Return the rate of each row of X, shape (n_rows, n_features)."""
        return np.asarray(np.exp(X @ self.coef_ + self.intercept_))


def _maximum(Z: Floats, y: Floats, weight: Floats, penalty: float, start: Floats) -> Floats:
    """Return the coefficients, the intercept first; the best so far where the steps do not suffice."""
    prior = np.full(len(start), penalty)
    prior[0] = 0.0
    at = start
    value, slope, bend = _look(Z, y, weight, prior, at)
    for _ in range(STEPS):
        step = np.linalg.solve(bend, slope)
        promised = float(slope @ step)
        length = 1.0
        ahead = _look(Z, y, weight, prior, at + step) if promised >= GAIN else (value, slope, bend)
        while not ahead[0] >= value and length > 1e-6:  # also where it is not a number
            length /= 2
            ahead = _look(Z, y, weight, prior, at + length * step)
        if not ahead[0] >= value:
            break
        at = at + length * step
        if promised < GAIN:
            break
        value, slope, bend = ahead
    return at


def _look(Z: Floats, y: Floats, weight: Floats, prior: Floats, at: Floats) -> tuple[float, Floats, Floats]:
    """Return the penalised log-likelihood, its gradient, and minus its second derivatives."""
    n = len(prior)
    value, slope, bend = -0.5 * float(prior @ at**2), -prior * at, np.diag(prior)
    rows = np.empty((n, BLOCK))
    for k in range(0, len(y), BLOCK):
        z, came, w = Z[:, k : k + BLOCK], y[k : k + BLOCK], weight[k : k + BLOCK]
        eta = at[1:] @ z + at[0]
        with np.errstate(over="ignore"):
            said = np.exp(eta)
        value += float(w @ (came * eta - said))
        off = w * (came - said)
        slope[0] += off.sum()
        slope[1:] += z @ off
        root = np.sqrt(w * said)
        part = rows[:, : len(came)]
        part[0] = root
        np.multiply(z, root, out=part[1:])
        bend += part @ part.T
    return value, slope, bend
