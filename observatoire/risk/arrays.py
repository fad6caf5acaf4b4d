"""Words for arrays, used in the signatures of `observatoire.risk`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Bools = NDArray[np.bool_]
type Dates = NDArray[np.datetime64]
type Table = Any  # scipy.sparse.csc_array, shape (n_cells, n_periods), counts; oldest period first


def objects(values: Sequence[Any]) -> NDArray[Any]:
    """Return a column of objects, shape (n,), whatever they are: numpy would take sequences apart."""
    column = np.empty(len(values), dtype=object)
    column[:] = list(values)
    return column
