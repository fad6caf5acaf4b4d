"""Answers that are JSON but not what was expected: told to the user as one sentence that names the member."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .errors import PluginError
from .texts import tr


class Unreadable(PluginError):
    """The answer is not what the plugin expects of this address."""


@contextmanager
def readable(url: str) -> Iterator[None]:
    """Turn what a parser says of an answer into an error with the address.

    Raises
    ------
    Unreadable
        For a ValueError of the parser.
    """
    try:
        yield
    except ValueError as error:
        raise Unreadable(tr("{url}: the answer is not what was expected. {why}", url=url, why=error)) from None
