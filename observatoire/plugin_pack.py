"""The QGIS plugin as a zip: what `make plugin` writes and the server offers, byte for byte the same."""

import io
import re
import zipfile
from configparser import RawConfigParser
from functools import lru_cache
from pathlib import Path

from observatoire import __version__
from observatoire.data import root
from observatoire.package_says import publisher

NAME = "qgis_obs"
#: What the zip may hold; the official repository refuses binaries.
SUFFIXES = frozenset({".py", ".json", ".svg", ".txt", ".qml", ".qpt", ".model3", ".ui", ""})
#: A fixed time, so that the same sources make the same bytes.
WHEN = (2026, 1, 1, 0, 0, 0)
#: The change log of the plugin: the lines of ours that name it.
ABOUT_IT = re.compile(r"QGIS|plugin", re.I)


def folder() -> Path:
    """Return the plugin's sources."""
    return root() / "plugins" / NAME


def sources() -> list[Path]:
    """Return the files of the plugin, sorted; what Python leaves behind is none of them."""
    found = (path for path in folder().rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return sorted(path for path in found if not path.name.startswith("."))


def metadata() -> dict[str, str]:
    """Return `metadata.txt` as the zip has it: with the project's version, its change log, and who publishes it."""
    parser = RawConfigParser()
    parser.optionxform = str  # type: ignore[method-assign,assignment]  # names keep their capitals
    parser.read_string((folder() / "metadata.txt").read_text("utf-8"))
    found = dict(parser["general"])
    return found | publisher() | {"version": __version__} | ({"changelog": log} if (log := changelog()) else {})


def changelog() -> str:
    """Return the items of the newest section of CHANGELOG.md that name the plugin or QGIS; none without that file."""
    path = root() / "CHANGELOG.md"
    if not path.exists():
        return ""
    sections = re.split(r"^## ", path.read_text("utf-8"), flags=re.M)
    newest = sections[1] if len(sections) > 1 else ""
    items = re.findall(r"^- (.+(?:\n  .+)*)", newest, flags=re.M)
    words = [re.sub(r"\s+", " ", item).replace("**", "").replace("`", "") for item in items if ABOUT_IT.search(item)]
    return "\n ".join([f"Version {__version__}", *(f"- {each}" for each in words)]) if words else ""


def packed() -> bytes:
    """Return the zip, in which all lies below `qgis_obs/`."""
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sources():
            relative = path.relative_to(folder()).as_posix()
            content = _metadata_text().encode() if relative == "metadata.txt" else path.read_bytes()
            info = zipfile.ZipInfo(f"{NAME}/{relative}", WHEN)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, content)
    return body.getvalue()


@lru_cache(maxsize=1)
def packed_once() -> bytes:
    """Return the zip; made once a process."""
    return packed()


def _metadata_text() -> str:
    return "\n".join(["[general]", *(f"{name}={value}" for name, value in metadata().items()), ""])
