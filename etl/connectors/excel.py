"""Spreadsheets: xlsx, xls, xlsb and ods, one sheet (`layer`), its cells as the text that a CSV file would hold.

Dates are ISO 8601, numbers have no false decimals, a header of several rows is joined: « Lieu » over « x » is `Lieu x`.
"""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetTypeEnum

from etl.connectors.archive import check_zip
from etl.connectors.features import asked, record, text_of
from observatoire.errors import BadInput, BadSource
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, Record, Table

REQUEST = {"header": "row of the header, or `first-last`; default: the first row that is not empty"}

_MIDNIGHT = (0, 0, 0, 0)


def read(file: Path | BinaryIO, options: Options) -> Table:
    """Open a sheet.

    Raises
    ------
    BadSource
        If the file is none, is locked by a password, or has no header where it is said to be.
    BadInput
        If it holds several sheets and none is chosen.
    """
    if not isinstance(file, Path):
        raise BadInput("file: this connector needs a file, not a pipe")
    request = asked(options, REQUEST)
    if zipfile.is_zipfile(file):
        check_zip(file)
    try:
        sheet = _sheet(CalamineWorkbook.from_path(file), options.layer)
        rows: list[list[Any]] = sheet.to_python(skip_empty_area=False)
        merged = sheet.merged_cell_ranges or []
    except PasswordError:
        raise BadSource("the file is locked by a password") from None
    except (CalamineError, OSError, ValueError):
        raise BadSource("the file cannot be read as a spreadsheet; is it whole?") from None
    first, last = _header_rows(request.get("header"), rows)
    _spread(rows, merged, first, last)
    columns = _columns(rows[first : last + 1])
    return Table(columns, _records(rows, last + 1, columns, options))


def _sheet(book: CalamineWorkbook, wanted: str | None) -> CalamineSheet:
    names = [about.name for about in book.sheets_metadata if about.typ == SheetTypeEnum.WorkSheet]
    if wanted is not None and wanted not in names:
        raise BadInput(f"layer: the file holds {', '.join(names)}")
    if wanted is None and len(names) != 1:
        raise BadInput(f"layer: the file holds {', '.join(names) or 'no sheet'}; expected the name of one")
    return book.get_sheet_by_name(wanted or names[0])


def _header_rows(text: str | None, rows: list[list[Any]]) -> tuple[int, int]:
    if text is None:
        filled = (i for i, row in enumerate(rows) if any(text_of(cell).strip() for cell in row))
        first = last = next(filled, -1)
    else:
        start, _, end = text.partition("-")
        if not start.isdecimal() or not (end or start).isdecimal():
            raise BadInput("request.header: expected the number of a row, or first-last")
        first, last = int(start) - 1, int(end or start) - 1
    if not 0 <= first <= last < len(rows):
        raise BadSource("the sheet has no header there: it is empty, or shorter")
    return first, last


def _spread(
    rows: list[list[Any]], merged: list[tuple[tuple[int, int], tuple[int, int]]], first: int, last: int
) -> None:
    """Write the text of merged cells of the header in each of its columns, in its first row."""
    for (top, left), (_, right) in merged:
        if first <= top <= last and right > left:
            rows[top][left : right + 1] = [rows[top][left]] * (right + 1 - left)


def _columns(header: list[list[Any]]) -> tuple[str, ...]:
    """Return the names of columns: what the header's rows say over each, joined; a number where they say nothing."""
    width = max((i + 1 for row in header for i, cell in enumerate(row) if text_of(cell).strip()), default=0)
    if not width:
        raise BadSource("the header of the sheet is empty")
    names = []
    for i in range(width):
        words = [" ".join(text_of(row[i]).split()) for row in header]
        names.append(" ".join(dict.fromkeys(word for word in words if word)) or f"column {i + 1}")
    return tuple(names)


def _records(rows: list[list[Any]], start: int, columns: tuple[str, ...], options: Options) -> Iterator[Record]:
    for number, row in enumerate(rows[start:], start=start + 1):
        cells = [_cell(cell) for cell in row]
        if not any(cells):
            continue
        values = dict(zip(columns, cells, strict=False))
        if any(cells[len(columns) :]):
            values["(beyond the header)"] = "x"
        yield record(number, values, columns, options)


def _cell(value: Any) -> str:
    """Return a cell as text; a date is stored as midnight of it."""
    if isinstance(value, datetime) and (value.hour, value.minute, value.second, value.microsecond) == _MIDNIGHT:
        return value.date().isoformat()
    return text_of(value) if not isinstance(value, str) or isinstance(value, date) else value.strip()


CONNECTOR = Connector("excel", read)
