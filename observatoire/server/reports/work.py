"""What the routes of reports share: their terms, the store, who asks."""

from collections.abc import Callable
from typing import Any

from psycopg import Connection
from starlette.requests import Request

from observatoire.errors import NotFound, Unauthorised
from observatoire.layers.model import Audience
from observatoire.reports.clerks import CLERKS
from observatoire.reports.moderation import STAFF, Clerk
from observatoire.reports.terms import Terms, terms
from observatoire.server.context import current
from observatoire.server.respond import language_of
from observatoire.server.run import translated
from observatoire.server.state import state_of
from observatoire.text import Language


def terms_of(request: Request) -> Terms:
    """Return the terms of the server that got a request."""
    state = state_of(request)
    return terms(state.settings, state.city)


async def with_store[T](request: Request, work: Callable[[Connection[Any]], T]) -> T:
    """Return what some work with the store returns, done beside the event loop.

    Raises
    ------
    ObsError
        Of the work, or that the store does not answer.
    """
    store = state_of(request).store

    def done() -> T:
        with translated(), store.connect() as connection:
            return work(connection)

    return await CLERKS.do(done)


def limited_host() -> str:
    """Return the address whose prefix is counted: of anybody without a key."""
    return current().host if current().audience == "public" else ""


def is_staff() -> bool:
    """Tell whether the caller looks after reports."""
    return current().audience in STAFF


def staff() -> Audience:
    """Return the audience of a member of staff.

    Raises
    ------
    Unauthorised
        For the anonymous visitor.
    NotFound
        For any other.
    """
    audience = current().audience
    if audience == "public":
        raise Unauthorised("X-API-Key: this is for coordination and steward")
    if audience not in STAFF:
        raise NotFound("not found")
    return audience


def clerk() -> Clerk:
    """Return the member of staff who asks, known by their key.

    Raises
    ------
    ObsError
        As `staff`.
    """
    return Clerk(staff(), current().key or b"")


def language(request: Request) -> Language:
    """Return the language of an answer."""
    return "fr" if language_of(request, state_of(request).city.languages) == "fr" else "en"
