"""The models that stand behind a served forecast."""

from typing import Literal

from observatoire.executor.base import INLINE, Executor
from observatoire.risk.arrays import Floats
from observatoire.risk.base import Forecaster
from observatoire.risk.baselines import Flat
from observatoire.risk.best_count import BestCount
from observatoire.risk.boosting import Boosting
from observatoire.risk.ensemble import Ensemble
from observatoire.risk.grid import Grid
from observatoire.risk.penalised_poisson import PenalisedPoisson
from observatoire.risk.places import Places
from observatoire.risk.self_exciting import HALF_LIVES, SelfExciting
from observatoire.risk.spans import WEEK, Horizon

WEEKS_OF_LEVEL = 8
WEEKS_OF_REFIT = 13


type Effort = Literal["quick", "full"]


def lineup(
    grid: Grid,
    horizon: Horizon,
    *,
    effort: Effort = "quick",
    calendar: Floats | None = None,
    places: Places | None = None,
    executor: Executor = INLINE,
) -> dict[str, Forecaster]:
    """Return the flat map, the count that the past bears out and the model, not fitted, for periods of a horizon.

    The model is an ensemble of the self-exciting mixture and of a regression: with `full` effort the regression is
    corrected by boosted trees, which takes three times as long and gains less than a year of weeks can prove.
    `calendar` holds the features of all periods and of those ahead; `places` what stands near the cells.
    """
    memory, steps = horizon.weeks(WEEKS_OF_LEVEL), horizon.steps
    half_lives = tuple(weeks * WEEK / horizon.period for weeks in HALF_LIVES)
    regression = Boosting if effort == "full" else PenalisedPoisson
    members: list[tuple[str, Forecaster]] = [
        ("self-exciting", SelfExciting(grid=grid, half_lives=half_lives, memory=memory, steps=steps)),
        (
            "poisson",
            regression(
                grid=grid, half_lives=half_lives, year=horizon.weeks(52), places=places, memory=memory, steps=steps
            ),
        ),
    ]
    return {
        "flat": Flat(memory=memory, steps=steps),
        "count": BestCount(
            grid=grid, year=horizon.weeks(52), half_life=17.0 * WEEK / horizon.period, memory=memory, steps=steps
        ),
        "model": Ensemble(members, memory=memory, steps=steps, calendar=calendar, executor=executor),
    }
