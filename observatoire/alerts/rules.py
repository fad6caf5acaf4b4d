"""Rules as data: what a city writes in `layers/alert-rules.yml`. Unknown keys are refused.

A rule can name a theme, a place, a time and a number; nothing else. No rule can be about a person: no property but the
code of a thing, a circuit, a sensor or a source can be named, and less than three items are no alert.
"""

from datetime import time, timedelta
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from observatoire.alerts.alert import Severity
from observatoire.layers.model import Audience
from observatoire.text import Text

FEWEST = 3  # items that make a place crowded: one report is somebody's
#: What a reason may name, by kind of rule.
WORDS = {
    "count": {"n", "window", "radius", "where"},
    "excess": {"n", "window", "expected", "upper", "where"},
    "open": {"subject", "age", "where"},
    "silent": {"subject", "age"},
    "late": {"subject", "age"},
}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Base(BaseModel):
    """What every rule says.

    Attributes
    ----------
    audience : tuple of Audience
        Who is told: people who may see the collection, and its positions exactly.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,60}$")]
    kind: str
    title: Text
    severity: Severity = "warning"
    audience: tuple[Audience, ...] = Field(min_length=1)
    reason: Text

    @model_validator(mode="after")
    def _words(self) -> Self:
        for text in (self.reason.fr, self.reason.en):
            named = {name for _, name, spec, _ in Formatter().parse(text) if name is not None or spec}
            if extra := named - WORDS[self.kind]:
                raise ValueError(f"reason names {sorted(map(str, extra))}; expected {sorted(WORDS[self.kind])}")
        return self


class Themed(Base):
    """A rule on the items of one collection.

    Attributes
    ----------
    theme : str or None
        A branch of the nomenclature (`espace-public/proprete`) or one code below it (`espace-public/proprete/tag`).
    hours : (time, time) or None
        Local; only what happened between them is counted.
    """

    collection: str
    theme: Annotated[str, Field(pattern=r"^[a-z-]+(/[a-z-]+){0,2}$")] | None = None
    hours: tuple[time, time] | None = None


class Count(Themed):
    """At least so many items within a radius and a time window."""

    kind: Literal["count"]
    at_least: int = Field(ge=FEWEST, le=10_000)
    radius: float = Field(ge=20, le=2_000, description="m")
    window: timedelta = Field(ge=HOUR, le=31 * DAY)


class Excess(Themed):
    """More items than the same days of the eight weeks before explain, by division or in the whole city.

    Attributes
    ----------
    days : int
        Length of the window.
    false_alarms : float
        How many a year a quiet city may see, all divisions together.
    """

    kind: Literal["excess"]
    by: Literal["division", "city"] = "division"
    days: int = Field(ge=1, le=7)
    false_alarms: float = Field(gt=0, le=52)


class Open(Base):
    """Something that began and has no end yet, for longer than it should last."""

    kind: Literal["open"]
    collection: str
    subject: Literal["circuit", "reference"]
    longer_than: timedelta = Field(ge=HOUR)


class Silent(Base):
    """A sensor that has not been heard of while the others have."""

    kind: Literal["silent"]
    collection: str
    subject: Literal["capteur"]
    longer_than: timedelta = Field(ge=HOUR)


class Late(Base):
    """A source older than its city's file allows (`max_age`)."""

    kind: Literal["late"]


type Rule = Annotated[Count | Excess | Open | Silent | Late, Field(discriminator="kind")]


class Rules(BaseModel):
    """All rules of a city, in the order in which they are said."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: list[Rule]

    @model_validator(mode="after")
    def _ids(self) -> Self:
        ids = [rule.id for rule in self.rules]
        if twice := sorted({i for i in ids if ids.count(i) > 1}):
            raise ValueError(f"two rules share the id {twice[0]!r}")
        return self
