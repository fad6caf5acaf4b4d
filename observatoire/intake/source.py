"""What a source, a connector, a row and an item are."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from psycopg import Connection

from observatoire.cities import City
from observatoire.intake.options import Options

#: One row as its source gives it: column → text.
Row = Mapping[str, str]

#: One item of a collection: property names of its layer, and beside them
#: `source_key` (the source's own key, by which a replay is recognised), `origin`, `precision`, `until` (when it had
#: happened at the latest, where its instant is the earliest), `accuracy` (m), and its place: `lon` and `lat` (WGS 84),
#: or `x` and `y`, or `geometry` (shapely), the latter two in the CRS of the source.
Item = dict[str, Any]

_CODE = re.compile(r"[^\W\d_][^\W\d]*(?:[ /-][^\W\d]+){0,4}")
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(?:[.,][0-9]{1,9})?")
_DATE = re.compile(r"[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}(?:[T ][0-9:.]{1,15}(?:Z|[+-][0-9:]{2,5})?)?")
_LONGEST = 40


class Rejected(Exception):
    """One row is refused: it goes to quarantine with this reason.

    Parameters
    ----------
    reason : str
        Kebab-case word, such as `unknown-code`, `bad-date`, `missing`.
    field : str
        Column or property that it is about.
    value : str
        What stood there. It is shown only where it looks like a code, a number or a date: a column may hold what must
        not enter.

    Examples
    --------
    >>> str(Rejected("unknown-code", "type", "ovni")), str(Rejected("bad-date", "le", "31/02/2024"))
    ("type: unknown-code ('ovni')", "le: bad-date ('31/02/2024')")
    >>> str(Rejected("unknown-code", "type", "Mme Martin, 06 12 34 56 78"))
    'type: unknown-code'
    """

    def __init__(self, reason: str, field: str, value: str = "") -> None:
        super().__init__(f"{field}: {reason} ('{value}')" if _harmless(value) else f"{field}: {reason}")
        self.reason = reason
        self.field = field


def _harmless(value: str) -> bool:
    """Tell whether a value may be shown: a code of few words and at most one capital, a number, a date."""
    if not value or len(value) > _LONGEST:
        return False
    if _CODE.fullmatch(value):
        return sum(c.isupper() for c in value) <= 1 or " " not in value
    return bool(_NUMBER.fullmatch(value) or _DATE.fullmatch(value))


class NotModified(Exception):
    """A service says that nothing is new since the cursor: the load reads nothing, and that is no error."""


class Record(NamedTuple):
    """One row read from a source, or why it could not be read.

    Attributes
    ----------
    line : int
        Line of the file, or rank of the feature, from 1.
    row : Row or Rejected
    digest : bytes
        Fingerprint of the whole row: it tells alike rows in quarantine, where the row itself is not kept.
    geometry : shapely geometry or None
        In the CRS of the table.
    """

    line: int
    row: Row | Rejected
    digest: bytes
    geometry: Any = None


def digest(*parts: bytes) -> bytes:
    """Return the 16-byte fingerprint of a row."""
    return blake2b(b"\x1f".join(parts), digest_size=16).digest()


@dataclass(frozen=True)
class Table:
    """A file opened by a connector: its columns are known, its records are read as they are asked for.

    Attributes
    ----------
    columns : tuple of str
    records : iterator of Record
    crs : str or None
        That of `Record.geometry`, where the file says one.
    cursor : callable or None
        Once all records are read, `cursor()` is where the next load may begin (`Options.since`); None: anew.
    """

    columns: tuple[str, ...]
    records: Iterator[Record]
    crs: str | None = None
    cursor: Callable[[], str | None] | None = None


@dataclass(frozen=True)
class Connector:
    """A reader of one format.

    Attributes
    ----------
    id : str
        Name by which `obs load --connector` and a city's file use it.
    read : callable
        `read(file, options) -> Table`; `file` is a path, or a binary stream where `streams`. Raises `BadSource` where
        the file as a whole cannot be read; a row that cannot be read is a `Record` that holds a `Rejected`.
    streams : bool
        Whether it reads a pipe.
    fetch : callable or None
        Instead of `read`, for a service: `fetch(address, options) -> Table`; the address is the city file's, or
        `--file`. Raises `SourceUnavailable`, `BadSource`, `BadInput`, or `NotModified` where nothing is new since
        `options.since`.
    """

    id: str
    read: Callable[[Path | BinaryIO, Options], Table] | None = None
    streams: bool = False
    fetch: Callable[[str, Options], Table] | None = None


@dataclass(frozen=True)
class Context:
    """What a source that makes its own items may use.

    Attributes
    ----------
    city : City
    options : Mapping
        Those of the city's file.
    connection : psycopg.Connection
        To read what is already in the store, inside the transaction of the load.
    """

    city: City
    options: Mapping[str, Any]
    connection: Connection


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where the items of a collection come from: a file read by a connector and parsed row by row, or made here.

    Attributes
    ----------
    id : str
        Name by which a city's file uses it; the items' keys are the source's own.
    collection : str
    origin : str
        One of `layers.model.ORIGINS`, for items that do not say their own.
    connector : str or None
        Which reads the file.
    columns : tuple of str
        All columns of the file, once named by `column`: any other, or one missing, stops the load.
    column : callable
        Name of a column from what the header says.
    parse : callable
        One row in, one item out, or `Rejected`. Pure.
    key : str
        The column that is the items' `source_key`, where there is one: a row that `parse` refused is then known again
        once it is corrected.
    options : Options
        How the file is read, where the city does not say otherwise.
    items : callable or None
        Instead of the five above: makes the items.
    planned : bool
        Whether dates may lie ahead.
    """

    id: str
    collection: str
    origin: str
    connector: str | None = None
    columns: tuple[str, ...] = ()
    column: Callable[[str], str] = str
    parse: Callable[[Row], Item] | None = None
    options: Options = field(default_factory=Options)
    items: Callable[[Context], Iterator[Item]] | None = None
    planned: bool = False
    key: str = ""

    def __post_init__(self) -> None:
        if self.key and self.key not in self.columns:
            raise ValueError(f"{self.id}: key {self.key!r} is not one of its columns")
