"""A package of one's own, made from the files beside this one: a layer, a source, a process, their tests."""

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from observatoire.errors import BadInput
from observatoire.layers.catalog import catalog

NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")
LONGEST = 30  # characters


def make_package(name: str, into: Path) -> Path:
    """Write the package `obs-<name>` into a folder and return its own.

    Parameters
    ----------
    name : str
        Id of its collection and of its source: small letters, figures and hyphens, a French plural by custom.

    Raises
    ------
    BadInput
        If the name cannot be one or is taken, or the folder is there already.
    """
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise BadInput(f"name: expected small letters, figures and hyphens, {LONGEST} at most, such as bancs")
    if name in catalog():
        raise BadInput(f"name: {name} is a collection of this observatory already")
    folder = into / f"obs-{name}"
    if folder.exists():
        raise BadInput(f"name: {folder.name} is there already; nothing was written")
    words = {"NAME": name, "MODULE": f"obs_{name.replace('-', '_')}", "TITLE": name.replace("-", " ").capitalize()}
    for source, path in _files(files("observatoire.template"), Path()):
        target = folder / Path(*(_named(part, words) for part in path.parts))
        target.parent.mkdir(parents=True, exist_ok=True)
        text = source.read_text("utf-8")
        for word, value in words.items():
            text = text.replace(f"@{word}@", value)
        target.write_text(text, "utf-8")
    return folder


def _files(folder: Traversable, path: Path) -> list[tuple[Traversable, Path]]:
    found: list[tuple[Traversable, Path]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            found += _files(entry, path / entry.name)
        elif entry.name.endswith(".txt"):
            found.append((entry, path / entry.name.removesuffix(".txt")))
    return found


def _named(part: str, words: dict[str, str]) -> str:
    """Return the name of a file or folder in the package: `module` is its own, `layer.yml` its collection's."""
    named = {
        "module": words["MODULE"],
        "layer.yml": f"{words['NAME']}.yml",
        "test_module.py": f"test_{words['MODULE']}.py",
    }
    return named.get(part, part)
