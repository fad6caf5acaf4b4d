"""Imported once by the fork server, so that each of its children starts with the processes loaded."""

from observatoire.forecasts import evaluation, store
from observatoire.server import child
from observatoire.server.registry import registry

__all__ = ["child", "evaluation", "store"]

registry()
