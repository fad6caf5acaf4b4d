"""Rules as data: what a city writes in `layers/works-rules.yml`. Unknown keys are refused."""

from datetime import time
from string import Formatter
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from observatoire.text import Text
from observatoire.works.codes import CLOSURES, NOISES
from observatoire.works.errors import BadWork
from observatoire.works.finding import Severity
from observatoire.works.recurrence import recurrence

#: What a reason may name, by kind of rule; all may name `work`.
WORDS = {
    "overlap": {"other", "hours", "first", "distance"},
    "shared-detour": {"others", "segment", "hours"},
    "blocked-detour": {"other", "hours", "first"},
    "noise": {"places", "people", "distance", "hours", "noise"},
    "works-days": {"street", "days", "limit"},
    "moratorium": {"street", "renewed", "until"},
    "reach": {"detail", "before", "after", "hours"},
    "risk": {"expected", "lower", "upper", "usual", "share"},
    "lighting": {"lamps", "hours"},
}
type Window = tuple[time, time]


class Base(BaseModel):
    """What every rule says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,60}$")]
    kind: str
    title: Text
    severity: Severity = "warning"
    reason: Text

    @model_validator(mode="after")
    def _words(self) -> Self:
        for text in (self.reason.fr, self.reason.en):
            named = {name for _, name, spec, _ in Formatter().parse(text) if name is not None or spec}
            if extra := named - WORDS[self.kind] - {"work"}:
                raise ValueError(
                    f"reason names {sorted(map(str, extra))}; expected {sorted(WORDS[self.kind] | {'work'})}"
                )
        return self


class Overlap(Base):
    """Works and something else at the same place and time.

    Attributes
    ----------
    against : list of str
        Kinds: `works`, or kinds of the agenda.
    distance : float, m
    before, after : float, min
        Added around the other thing's time.
    minimum : float, min
        Shorter overlaps are not said.
    closures : list of str
        Works that are meant, by closure; all where empty.
    blocking_closures : list of str
        Closures that make the finding blocking.
    """

    kind: Literal["overlap"]
    against: list[str] = Field(min_length=1)
    distance: float = Field(default=0, ge=0, le=5000)
    before: float = Field(default=0, ge=0, le=1440)
    after: float = Field(default=0, ge=0, le=1440)
    minimum: float = Field(default=0, ge=0)
    closures: list[str] = []
    blocking_closures: list[str] = []

    @field_validator("closures", "blocking_closures")
    @classmethod
    def _closures(cls, values: list[str]) -> list[str]:
        return _known(values, CLOSURES)


class SharedDetour(Base):
    """More detours on one street segment at one time than it can carry."""

    kind: Literal["shared-detour"]
    at_once: int = Field(default=1, ge=1)


class BlockedDetour(Base):
    """A detour that runs into other works."""

    kind: Literal["blocked-detour"]


class Noise(Base):
    """Noisy hours near places.

    Attributes
    ----------
    noises : list of str
        Classes of noise that are meant.
    places : list of str
        Kinds of places.
    windows : list of (time, time)
        Hours that are protected, wall time of the works.
    days : str
        RRULE of the days that are protected; all where empty.
    minimum_people : float
        Fewer people are not said.
    """

    kind: Literal["noise"]
    noises: list[str] = Field(min_length=1)
    places: list[str] = Field(min_length=1)
    distance: float = Field(gt=0, le=5000)
    windows: list[Window] = Field(min_length=1)
    days: str = ""
    minimum_people: float = Field(default=0, ge=0)

    @field_validator("noises")
    @classmethod
    def _noises(cls, values: list[str]) -> list[str]:
        return _known(values, NOISES)

    @field_validator("days")
    @classmethod
    def _days(cls, value: str) -> str:
        return _rule(value)


class WorksDays(Base):
    """Days with works, added up over a street: more than `limit` in `window` days."""

    kind: Literal["works-days"]
    window: int = Field(default=365, ge=1, le=3653)
    limit: int = Field(ge=1)


class Moratorium(Base):
    """A trench in a pavement renewed less than `years` ago."""

    kind: Literal["moratorium"]
    years: int = Field(ge=1, le=30)


class Reach(Base):
    """Closed segments cut or lengthen ways.

    Attributes
    ----------
    mode : str
        Ways of the graph that count: `car`, `emergency`, `step-free`.
    between : (str, str) or None
        Kinds of places that must reach each other, such as stations and hospitals; None: the two ends of each closed
        segment.
    longer_m, longer_ratio : float
        Said where the way is longer by both, or cut.
    cut_severity : str
        Severity where no way is left.
    within : float, m
        Other closures that are taken into account.
    """

    kind: Literal["reach"]
    mode: str
    between: tuple[str, str] | None = None
    longer_m: float = Field(default=0, ge=0)
    longer_ratio: float = Field(default=1, ge=1)
    cut_severity: Severity = "blocking"
    within: float = Field(default=500, ge=0)


class Risk(Base):
    """More incidents to be expected in footprint and time than usual there."""

    kind: Literal["risk"]
    distance: float = Field(default=50, ge=0, le=1000)
    ratio: float = Field(default=1.5, gt=0)
    minimum: float = Field(default=0.5, ge=0)


class Lighting(Base):
    """Lamps that works put out in dark hours."""

    kind: Literal["lighting"]
    windows: list[Window] = Field(min_length=1)
    minimum: int = Field(default=1, ge=1)


type Rule = Overlap | SharedDetour | BlockedDetour | Noise | WorksDays | Moratorium | Reach | Risk | Lighting


class Rules(BaseModel):
    """All rules of a city, each id once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: list[Annotated[Rule, Field(discriminator="kind")]]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [rule.id for rule in self.rules]
        if len(set(ids)) != len(ids):
            raise ValueError(f"rules share an id: {sorted({i for i in ids if ids.count(i) > 1})}")
        return self


def _known(values: list[str], codes: tuple[str, ...]) -> list[str]:
    if unknown := sorted(set(values) - set(codes)):
        raise ValueError(f"unknown code {unknown[0]!r}; expected one of {', '.join(codes)}")
    return values


def _rule(value: str) -> str:
    if value:
        try:
            recurrence(value)
        except BadWork as error:
            raise ValueError(str(error)) from None
    return value
