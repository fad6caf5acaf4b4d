"""Hit rate against area: which share of the events the first cells of a map hold."""

import numpy as np

from observatoire.risk.arrays import Floats

AREAS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0)


def caught(risk: Floats, y: Floats, shares: Floats) -> Floats:
    """Return the events in the cells of highest risk, for each share of the area.

    Parameters
    ----------
    risk : ndarray, shape (n_cells,)
    y : ndarray, shape (n_cells,), events
    shares : ndarray, shape (k,), 0 to 1
        Of the area. Where a share is not a whole number of cells the last one counts in part; equal cells count as the
        mean over random orders, so that a flat map lies on the diagonal.

    Returns
    -------
    ndarray, shape (k,), events

    Examples
    --------
    >>> caught(np.array([9.0, 5, 5, 1]), np.array([3.0, 1, 0, 2]), np.array([0.25, 0.5, 1.0]))
    array([3. , 3.5, 6. ])
    """
    order = np.argsort(-risk, kind="stable")
    _, first, n = np.unique(-risk[order], return_index=True, return_counts=True)
    even = np.repeat(np.add.reduceat(y[order], first) / n, n)
    run = np.concatenate([[0.0], np.cumsum(even)])
    return np.asarray(np.interp(np.asarray(shares) * len(risk), np.arange(len(risk) + 1), run))
