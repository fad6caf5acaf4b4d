"""The CSV connector on files as they come: every row is given or refused, and memory is bounded."""

import gzip
import io
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.connectors.csv import read
from observatoire.errors import BadInput, BadSource
from observatoire.intake.options import Options, make_options
from observatoire.intake.source import Record, Rejected

pytestmark = pytest.mark.unit

HEAD = b"num,type,date\n"


def records(content: bytes, **options: object) -> list[Record]:
    return list(read(io.BytesIO(content), make_options(options)).records)


def reasons(found: list[Record]) -> list[tuple[int, str]]:
    return [(r.line, r.row.reason if isinstance(r.row, Rejected) else "") for r in found]


def test_rows_are_given_with_their_line() -> None:
    found = records(HEAD + b"1,tag,2024-01-02\n\n2,bruit,2024-01-03")

    assert [(r.line, r.row) for r in found] == [
        (2, {"num": "1", "type": "tag", "date": "2024-01-02"}),
        (4, {"num": "2", "type": "bruit", "date": "2024-01-03"}),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_in_the_header(separator: str) -> None:
    table = read(io.BytesIO("num,type,date\n1,tag,x\n".replace(",", separator).encode()), Options())

    assert table.columns == ("num", "type", "date")
    assert [r.row for r in table.records] == [{"num": "1", "type": "tag", "date": "x"}]


def test_a_mark_of_utf8_is_no_part_of_the_first_column() -> None:
    assert read(io.BytesIO(b"\xef\xbb\xbf" + HEAD), Options()).columns == ("num", "type", "date")


def test_a_gzip_is_read_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(gzip.compress(HEAD + b"1,tag,x\n"))

    assert [r.row for r in read(path, Options()).records] == [{"num": "1", "type": "tag", "date": "x"}]


def test_a_cut_gzip_stops_the_load(tmp_path: Path) -> None:
    rows = b"".join(os.urandom(8).hex().encode() + b",tag,x\n" for _ in range(5_000))
    path = tmp_path / "export.csv.gz"
    path.write_bytes(gzip.compress(HEAD + rows)[:-2_000])

    with pytest.raises(BadSource, match=r"\.gz is cut or broken after line"):
        list(read(path, Options()).records)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"\n1,2\n", "line 1: expected the names of columns"),
        ("num,type\n".encode("utf-16"), "UTF-16"),
        (b'num,"type\n1,2\n', "quote that is not closed"),
    ],
)
def test_a_file_without_header_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(BadSource, match=message):
        list(read(io.BytesIO(content), Options()).records)


def test_latin1_read_as_utf8_names_the_line_and_the_way_out() -> None:
    content = HEAD + b"1,tag,x\n" + "2,dépôt,x\n".encode("latin-1")

    with pytest.raises(BadSource, match=r"line 3: byte 0xE9 is not utf-8; expected utf-8, try --encoding latin-1"):
        records(content)

    assert [r.row["type"] for r in records(content, encoding="latin-1") if not isinstance(r.row, Rejected)] == [
        "tag",
        "dépôt",
    ]


@pytest.mark.parametrize("encoding", ["utf-16", "cp037", "no-such"])
def test_encodings_that_do_not_hold_ascii_are_refused(encoding: str) -> None:
    with pytest.raises(BadInput, match=r"encoding: expected an encoding"):
        make_options({"encoding": encoding})


def test_rows_that_cannot_be_read_are_refused_alone() -> None:
    found = records(HEAD + b"1,tag\n2,tag,x,y\n3,t\0g,x\n4,tag,x\n")

    assert reasons(found) == [
        (2, "wrong-number-of-fields"),
        (3, "wrong-number-of-fields"),
        (4, "nul-byte"),
        (5, ""),
    ]


def test_a_quoted_line_break_is_part_of_its_field() -> None:
    found = records(HEAD + b'1,"a\nb",x\n2,tag,y\n')

    assert [(r.line, r.row) for r in found] == [
        (2, {"num": "1", "type": "a\nb", "date": "x"}),
        (4, {"num": "2", "type": "tag", "date": "y"}),
    ]


def test_a_quote_that_is_never_closed_costs_one_row() -> None:
    good = b"".join(b"%d,tag,x\n" % n for n in range(2, 5_000))

    found = records(HEAD + b'1,"tag,x\n' + good, max_row_bytes=10_000)

    assert reasons(found)[0] == (2, "unclosed-quote")
    assert len(found) == 4_999
    assert [r.line for r in found] == list(range(2, 5_001))
    assert not any(isinstance(r.row, Rejected) for r in found[1:])


def test_a_long_line_within_an_open_quote_is_counted_too() -> None:
    found = records(HEAD + b'1,"tag,x\n2,tag,y\n' + b"z" * 5_000 + b"\n3,tag,w\n", max_row_bytes=1_000)

    assert reasons(found) == [(2, "unclosed-quote"), (3, ""), (4, "row-too-long"), (5, "")]


def test_alike_rows_have_one_fingerprint_and_others_have_another() -> None:
    first, second, third = records(HEAD + b"1,tag,x\n1,tag,x\n1,tag,y\n")

    assert first.digest == second.digest != third.digest


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_any_bytes_are_rows_or_a_clear_error(lines: list[bytes]) -> None:
    """latin-1 reads every byte: each non-blank physical line is then in some record, and none is in two."""
    body = b"\n".join(line.replace(b"\r", b"") for line in lines)

    found = records(HEAD + body, encoding="latin-1", separator=",")

    assert [r.line for r in found] == sorted({r.line for r in found})
    assert all(2 <= r.line <= body.count(b"\n") + 2 for r in found)


@pytest.mark.parametrize("size", [64 * 1024 * 1024])
def test_a_line_of_64_mib_from_a_pipe_is_one_refused_row_in_little_memory(size: int) -> None:
    program = textwrap.dedent("""
        import resource, sys
        from etl.connectors.csv import read
        from observatoire.intake.options import Options
        from observatoire.intake.source import Rejected
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        found = list(read(sys.stdin.buffer, Options()).records)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        print([(r.line, r.row.reason if isinstance(r.row, Rejected) else r.row["num"]) for r in found], grown)
    """)
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(HEAD + b"1,tag,x\n2,")
        for _ in range(size // 65_536):
            child.stdin.write(b"a" * 65_536)
        child.stdin.write(b",x\n3,tag,x\n")
        child.stdin.close()
        shown, _, grown_kib = child.stdout.read().decode().strip().rpartition(" ")

    assert shown == "[(2, '1'), (3, 'row-too-long'), (4, '3')]"
    assert int(grown_kib) < 16 * 1024
