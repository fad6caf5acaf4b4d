"""Checks the QGIS plugin as its official repository does, and packs it into dist/. Used by `make plugin`.

Usage: plugin.py [--no-checks] [--official]

--official: as an upload to plugins.qgis.org wants it; fails where `pyproject.toml` does not say who publishes it.
"""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

from observatoire import __version__
from observatoire.data import root
from observatoire.plugin_pack import NAME, SUFFIXES, folder, metadata, packed, sources

PYTHON = root() / ".venv-qgis" / "bin" / "python"
#: What QGIS needs, and what the official repository needs beside it.
REQUIRED = ("name", "qgisMinimumVersion", "description", "about", "version", "author")
OFFICIAL = {
    "email": 'a mail address in [project] authors = [{ name = "…", email = "…" }]',
    "repository": "the address of the public sources in [project.urls], as Source",
    "tracker": "the address where faults are reported in [project.urls], as Issues",
}
LARGEST = 20_000_000  # bytes, the official repository's limit
#: F, E9: broken or unused names. QGS1: imports. QGS4: enums that Qt 6 no longer knows. Not QGS105: `iface` is handed
#: over, so that tests can hand over another. Not QGS2, experimental: it takes any `setValue` for one that may fail.
FLAKES = "F,E9,QGS1,QGS4"


def problems() -> list[str]:
    """Return what is wrong, one sentence each."""
    return [*_metadata(), *_files(), *_bandit(), *_secrets(), *_flakes()]


def _metadata() -> list[str]:
    said = metadata()
    missing = [f"metadata.txt: {name} is missing" for name in REQUIRED if not said.get(name)]
    wrong = [] if said["version"] == __version__ else [f"version {said['version']} is not the project's {__version__}"]
    icon = [] if (folder() / said.get("icon", "")).is_file() else [f"metadata.txt: no file {said.get('icon')}"]
    return [*missing, *wrong, *icon]


def _files() -> list[str]:
    body = packed()
    found = [
        f"{path.name}: no file of that kind belongs into the zip" for path in sources() if path.suffix not in SUFFIXES
    ]
    if len(body) > LARGEST:
        found.append(f"the zip has {len(body)} bytes, {LARGEST} at most")
    names = zipfile.ZipFile(io.BytesIO(body)).namelist()
    found += [f"{name}: not below {NAME}/" for name in names if not name.startswith(f"{NAME}/")]
    return found + [f"{name}: missing" for name in (f"{NAME}/LICENSE", f"{NAME}/__init__.py") if name not in names]


def _run(*arguments: str, cwd: Path | None = None) -> str:
    done = subprocess.run([PYTHON, "-m", *arguments], capture_output=True, text=True, cwd=cwd or root(), check=False)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(arguments)}: {done.stderr[-2000:]}")
    return done.stdout


def _bandit() -> list[str]:
    said = json.loads(_run("bandit", "-q", "-r", "-f", "json", str(folder())))
    return [
        f"{each['filename']}:{each['line_number']}: {each['test_id']} {each['issue_text']}" for each in said["results"]
    ]


def _secrets() -> list[str]:
    said = json.loads(_run("detect_secrets", "scan", "--all-files", ".", cwd=folder()))
    return [
        f"{path}:{each['line_number']}: {each['type']}" for path, found in said["results"].items() for each in found
    ]


def _flakes() -> list[str]:
    options = ["--isolated", "--max-line-length", "120", "--select", FLAKES, "--extend-ignore", "QGS105"]
    return _run("flake8", *options, str(folder())).splitlines()


def main() -> None:
    """Check, pack, say where it is and what an upload would still want."""
    said = metadata()
    lacking = [
        f"metadata.txt: {name} is missing: declare {where}" for name, where in OFFICIAL.items() if not said.get(name)
    ]
    found = [] if "--no-checks" in sys.argv[1:] else problems()
    found += lacking if "--official" in sys.argv[1:] else []
    if found:
        raise SystemExit("\n".join([*found, f"{len(found)} problems: nothing is packed"]))
    path = root() / "dist" / f"{NAME}.zip"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(packed())
    print(f"{path.relative_to(root())}: version {__version__}, {len(sources())} files, {path.stat().st_size} bytes")
    if lacking:
        print("Good for a repository of your own (/qgis/plugins.xml). plugins.qgis.org also wants, in pyproject.toml:")
        print("\n".join(lacking))


if __name__ == "__main__":
    main()
