"""Sources and connectors by name, from the hooks."""

from functools import cache

from observatoire.errors import BadInput, BadSettings, UnknownSource
from observatoire.hooks import hooks
from observatoire.intake.source import Connector, Source


@cache
def sources() -> dict[str, Source]:
    """Return all registered sources by id."""
    return _by_id("source", [source for group in hooks().obs_sources() for source in group])


@cache
def connectors() -> dict[str, Connector]:
    """Return all registered connectors by id."""
    return _by_id("connector", [connector for group in hooks().obs_connectors() for connector in group])


def source_of(name: str) -> Source:
    """Return a source by its id, or raise `UnknownSource`."""
    try:
        return sources()[name]
    except KeyError:
        raise UnknownSource(f"no source {name!r}; registered: {', '.join(sorted(sources()))}") from None


def connector_of(name: str) -> Connector:
    """Return a connector by its id, or raise `BadInput`."""
    try:
        return connectors()[name]
    except KeyError:
        raise BadInput(f"connector: no {name!r}; expected one of {', '.join(sorted(connectors()))}") from None


def _by_id[T: (Source, Connector)](kind: str, parts: list[T]) -> dict[str, T]:
    by_id = {part.id: part for part in parts}
    if len(by_id) != len(parts):
        raise BadSettings(f"two plugins register the same {kind}: {', '.join(sorted(part.id for part in parts))}")
    return by_id
