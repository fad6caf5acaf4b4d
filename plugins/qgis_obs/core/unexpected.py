"""An answer that is JSON and not of the form it should have. No QGIS in here."""

from __future__ import annotations


class Unexpected(ValueError):
    """The text names the member and what was expected."""
