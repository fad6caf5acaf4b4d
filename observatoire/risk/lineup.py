"""The models that stand behind a served forecast."""

from observatoire.risk.base import Forecaster
from observatoire.risk.baselines import CountLastYear, Flat
from observatoire.risk.grid import Grid
from observatoire.risk.self_exciting import HALF_LIVES, SelfExciting
from observatoire.risk.spans import WEEK, Horizon

WEEKS_OF_LEVEL = 8
WEEKS_OF_REFIT = 13


def lineup(grid: Grid, horizon: Horizon) -> dict[str, Forecaster]:
    """Return the flat map, the count of one year and the model, not fitted, for periods of a horizon."""
    memory, steps = horizon.weeks(WEEKS_OF_LEVEL), horizon.steps
    half_lives = tuple(weeks * WEEK / horizon.period for weeks in HALF_LIVES)
    return {
        "flat": Flat(memory=memory, steps=steps),
        "count": CountLastYear(window=horizon.weeks(52), memory=memory, steps=steps),
        "model": SelfExciting(grid=grid, half_lives=half_lives, memory=memory, steps=steps),
    }
