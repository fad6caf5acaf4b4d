"""How the engine reaches what a city adds: pluggy, entry points of group `observatoire`.

The built-in layers, sources, connectors and processes are registered through these same hooks.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pluggy

from observatoire.data import root

if TYPE_CHECKING:
    from observatoire.intake.source import Connector, Source

spec = pluggy.HookspecMarker("observatoire")
impl = pluggy.HookimplMarker("observatoire")


class Specifications:
    """What a plugin may give."""

    @spec
    def obs_layers(self) -> Path:  # type: ignore[empty-body]
        """Return a folder of layer files."""

    @spec
    def obs_sources(self) -> list[Source]:  # type: ignore[empty-body]
        """Return sources, each with the name by which a city's file uses it."""

    @spec
    def obs_connectors(self) -> list[Connector]:  # type: ignore[empty-body]
        """Return connectors: readers of a format that give rows."""

    @spec
    def obs_processes(self) -> list[type[Any]]:  # type: ignore[empty-body]
        """Return OGC processes: subclasses of `processes.base.Process`."""


class BuiltIn:
    """The layers of this repository."""

    @impl
    def obs_layers(self) -> Path:
        """Return `layers/catalog`."""
        return root() / "layers" / "catalog"


@cache
def manager() -> pluggy.PluginManager:
    """Return the plugin manager, all entry points loaded."""
    plugins = pluggy.PluginManager("observatoire")
    plugins.add_hookspecs(Specifications)
    plugins.register(BuiltIn(), name="layers")
    plugins.load_setuptools_entrypoints("observatoire")
    return plugins


def hooks() -> Any:
    """Return the hook caller."""
    return manager().hook
