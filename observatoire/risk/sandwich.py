"""How sure the coefficients of a penalised Poisson regression are."""

import numpy as np

from observatoire.risk.arrays import Floats, Ints


def covariance(X: Floats, y: Floats, weight: Floats, said: Floats, cells: Ints, *, penalty: float) -> Floats:
    """Return the covariance of the coefficients of a ridge Poisson regression, robust to cells that differ.

    Parameters
    ----------
    X : ndarray, shape (n_rows, n_features)
        Standardised; the intercept is not in it.
    y, weight, said : ndarray, shape (n_rows,)
        What came, the weight of the row in the likelihood, and what was fitted.
    cells : ndarray of int, shape (n_rows,)
        Rows of one cell are alike.
    penalty : float
        Precision of the Gaussian prior of each coefficient but the intercept.

    Returns
    -------
    ndarray, shape (n_features, n_features)
        P⁻¹ (B + prior) P⁻¹, P = information + prior, where B, the sum over cells of the outer products of their scores,
        stands for the information that independent Poisson counts would have.

    References
    ----------
    .. [1] Liang & Zeger (1986), Longitudinal data analysis using generalized linear models, Biometrika 73, 13–22.
    """
    design = np.column_stack([np.ones(len(X)), X])
    prior = np.diag([0.0, *np.full(X.shape[1], penalty)])
    precision = (design * (weight * said)[:, None]).T @ design + prior
    scores = np.zeros((int(cells.max()) + 1, design.shape[1]))
    np.add.at(scores, cells, design * (weight * (y - said))[:, None])
    bread = np.linalg.inv(precision)
    return np.asarray((bread @ (scores.T @ scores + prior) @ bread)[1:, 1:])
