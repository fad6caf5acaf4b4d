"""Take the browser libraries out of their npm archives into web/vendor, and keep their lock.

    python tools/vendor.py                 asks `npm pack` for the pinned versions
    python tools/vendor.py a.tgz b.tgz     takes archives that are already here
    python tools/vendor.py --check         verifies that the files are those of the lock

Only what a browser loads is kept, unchanged, with each licence's text. Node is needed by whoever raises a version,
never by whoever runs the observatory.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

VENDOR = Path(__file__).resolve().parents[1] / "web" / "vendor"
LOCK = "vendor.lock.json"


class Pin(NamedTuple):
    """One library: its version, and the files of its archive that are kept."""

    version: str
    files: tuple[str, ...]


class Package(NamedTuple):
    """What was taken out of an archive."""

    name: str
    version: str
    licence: str
    files: dict[str, bytes]


PINS = {
    "htm": Pin("3.1.1", ("LICENSE", "dist/htm.mjs")),
    "maplibre-gl": Pin(
        "6.17.0",
        ("LICENSE.txt", "dist/maplibre-gl.css", "dist/maplibre-gl.mjs", "dist/maplibre-gl-worker.mjs"),
    ),
    "preact": Pin("11.2.0", ("LICENSE", "dist/preact.mjs")),
    "uplot": Pin("1.6.32", ("LICENSE", "dist/uPlot.esm.js", "dist/uPlot.min.css")),
}


def fetch(folder: Path) -> list[Path]:
    """Let npm, with the addresses it is set up with, bring the pinned archives into `folder`."""
    wanted = [f"{name}@{pin.version}" for name, pin in PINS.items()]
    subprocess.run(["npm", "pack", "--silent", *wanted], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return sorted(folder.glob("*.tgz"))


def unpack(archive: Path) -> Package:
    """Return the kept files of an archive, in memory.

    Raises
    ------
    ValueError
        If the archive is not one of the pinned versions, or lacks a file that is kept.
    """
    with tarfile.open(archive) as tar:
        about = json.loads(_read(tar, "package.json"))
        name, version = about["name"], about["version"]
        if name not in PINS or PINS[name].version != version:
            raise ValueError(f"{archive.name}: {name} {version} is not pinned in tools/vendor.py")
        files = {Path(path).name: _read(tar, path) for path in PINS[name].files}
    return Package(name, version, about["license"], files)


def _read(tar: tarfile.TarFile, path: str) -> bytes:
    try:
        member = tar.extractfile(f"package/{path}")
    except KeyError:
        member = None
    if member is None:
        raise ValueError(f"no file {path} in the archive")
    return member.read()


def write(packages: list[Package], folder: Path = VENDOR) -> None:
    """Write the files of `packages` under `folder`, a folder each, and the lock beside them."""
    entries = []
    for package in sorted(packages):
        home = folder / package.name
        home.mkdir(parents=True, exist_ok=True)
        for name, content in package.files.items():
            (home / name).write_bytes(content)
        shas = {f"{package.name}/{name}": _sha256(content) for name, content in sorted(package.files.items())}
        entries.append({"name": package.name, "version": package.version, "licence": package.licence, "files": shas})
    (folder / LOCK).write_text(json.dumps({"packages": entries}, indent=2) + "\n", encoding="utf-8")


def differences(folder: Path = VENDOR) -> list[str]:
    """Say where `folder` is not what its lock and the pins say; empty when all is well."""
    packages = json.loads((folder / LOCK).read_text(encoding="utf-8"))["packages"]
    locked = {path: sha for package in packages for path, sha in package["files"].items()}
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {LOCK}
    found = [f"{path}: in the lock, not in the folder" for path in sorted(locked.keys() - present)]
    found += [f"{path}: in the folder, not in the lock" for path in sorted(present - locked.keys())]
    for path in sorted(present & locked.keys()):
        if _sha256((folder / path).read_bytes()) != locked[path]:
            found.append(f"{path}: sha256 differs from the lock")
    versions = {package["name"]: package["version"] for package in packages}
    if versions != {name: pin.version for name, pin in PINS.items()}:
        found.append(f"{LOCK}: versions differ from the pins of tools/vendor.py")
    return found


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def main(arguments: list[str]) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("archives", nargs="*", type=Path, metavar="ARCHIVE", help="archives made by npm pack")
    parser.add_argument("--check", action="store_true", help="only verify the files against the lock")
    options = parser.parse_args(arguments)
    if not options.check:
        with tempfile.TemporaryDirectory() as folder:
            archives = options.archives or fetch(Path(folder))
            write([unpack(archive) for archive in archives])
    found = differences()
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
