"""Scores of past forecasts that need not be computed twice: under which name they are kept, and by whom."""

from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from typing import Any, Protocol

import numpy as np

#: Scores by (model, origin), as `Roller.scores` computes them.
type Rows = dict[tuple[str, int], dict[str, float]]

LIBRARIES = ("numpy", "pandas", "scipy", "scikit-learn", "holidays", "vacances-scolaires-france")


class Kept(Protocol):
    """Keeps scores by a name that says all that they depend on: what is kept is what would be computed."""

    def get(self, name: str) -> Rows | None:
        """Return what was put under this name, to the bit, or None."""

    def put(self, name: str, rows: Rows) -> None:
        """Keep scores under a name."""


def name_of(parts: Iterable[Any]) -> str:
    """Return the digest of what scores depend on, and of the code and the libraries that compute them.

    Parameters
    ----------
    parts : iterable of ndarray, bytes, or of what has one `repr` only
    """
    found = sha256(_code().encode())
    for part in parts:
        if isinstance(part, np.ndarray) and part.dtype != object:
            found.update(repr((part.dtype.str, part.shape)).encode())
            found.update(np.ascontiguousarray(part).tobytes())
        else:
            found.update(part if isinstance(part, bytes) else repr(part).encode())
        found.update(b"\0")
    return found.hexdigest()


@cache
def _code() -> str:
    """Return the digest of this package's modules and the versions of the libraries."""
    found = sha256(repr([(library, version(library)) for library in LIBRARIES]).encode())
    for module in sorted(files("observatoire.risk").iterdir(), key=lambda module: module.name):
        if module.name.endswith(".py"):
            found.update(module.name.encode() + b"\0" + module.read_bytes())
    return found.hexdigest()
