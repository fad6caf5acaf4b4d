"""A worked example for `obs bench-forecast --model docs/my_model.py`: decayed counts, drawn towards the mean."""

import numpy as np
from sklearn.base import BaseEstimator


class Decayed(BaseEstimator):
    """Counts of the past, each week worth 2^(-1/half_life) of the week after it."""

    def __init__(self, half_life=26.0, prior=5.0, steps=1):
        self.half_life = half_life
        self.prior = prior
        self.steps = steps

    def fit(self, X, y=None):  # noqa: ARG002 (scikit-learn's signature)
        """Learn the level of the city: the mean of its last eight weeks."""
        self.level_ = X[:, -8:].sum() / X[:, -8:].shape[1] * self.steps
        return self

    def predict(self, X):
        """Return the expected events of each cell in the next period."""
        weights = 0.5 ** (np.arange(X.shape[1])[::-1] / self.half_life)
        rate = (X @ weights + self.prior * X.mean()) / (weights.sum() + self.prior)
        return self.level_ * rate / rate.sum()


def make(grid, steps):  # noqa: ARG001 (this model does not look at places)
    """Return a fresh estimator; `grid` knows the places of the rows (`grid.centres`, m)."""
    return Decayed(steps=steps)
