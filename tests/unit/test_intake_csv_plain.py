"""Rows that are read from memory, many at once, are those that are read line by line."""

import io
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.connectors import csv
from etl.connectors.csv import read
from observatoire.errors import BadSource
from observatoire.intake.options import Options
from observatoire.intake.source import Rejected

PIECES = [
    "a",
    "é",
    "1,5",
    ",",
    ",,",
    '"',
    '""',
    '"x,y"',
    '"two\nlines"',
    "\n",
    "\r\n",
    "\r",
    "\0",
    "\x1c",
    "\u2028",
    " ",
    ";",
]
FILES = st.lists(st.sampled_from(PIECES), max_size=40).map(lambda pieces: ("n,t\n" + "".join(pieces)).encode())


def outcome(content: bytes, options: Options) -> Any:
    try:
        table = read(io.BytesIO(content), options)
        return [
            (r.line, (r.row.reason, r.row.field) if isinstance(r.row, Rejected) else dict(r.row), r.digest)
            for r in table.records
        ]
    except BadSource as error:
        return str(error)


@given(FILES, st.sampled_from([1_000, 1_000_000]), st.sampled_from(["utf-8", "latin-1", "cp1252", "ascii"]))
@settings(max_examples=400, deadline=None)
def test_both_readings_give_the_same(content: bytes, most: int, encoding: str) -> None:
    options = Options(max_row_bytes=most, encoding=encoding, separator=",")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv._Lines, "plain_rows", lambda *_: [])
        line_by_line = outcome(content, options)

    assert outcome(content, options) == line_by_line


def test_a_long_file_is_whole_with_its_lines_numbered() -> None:
    content = "n,t\n" + "".join(f'{n},"é {n}{"\n" if n % 50 == 0 else ""}"\n' for n in range(20_000))

    found = list(read(io.BytesIO(content.encode()), Options()).records)

    assert [r.row["n"] for r in found] == [str(n) for n in range(20_000)]  # type: ignore[call-overload]
    assert all(
        b.line - a.line == (2 if a.row["n"].endswith(("00", "50")) or a.row["n"] == "0" else 1)
        for a, b in pairwise(found)
    )  # type: ignore[index, union-attr]
