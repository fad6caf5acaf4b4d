"""CSV and its kin, from a file, a `.gz` or a pipe, in bounded memory.

A file that is not what it is said to be (encoding, header) stops the load. A row that cannot be read is refused alone:
where a quote is never closed, its first line is refused and reading goes on at the next, so that one stray quote costs
one row, not the rest of the file.
"""

import codecs
import csv
import gzip
import io
import zlib
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO, cast

from observatoire.errors import BadSource
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, Record, Rejected, Table, digest

SEPARATORS = (",", ";", "\t", "|")
_CHUNK = 1 << 16
_GZIP = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_BYTE_A_SIGN = frozenset({"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"})  # where 0x0A is a line's end, always
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class _TooLong(Exception):
    """The row is longer than it may be."""


class _Fingerprint(bytes):
    """Stands for a line too long to be kept."""


class _Lines:
    """Lines for `csv.reader`, remembered until the row is settled, so that they can be given again."""

    def __init__(self, stream: io.BufferedReader, options: Options) -> None:
        self.stream = stream
        self.encoding = options.encoding
        self.most = options.max_row_bytes
        self.number = 0  # of the last line taken
        self.taken: list[bytes] = []  # lines of the row being read
        self.size = 0  # of these, bytes
        self.again: deque[bytes] = deque()  # lines to be given again
        self.long: _Fingerprint | None = None  # where the row being read is one line too long

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self.again.popleft() if self.again else self.readline()
        if not line:
            raise StopIteration
        self.number += 1
        if isinstance(line, _Fingerprint):
            if self.taken:  # a row left open runs into it: settle that row first
                self.again.appendleft(line)
                self.number -= 1
            else:
                self.long = line
            raise _TooLong
        self.taken.append(line)
        self.size += len(line)
        if self.size > self.most:
            raise _TooLong
        return self.decoded(line)

    def readline(self) -> bytes:
        """Return the next line of the stream; of one too long, its fingerprint only."""
        try:
            line = self.stream.readline(self.most + 1)
            if len(line) <= self.most:
                return line
            whole = blake2b(line, digest_size=16)
            while line and not line.endswith(b"\n"):
                line = self.stream.readline(_CHUNK)
                whole.update(line)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise BadSource(f"the .gz is cut or broken after line {self.number}") from None
        return _Fingerprint(whole.digest())

    def decoded(self, line: bytes) -> str:
        """Return a line as text, or say that the encoding is another."""
        try:
            return line.decode(self.encoding)
        except UnicodeDecodeError as error:
            utf8 = self.encoding.lower().startswith("utf")
            advice = "try --encoding latin-1" if utf8 else "which encoding is it?"
            raise BadSource(
                f"line {max(self.number, 1)}: byte 0x{line[error.start]:02X} is not {self.encoding}; "
                f"expected {self.encoding}, {advice}"
            ) from None

    def plain_rows(self, separator: str, width: int) -> list[tuple[int, list[str]]]:
        """Take the rows that are already in memory, whole and sound; return the line and the values of each.

        All others, the row that the end of what is in memory cuts among them, stay to be read line by line.
        """
        if self.again or codecs.lookup(self.encoding).name not in _BYTE_A_SIGN:
            return []
        try:
            block = self.stream.peek()
            block = block[: block.rfind(b"\n") + 1]
            text = block.decode(self.encoding) if b"\0" not in block and len(block) <= self.most else ""
        except (EOFError, gzip.BadGzipFile, zlib.error, UnicodeDecodeError):
            return []
        rows: list[tuple[int, list[str]]] = []
        reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=separator, strict=True)
        ended = 0  # lines of the rows that are taken
        with suppress(csv.Error):
            for values in reader:
                if len(values) != width:
                    break
                rows.append((self.number + ended + 1, values))
                ended = reader.line_num
        self.stream.read(sum(map(len, io.BytesIO(block).readlines()[:ended])))
        self.number += ended
        return rows

    def begin(self) -> None:
        """Forget the lines of the last row."""
        self.taken, self.size, self.long = [], 0, None

    def give_back(self) -> None:
        """Have all lines of the row but the first read again."""
        self.again.extendleft(reversed(self.taken[1:]))
        self.number -= len(self.taken) - 1


def read(file: Path | BinaryIO, options: Options) -> Table:
    """Open a table: its header is read, its rows follow as they are asked for.

    Raises
    ------
    BadSource
        If it is empty, not in the encoding, or a broken `.gz`.
    """
    lines = _Lines(_opened(file), options)
    first = lines.readline()
    if first.startswith(_UTF16_MARKS):
        raise BadSource("the file is in UTF-16; save it as UTF-8")
    if not first:
        raise BadSource("the file is empty")
    if isinstance(first, _Fingerprint) or not first.removeprefix(_UTF8_MARK).strip():
        raise BadSource("line 1: expected the names of columns")
    lines.again.append(first.removeprefix(_UTF8_MARK))
    separator = options.separator or _sniff(lines.decoded(lines.again[0]))
    try:
        header = next(_reader(lines, separator))
    except (csv.Error, _TooLong):
        raise BadSource("line 1: expected the names of columns, found a quote that is not closed") from None
    columns = tuple(name.strip() for name in header)
    return Table(columns, _records(lines, columns, separator))


def _records(lines: _Lines, columns: tuple[str, ...], separator: str) -> Iterator[Record]:
    reader, width = _reader(lines, separator), len(columns)
    while True:
        lines.begin()
        for start, values in lines.plain_rows(separator, width):
            yield Record(start, dict(zip(columns, values, strict=True)), digest("\x1f".join(values).encode()))
        start = lines.number + 1
        try:
            values = next(reader)
        except StopIteration:
            lines.stream.close()
            return
        except csv.Error as error:
            reason = "row-too-long" if "field limit" in str(error) else "malformed-row"
        except _TooLong:
            reason = "row-too-long"
        else:
            if not values:
                continue  # a blank line is no row
            text = "\x1f".join(values)
            reason = "" if len(values) == width else "wrong-number-of-fields"
            reason = reason or ("nul-byte" if "\0" in text else "")
        if not reason:
            yield Record(start, dict(zip(columns, values, strict=True)), digest(text.encode()))
            continue
        yield _refused(lines, start, reason)
        reader = _reader(lines, separator)


def _refused(lines: _Lines, start: int, reason: str) -> Record:
    """Return the record of a row that cannot be read: of its first line only, the others are read again."""
    if lines.long is not None:
        return Record(start, Rejected(reason, "row"), lines.long)
    if len(lines.taken) > 1:
        reason = "unclosed-quote"
        lines.give_back()
    return Record(start, Rejected(reason, "row"), digest(lines.taken[0].rstrip(b"\r\n")))


def _reader(lines: _Lines, separator: str) -> "Iterator[list[str]]":
    return csv.reader(lines, delimiter=separator, strict=True)


def _sniff(header: str) -> str:
    """Return the separator that parts the header into most columns; a comma where none parts it."""
    return max(SEPARATORS, key=lambda separator: len(next(csv.reader([header], delimiter=separator), [])))


def _opened(file: Path | BinaryIO) -> io.BufferedReader:
    raw = file.open("rb", buffering=_CHUNK) if isinstance(file, Path) else file
    stream = raw if isinstance(raw, io.BufferedReader) else io.BufferedReader(cast(io.RawIOBase, raw), _CHUNK)
    if stream.peek(2)[:2] == _GZIP:
        stream = io.BufferedReader(cast(io.RawIOBase, gzip.GzipFile(fileobj=stream)), _CHUNK)
    return stream


CONNECTOR = Connector("csv", read, streams=True)
