"""A watched folder: all files that are new or changed since the last load, as one table. Nothing is moved or deleted.

Cursor: fingerprints of the name, size and date of the files that were read and are still there. A file counts once it
        has not changed for `settle` seconds, so that a copy in progress is left for the next load.
"""

import time
from collections.abc import Iterator
from fnmatch import fnmatch
from hashlib import blake2b
from pathlib import Path

from etl.connectors.features import asked, whole
from observatoire.errors import BadInput, BadSource, SourceUnavailable
from observatoire.intake.options import Options
from observatoire.intake.registry import connector_of
from observatoire.intake.source import Connector, NotModified, Record, Rejected, Table, digest

REQUEST = {
    "connector": "which connector reads the files; required",
    "pattern": "which files, such as `*.csv`; default: all",
    "settle": "seconds for which a file must not have changed, 1–86400; default: 60",
    "inside": "`key=value,…`: the `request` of that connector",
}
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")


def fetch(address: str, options: Options) -> Table:
    """Open the new files of the folder at `address`.

    Raises
    ------
    NotModified
        If there is none.
    BadSource
        If files have other columns or another CRS than the first: nothing of the load is kept.
    """
    request = asked(options, REQUEST, required=["connector"])
    reader = connector_of(request["connector"])
    if reader.read is None:
        raise BadInput("request.connector: expected one that reads a file")
    files = _files(Path(address), request.get("pattern", "*"), whole(request, "settle", 60, 86_400))
    done = set((options.since or "").split())
    new = [file for mark, file in files.items() if mark not in done]
    if not new:
        raise NotModified
    inner = options.model_copy(update={"request": _pairs(request.get("inside", "")), "since": None})

    def opened(file: Path) -> Table | None:
        assert reader.read is not None
        try:
            return reader.read(file, inner)
        except (BadSource, OSError):
            return None

    tables = ((file, opened(file)) for file in new)
    broken: list[Path] = []
    first = None
    for file, table in tables:
        if table is not None:
            first = table
            break
        broken.append(file)
    if first is None:
        raise BadSource("none of the new files can be read")

    def records() -> Iterator[Record]:
        for file in broken:
            yield _unreadable(file)
        yield from _guarded(first)
        for file, table in tables:
            if table is None:
                yield _unreadable(file)
            elif (table.columns, table.crs) != (first.columns, first.crs):
                raise BadSource("a file of the folder has other columns, or another CRS, than the first")
            else:
                yield from _guarded(table)

    return Table(first.columns, records(), first.crs, lambda: " ".join(files))


def _guarded(table: Table) -> Iterator[Record]:
    """Give the records of a file; where it ends in trouble, one that says so."""
    rank = 0
    try:
        for one in table.records:
            rank = one.line
            yield one
    except BadSource:
        yield Record(
            rank + 1, Rejected("unreadable-file", "file"), digest(str(table.columns).encode(), str(rank).encode())
        )


def _unreadable(file: Path) -> Record:
    return Record(1, Rejected("unreadable-file", "file"), digest(_mark(file).encode()))


def _files(folder: Path, pattern: str, settle: int) -> dict[str, Path]:
    """Return the settled files by their mark, oldest first."""
    try:
        found = [file for file in folder.iterdir() if fnmatch(file.name, pattern) and not _is_hidden(file)]
        settled = [file for file in found if file.is_file() and time.time() - file.stat().st_mtime >= settle]
        settled.sort(key=lambda file: (file.stat().st_mtime_ns, file.name))
        return {_mark(file): file for file in settled}
    except OSError:
        raise SourceUnavailable("the folder cannot be read") from None


def _is_hidden(file: Path) -> bool:
    return file.name.startswith((".", "~")) or file.name.endswith(_UNFINISHED) or file.is_symlink()


def _mark(file: Path) -> str:
    stat = file.stat()
    return blake2b(f"{file.name} {stat.st_size} {stat.st_mtime_ns}".encode(), digest_size=8).hexdigest()


def _pairs(text: str) -> dict[str, str]:
    pairs = dict(part.partition("=")[::2] for part in text.split(",") if part.strip())
    return {key.strip(): value.strip() for key, value in pairs.items()}


CONNECTOR = Connector("folder", fetch=fetch)
