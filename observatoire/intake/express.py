"""The short way of a batch: rows whose values are all plain are taken column by column; all others go row by row.

A row is taken only where the long way (parse, check, locate) takes it too, and makes the same of it: each value passes
the very functions of that way, the person firewall included, but values that were seen before are not looked at again.
What they refuse, and what is not a point inside the city, is left to the long way, which says why.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import compress
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from observatoire.intake.check import Checker
from observatoire.intake.locate import Floats, Locator
from observatoire.intake.mapping import OWN_KEY, Fields
from observatoire.intake.source import Item, Record, Rejected, Row
from observatoire.store.upsert import staged_columns

NULL = r"\N"
_REMEMBERED = 10_000  # values of a column
_POINT = 0  # number of the type, for shapely

Mask = NDArray[np.bool_]
Numbered = Sequence[tuple[int, Record]]


class _Column:
    """What one property is written as, for COPY.

    Parameters
    ----------
    source : str
        The column that it comes from.
    write : callable
        From its text to that of COPY, or `Rejected`.
    empty : str or None
        What stands for an empty text; None: it may not be empty.
    """

    def __init__(self, source: str, write: Callable[[str], str], empty: str | None) -> None:
        self.source, self.write, self.empty = source, write, empty
        self._known: dict[str, str] = {}

    def __call__(self, texts: Sequence[str], plain: Mask) -> list[str]:
        """Return the values; where one is refused, nothing of use, and `plain` is no longer so."""
        known, refused = self._known, set[str]()
        if len(known) > _REMEMBERED:
            known.clear()
        for text in set(texts) - known.keys():
            try:
                if text:
                    known[text] = self.write(text)
                elif self.empty is not None:
                    known[text] = self.empty
                else:
                    refused.add(text)
            except Rejected:
                refused.add(text)
        if not refused:
            return [known[text] for text in texts]
        plain[[i for i, text in enumerate(texts) if text in refused]] = False
        return [known.get(text, "") for text in texts]


class Express:
    """Takes the plain rows of a mapped table of points.

    Parameters
    ----------
    fields : Fields
        How columns become properties.
    parse : callable
        The same for one row.
    check : Checker
    locate : Locator
    """

    def __init__(self, fields: Fields, parse: Callable[[Row], Item], check: Checker, locate: Locator) -> None:
        self.parse, self.locate = parse, locate
        self.place = next((pair for pair in (("lon", "lat"), ("x", "y")) if pair[0] in fields.converts), None)
        self.own = staged_columns(check.layer)[4:]
        self.columns = _columns(fields, check, self.place or ())
        self.points = [fields.converts[name] for name in self.place or ()]
        self.constants = {"origin": check.origin, "precision": "second"}
        required = {name for name, prop in check.own.items() if prop.required} | {"source_key"}
        self.possible = (
            check.layer.geometry == "Point"
            and fields.key != OWN_KEY  # alike rows are numbered as they come
            and fields.until is None
            and "origin" not in fields.converts  # what is refused depends on it
            and required <= self.columns.keys()
        )

    def __call__(self, batch: Numbered) -> tuple[str, Numbered]:
        """Return the rows that are taken, as lines for COPY, and those that are not."""
        rows = [(seq, record) for seq, record in batch if isinstance(record.row, Mapping)]
        shaped = sum(record.geometry is not None for _, record in rows)
        if not self.possible or not rows or shaped != (0 if self.place else len(rows)):
            return "", batch
        texts = _stripped(
            [record.row for _, record in rows], {c.source for c in self.columns.values()} | self._of_place
        )
        plain = np.ones(len(rows), dtype=bool)
        written = {name: column(texts[column.source], plain) for name, column in self.columns.items()}
        xy = self._numbers(texts, plain) if self.place else _points([record.geometry for _, record in rows], plain)
        taken, places = self.locate.take(xy[plain], lonlat=self.place == ("lon", "lat"))
        plain[plain] = taken
        which = plain.tolist()
        lines = _lines(list(compress(rows, which)), places, [self._values(name, written, which) for name in self.own])
        left = {seq for seq, _ in compress(rows, which)}
        return lines, [each for each in batch if each[0] not in left]

    @property
    def _of_place(self) -> set[str]:
        return {column for column, _ in self.points}

    def _numbers(self, texts: Mapping[str, Sequence[str]], plain: Mask) -> Floats:
        xy = np.zeros((len(plain), 2))
        for axis, (column, convert) in enumerate(self.points):
            try:
                xy[:, axis] = list(map(convert, texts[column]))
            except Rejected:
                for i, text in enumerate(texts[column]):
                    try:
                        xy[i, axis] = convert(text)
                    except Rejected:
                        plain[i] = False
        return xy

    def _values(self, name: str, written: Mapping[str, list[str]], which: list[bool]) -> list[str]:
        if name not in written:
            return [self.constants.get(name, NULL)] * sum(which)
        return written[name] if all(which) else list(compress(written[name], which))


def _columns(fields: Fields, check: Checker, place: Sequence[str]) -> dict[str, _Column]:
    """Return the columns of a mapped table but those of its place."""

    def column(source: str, name: str, convert: Callable[[str], Any]) -> _Column:
        checked = check.of(name)
        required = name in check.own and check.own[name].required
        return _Column(source, lambda text: _copied(checked(convert(text))), None if required else NULL)

    made = {name: column(c, name, convert) for name, (c, convert) in fields.converts.items() if name not in place}
    for name, source in fields.instants.items():
        made[name] = column(source, name, _part(fields, name, 0))
        if name == check.layer.time_field:
            made["precision"] = _Column(source, _part(fields, name, 1), "second")
    made["source_key"] = _Column(fields.key, lambda text: _copied(check.key(text)), None)
    return made


def _part(fields: Fields, name: str, part: int) -> Callable[[str], Any]:
    """Return what makes the instant of a text (0), or its precision (1)."""
    return lambda text: fields.instant(text, name)[part]


def _stripped(rows: Sequence[Any], names: set[str]) -> dict[str, list[str]]:
    """Return the columns of rows, without spaces around their values."""
    return {name: [row[name].strip() for row in rows] for name in names}


def _points(geometries: Sequence[Any], plain: Mask) -> Floats:
    """Return the coordinates of points; what is none, or is empty, is not plain."""
    shapes = np.array(geometries, dtype=object)
    plain &= (shapely.get_type_id(shapes) == _POINT) & ~shapely.is_empty(shapes)
    return np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)])


def _lines(rows: Numbered, places: Sequence[str], values: Sequence[Sequence[str]]) -> str:
    """Return rows as lines of COPY (`staged_columns`)."""
    if not rows:
        return ""
    seqs, lines, prints = (
        [str(seq) for seq, _ in rows],
        [str(record.line) for _, record in rows],
        [f"\\\\x{record.digest.hex()}" for _, record in rows],
    )
    return "\n".join(map("\t".join, zip(seqs, lines, prints, places, *values, strict=True))) + "\n"


def _copied(value: Any) -> str:
    """Return a value as COPY reads it (PostgreSQL, COPY, « Text Format »)."""
    if isinstance(value, str):
        if value.isprintable() and "\\" not in value:
            return value
        return value.replace("\\", r"\\").replace("\t", r"\t").replace("\n", r"\n").replace("\r", r"\r")
    if isinstance(value, bool):
        return "t" if value else "f"
    return value.isoformat() if isinstance(value, date) else repr(value)
