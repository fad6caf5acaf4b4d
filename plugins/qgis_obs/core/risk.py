"""What the dock of forecasts asks: one forecast, several weeks, two compared. Blocks: call it in a task."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from qgis.core import QgsFeedback

from . import catalogue, running
from .comparison import Comparison, compare
from .errors import Cancelled
from .http import Client
from .legend import USUAL, Legend, legend
from .reading import readable
from .weeks import Forecast, forecast, origins

PROCESS, COLLECTION = "risk-forecast", "risque"


@dataclass(frozen=True)
class Question:
    """The inputs of one forecast.

    Attributes
    ----------
    target : str
        Collection whose items are forecast.
    as_of : str
        Local day at whose midnight it is made; empty for the last one possible.
    days : int
        Length of the period, 1 to 28.
    nature : str
        One kind only, by its code; empty for all.
    bbox : tuple of float, °
        West, south, east, north; empty for the whole city.
    """

    target: str = "signalements"
    as_of: str = ""
    days: int = 7
    nature: str = ""
    bbox: tuple[float, ...] = ()

    def inputs(self) -> dict[str, Any]:
        """Return them as the process takes them; what is not said is left out."""
        said: dict[str, Any] = {"target": self.target, "horizon_days": self.days}
        for name in ("as_of", "nature"):
            if getattr(self, name):
                said[name] = getattr(self, name)
        if self.bbox:
            said["bbox"] = list(self.bbox)
        return said

    def words(self) -> str:
        """Return what tells it from others."""
        return ", ".join(part for part in (self.target, self.nature, self.as_of) if part)


def ask(client: Client, question: Question, feedback: QgsFeedback) -> Forecast:
    """Return one forecast."""
    answer = running.run(client, PROCESS, question.inputs(), feedback)
    with readable(PROCESS):
        return forecast(answer)


def ask_weeks(
    client: Client, question: Question, last: date, count: int, feedback: QgsFeedback, *, newest: Forecast | None = None
) -> list[Forecast]:
    """Return the forecasts of `count` successive periods, each from what was known before it.

    Parameters
    ----------
    last : date
        On which the last period begins.
    newest : Forecast, optional
        That of the last period, where it is there already.
    """
    days = origins(last, count, question.days)
    made: list[Forecast] = []
    for day in days[:-1] if newest else days:
        if feedback.isCanceled():
            raise Cancelled
        made.append(ask(client, replace(question, as_of=day), feedback))
        feedback.setProgress(100 * len(made) / count)
    return [*made, newest] if newest else made


def ask_both(
    client: Client, before: Question, after: Question, feedback: QgsFeedback
) -> tuple[Comparison, Forecast, Forecast]:
    """Return what changes from one forecast to another, and both."""
    made = [ask(client, question, feedback) for question in (before, after)]
    with readable(PROCESS):
        return compare(made[0], made[1]), made[0], made[1]


def classes(client: Client, feedback: QgsFeedback) -> Legend:
    """Return the classes in which the server shows forecasts, so that weeks look as they do everywhere else."""
    return legend(catalogue.mapbox(client, COLLECTION, feedback)) or USUAL
