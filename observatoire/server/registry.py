"""The processes that plugins give, by id."""

from functools import cache
from typing import Any

from observatoire.errors import BadSettings, NotFound
from observatoire.hooks import hooks
from observatoire.layers.model import Audience

OGC = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0"


class NoSuchProcess(NotFound):
    """No process of that id, or not for this caller."""

    type = "no-such-process"
    uri = f"{OGC}/no-such-process"
    code = "NoSuchProcess"


@cache
def registry() -> dict[str, type[Any]]:
    """Return all processes, in the order of their ids.

    Raises
    ------
    BadSettings
        If two have the same id.
    """
    found = sorted((process for given in hooks().obs_processes() for process in given), key=lambda process: process.id)
    by_id = {process.id: process for process in found}
    if len(by_id) != len(found):
        raise BadSettings("two processes have the same id: " + ", ".join(process.id for process in found))
    return by_id


def visible(audience: Audience) -> list[type[Any]]:
    """Return the processes that `audience` may run."""
    return [process for process in registry().values() if process.visible_to(audience)]


def process_for(process_id: str, audience: Audience) -> type[Any]:
    """Return a process by its id.

    Raises
    ------
    NoSuchProcess
        If there is none, or `audience` may not run it: the two answers are the same.
    """
    process = registry().get(process_id)
    if process is None or not process.visible_to(audience):
        raise NoSuchProcess("processID: no such process; GET /processes lists those there are")
    return process
