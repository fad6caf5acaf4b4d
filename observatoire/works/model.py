"""What is planned on the public space: works with their order, closure and detour; events."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from observatoire.works.codes import (
    CLOSURES,
    EVENT_KINDS,
    EVENT_STATUSES,
    KINDS,
    NOISES,
    STATUSES,
    check_code,
)
from observatoire.works.errors import BadWork
from observatoire.works.footprint import check_footprint
from observatoire.works.schedule import Schedule


@dataclass(frozen=True)
class Order:
    """The act that allows or regulates (arrêté).

    Attributes
    ----------
    reference : str
        As printed on the act.
    authority : str
        Who signed it.
    """

    reference: str
    authority: str = ""


@dataclass(frozen=True)
class Closure:
    """What traffic loses.

    Attributes
    ----------
    extent : str
        Code of `CLOSURES`.
    edges : tuple of str
        Street segments that cannot be passed (all lanes), by id of the street graph.
    """

    extent: str = "trottoir"
    edges: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_code("closure", self.extent, CLOSURES)


@dataclass(frozen=True)
class Detour:
    """Where traffic is sent: street segments, by id of the street graph."""

    edges: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.edges:
            raise BadWork("detour", "names no street segment")


@dataclass(frozen=True, eq=False)
class Work:
    """Works on the public space.

    Attributes
    ----------
    id : str
        Unique among works.
    kind, status, noise : str
        Codes of `KINDS`, `STATUSES`, `NOISES`; a noise of None is unknown.
    footprint : shapely geometry, m
        In the city's projected CRS.
    schedule : Schedule
    trench : bool
        Whether the pavement is opened.
    lighting_cut : bool
        Whether the lamps in the footprint are off.
    street : str or None
        Id of the street, for what is counted by street.
    segment : str or None
        Id of the street segment, for what is known by segment.
    earliest, deadline : date or None
        First day on which it may begin, last day on which it may work; local dates.

    Raises
    ------
    BadWork
        Names the field.
    """

    id: str
    kind: str
    footprint: Any
    schedule: Schedule
    closure: Closure = Closure()
    detour: Detour | None = None
    order: Order | None = None
    noise: str | None = None
    trench: bool = False
    lighting_cut: bool = False
    street: str | None = None
    segment: str | None = None
    earliest: date | None = None
    deadline: date | None = None
    status: str = "projete"
    title: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            raise BadWork("id", "is empty")
        check_code("kind", self.kind, KINDS)
        check_code("status", self.status, STATUSES)
        if self.noise is not None:
            check_code("noise", self.noise, NOISES)
        check_footprint(self.footprint)
        if self.earliest and self.deadline and self.deadline < self.earliest:
            raise BadWork("deadline", f"{self.deadline} is before the earliest day, {self.earliest}")

    @property
    def name(self) -> str:
        """Title, or the id."""
        return self.title or self.id

    def moved(self, days: int) -> Self:
        """Return the same works, begun `days` days later (see `Schedule.moved`)."""
        return replace(self, schedule=self.schedule.moved(days)) if days else self


@dataclass(frozen=True, eq=False)
class Event:
    """A gathering on the public space.

    Attributes
    ----------
    kind, status : str
        Codes of `EVENT_KINDS`, `EVENT_STATUSES`.
    attendance : int or None
        Expected number of people; None is unknown.
    """

    id: str
    kind: str
    footprint: Any
    schedule: Schedule
    attendance: int | None = None
    status: str = "declare"
    title: str = ""

    def __post_init__(self) -> None:
        if not self.id:
            raise BadWork("id", "is empty")
        check_code("kind", self.kind, EVENT_KINDS)
        check_code("status", self.status, EVENT_STATUSES)
        check_footprint(self.footprint)
        if self.attendance is not None and self.attendance < 0:
            raise BadWork("attendance", f"{self.attendance}; expected 0 or more people")
