"""Why a place: what would be expected of each cell were one kind of the past alike everywhere."""

from copy import copy
from typing import Any, Literal, get_args

import numpy as np

from observatoire.risk.arrays import Bools, Floats, Table
from observatoire.risk.base import Forecaster
from observatoire.risk.ensemble import Ensemble
from observatoire.risk.penalised_poisson import PenalisedPoisson
from observatoire.risk.self_exciting import HALF_LIVES, SelfExciting

#: Events of the cell itself, of late and of old; those around it; those of the same season in past years.
type Kind = Literal["recent", "lasting", "around", "season"]
KINDS: tuple[Kind, ...] = get_args(Kind.__value__)
RECENT = 6.0  # weeks: half-lives up to it are "of late"


def without(model: Forecaster, table: Table) -> dict[Kind, Floats]:
    """Return, for each kind of the past, the expected events of each cell were that kind alike in all cells.

    The maps that the members of the ensemble read of that kind are made flat, and all else is left as it was fitted;
    the city's total stays the same. Nothing is learned anew: it is what this very model would say.

    Parameters
    ----------
    model : Forecaster
        An `Ensemble` of `SelfExciting` and `PenalisedPoisson`, fitted on `table`.
    table : shape (n_cells, n_periods), events

    Returns
    -------
    dict of kind to ndarray, shape (n_cells,), events
        Empty for a model of another make: it is not known what it reads.

    Examples
    --------
    >>> without(Forecaster(), np.zeros((2, 2)))
    {}
    """
    if not isinstance(model, Ensemble) or not all(map(_known, model.members_)):
        return {}
    return {kind: _expected(model, table, kind) for kind in KINDS}


def _known(member: Forecaster) -> bool:
    return isinstance(member, SelfExciting | PenalisedPoisson) and member.grid is not None


def _expected(model: Ensemble, table: Table, kind: Kind) -> Floats:
    other = copy(model)
    other.members_ = [_flattened(member, kind) for member in model.members_]
    weight = other._weight(table)
    return np.asarray(model.level_ * weight / weight.sum())


def _flattened(member: Any, kind: Kind) -> Forecaster:
    """Return the member as it would read maps of which those of a kind are flat, each with the sum that it has."""
    flat, read = _rows(member, kind), member._maps

    def maps(table: Table, n_periods: int) -> Floats:
        raw = np.array(read(table, n_periods))
        raw[flat] = member.sums_[flat, None] / raw.shape[1]
        return raw

    other: Forecaster = copy(member)
    other._maps = maps  # of this copy only
    other._fitted = None
    return other


def _rows(member: SelfExciting | PenalisedPoisson, kind: Kind) -> Bools:
    """Return which of the member's maps are of a kind: reaches run slower than half-lives."""
    reach = np.repeat(member.reaches, len(member.half_lives))
    late = np.tile(np.array(HALF_LIVES[: len(member.half_lives)]) <= RECENT, len(member.reaches))
    own = {"recent": (reach == 0) & late, "lasting": (reach == 0) & ~late, "around": reach > 0}
    decayed = own.get(kind, np.zeros(len(reach), dtype=bool))
    if isinstance(member, SelfExciting):
        return np.concatenate([[False], decayed])
    return np.concatenate([decayed, np.full(len(member.sums_) - len(decayed), kind == "season")])
