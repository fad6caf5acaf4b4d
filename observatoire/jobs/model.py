"""What a job is: the order that a caller gives, and the state in which it is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from observatoire.errors import NotFound, ObsError
from observatoire.layers.model import Audience
from observatoire.text import Language

Status = Literal["accepted", "running", "successful", "failed", "dismissed"]
STATUSES: tuple[Status, ...] = ("accepted", "running", "successful", "failed", "dismissed")
OVER: tuple[Status, ...] = ("successful", "failed", "dismissed")
#: Of `obs.jobs`, what `Job.of` takes.
COLUMNS = (
    "id, process, status, progress, message, created, started, updated, finished, expires, outputs, response, problem"
)
OGC = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"


class NoSuchJob(NotFound):
    """No job of that id, or not this caller's."""

    type = "no-such-job"
    uri = f"{OGC}/no-such-job"
    code = "NoSuchJob"


class ResultNotReady(NotFound):
    """The job has no result yet."""

    type = "result-not-ready"
    uri = f"{OGC}/result-not-ready"
    code = "ResultNotReady"


class WasDismissed(ObsError):
    """The job was dismissed: it will have no result."""

    type, status, exit_code = "job-dismissed", 410, 66


class QueueFull(ObsError):
    """As many jobs of this audience wait as may."""

    type, status, exit_code = "queue-full", 429, 75
    headers: ClassVar = {"Retry-After": "10"}


@dataclass(frozen=True)
class Order:
    """What is to be run, with whose rights, and how the results are wanted.

    Attributes
    ----------
    owner : bytes or None
        Digest of the caller's key; None for an anonymous visitor.
    subscriber : mapping of str
        Addresses to call, by the state at which they are called.
    """

    process: str
    inputs: Mapping[str, Any]
    outputs: tuple[str, ...]
    response: Literal["raw", "document"]
    audience: Audience
    owner: bytes | None = field(repr=False)
    language: Language = "en"
    subscriber: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """A job as its owner may see it. Times are UTC."""

    id: UUID
    process: str
    status: Status
    progress: int
    message: str
    created: datetime
    started: datetime | None
    updated: datetime
    finished: datetime | None
    expires: datetime | None
    outputs: tuple[str, ...]
    response: Literal["raw", "document"]
    problem: tuple[str, dict[str, Any]] | None

    @classmethod
    def of(cls, **columns: Any) -> "Job":
        """Return the job of a row."""
        columns["outputs"] = tuple(columns["outputs"])
        columns["problem"] = columns["problem"] and tuple(columns["problem"])
        return cls(**columns)

    @property
    def over(self) -> bool:
        """Whether its state is final."""
        return self.status in OVER


@dataclass(frozen=True)
class Claim:
    """An attempt at a job that a worker holds."""

    id: UUID
    attempt: int
    order: Order
