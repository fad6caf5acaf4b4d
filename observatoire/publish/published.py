"""One collection of a publication."""

from dataclasses import dataclass, field
from typing import Any

from observatoire.layers.model import Layer
from observatoire.server.records.entry import Entry


@dataclass
class Published:
    """One collection as it was written.

    Attributes
    ----------
    files : dict
        Of each file, by its path in the folder: length in bytes, and SHA-256.
    """

    entry: Entry
    items: int
    files: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def layer(self) -> Layer:
        """Which collection it is."""
        return self.entry.layer
