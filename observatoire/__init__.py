"""The engine of the observatory: a city adds layers, sources and processes beside it, and never edits it."""

__version__ = "0.1.0"
