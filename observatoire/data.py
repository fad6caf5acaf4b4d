"""Where the declarative files live: the root of a checkout, or `observatoire/_data` inside an installed wheel."""

from functools import cache
from importlib.resources import files
from pathlib import Path


@cache
def root() -> Path:
    """Return the folder that holds `layers/`, `cities/` and `web/`."""
    package = Path(str(files("observatoire")))
    packed = package / "_data"
    return packed if packed.is_dir() else package.parent


def find(path: Path) -> Path:
    """Return `path` as given when it exists from here, else below `root()`."""
    return path if path.exists() or path.is_absolute() else root() / path
