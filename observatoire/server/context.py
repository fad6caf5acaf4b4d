"""What a request carries to the routes, the provider and the processes without shared state: one context variable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from observatoire.layers.model import Audience


@dataclass(frozen=True)
class RequestContext:
    """Who asks.

    Attributes
    ----------
    key : bytes, optional
        Digest of the caller's key: what belongs to them is known by it. None: the anonymous visitor.
    host : str
        Network address of the caller; never stored, never logged.
    """

    audience: Audience = "public"
    key: bytes | None = field(default=None, repr=False)
    host: str = field(default="", repr=False)


_current: ContextVar[RequestContext | None] = ContextVar("observatoire_request", default=None)


def current() -> RequestContext:
    """Return the context of this request; outside a request, the anonymous visitor's."""
    return _current.get() or RequestContext()


@contextmanager
def use(context: RequestContext) -> Iterator[RequestContext]:
    """Make `context` the current one."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)
