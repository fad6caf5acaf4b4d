"""From columns to the properties of a layer: the parse made from `map`, `codes`, `decimal` and `tz`."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from unicodedata import combining, normalize
from zoneinfo import ZoneInfo

from observatoire.errors import BadInput, BadSource
from observatoire.intake.check import TITLE
from observatoire.intake.dates import parse_end, parse_instant
from observatoire.intake.firewall.coder import can_code, code
from observatoire.intake.firewall.columns import is_narrative, is_person, may_be_person
from observatoire.intake.firewall.firewall import find
from observatoire.intake.options import ALL_OTHERS, Options
from observatoire.intake.source import Item, Rejected, Row, digest
from observatoire.layers.model import SYSTEM, Layer, Property
from observatoire.layers.nomenclature import codes

Convert = Callable[[str], Any]

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_TRUE, _FALSE = frozenset({"true", "1", "oui", "yes", "vrai"}), frozenset({"false", "0", "non", "no", "faux"})
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
OWN_KEY = "*"  # in place of the column of the key: the source has none
_SHOWN = 8  # names of columns in a message


def check_map(layer: Layer, options: Options) -> None:
    """Refuse a mapping that cannot be right, before anything is read.

    Raises
    ------
    BadInput
        The text names the option, the property or the column.
    """
    own = {n for n in layer.properties if n not in SYSTEM}
    places = {"lon", "lat", "x", "y"} if layer.geometry == "Point" else set()
    allowed = own | places | {"origin", "accuracy"} | ({"until"} if layer.time_field else set())
    if "id" not in options.map:
        raise BadInput("map: no column for id, the source's own key; expected id=column, or id=* where it has none")
    if unknown := sorted(options.map.keys() - allowed - {"id"}):
        names = ", ".join(sorted(allowed | {"id"}))
        raise BadInput(f"map: {layer.id} has no property {', '.join(unknown)}; expected some of {names}")
    if missing := sorted(n for n in own - {"id"} if layer.properties[n].required and n not in options.map):
        raise BadInput(f"map: {layer.id} requires {', '.join(missing)}")
    for pair in (("lon", "lat"), ("x", "y")):
        if len(options.map.keys() & set(pair)) == 1:
            raise BadInput(f"map: {pair[0]} and {pair[1]} go together")
    if {"lon", "x"} <= options.map.keys():
        raise BadInput("map: give lon and lat, or x and y, not both")
    if "lon" in options.map and options.crs not in {None, "EPSG:4326", "OGC:CRS84"}:
        raise BadInput(f"crs: lon and lat are degrees of WGS 84; map the columns to x and y for {options.crs}")
    _refuse_persons(layer, options)
    coded = {n for n in own if layer.properties[n].codes} | {"origin"}
    for name, table in options.codes.items():
        if name not in coded or name not in options.map:
            raise BadInput(f"codes: {name} is not a coded property that is mapped")
        known = codes(layer.properties[name].codes or "") if name in own else codes("origine")
        if strange := sorted(set(table.values()) - set(known)):
            raise BadInput(f"codes: {name} has no code {', '.join(strange)}; expected some of {', '.join(known)}")


def takes(layer: Layer) -> str:
    """Return in words what a mapping may name: for who makes the first one.

    Examples
    --------
    >>> from observatoire.layers.catalog import layer_of
    >>> print(takes(layer_of("videoprotection")).partition(";")[0])
    id (the source's own key, or * where it has none)
    """
    words = ["id (the source's own key, or * where it has none)"]
    for name, prop in layer.properties.items():
        if name in SYSTEM or name == layer.id_field:
            continue
        of = ["required"] if prop.required else []
        if prop.codes:
            known = list(codes(prop.codes))
            of.append(f"a code of {', '.join(known[:_SHOWN])}{', …' if len(known) > _SHOWN else ''}")
        elif prop.format or prop.type != "string":
            of.append(prop.format or prop.type)
        words.append(f"{name} ({', '.join(of)})" if of else name)
    if layer.geometry == "Point":
        words.append("lon and lat, or x and y, unless the file has geometries")
    return "; ".join(words)


def _refuse_persons(layer: Layer, options: Options) -> None:
    """Refuse columns that are about persons by their name, and narratives but where they are coded.

    A column `nom` or `adresse` may be that of a place: in layers of places, and as the title of an act.
    """
    never = {_plain(name) for name in layer.privacy.never}
    for name, column in options.map.items():
        if column == OWN_KEY or is_coded_narrative(layer, name, column):
            continue
        place = (layer.time_field is None and name not in {"lon", "lat", "x", "y"}) or name == TITLE
        person = is_person(column) if place else may_be_person(column)
        if _plain(column) in never or person or is_narrative(column):
            raise BadInput(f"map: {column} must never enter {layer.id}; drop it")


def is_coded_narrative(layer: Layer, name: str, column: str) -> bool:
    """Tell whether a column holds narratives of which a property takes the code only."""
    prop = layer.properties.get(name)
    return is_narrative(column) and prop is not None and prop.codes is not None and can_code(prop.codes)


def check_columns(columns: Sequence[str], wanted: Sequence[str], dropped: Sequence[str] | str) -> None:
    """Refuse a table that lacks a wanted column, or holds one that is neither wanted nor dropped by name.

    The first line of a file without header is a row: its values are never shown. Names of unknown columns are, once
    all wanted ones are there, for the line then is a header.

    Raises
    ------
    BadSource
    """
    seen: dict[str, int] = {}
    for rank, column in enumerate(columns, start=1):
        if column in seen:
            raise BadSource(f"columns {seen[column]} and {rank} have the same name")
        seen[column] = rank
    if missing := sorted(set(wanted) - seen.keys()):
        hint = "; it has one column only: is the separator right?" if len(columns) == 1 else f"; it has {len(columns)}"
        raise BadSource(f"the table has no column {_listed(missing)}{hint}")
    if dropped == ALL_OTHERS:
        return
    if absent := sorted(set(dropped) - seen.keys()):
        raise BadSource(f"drop: the table has no column {_listed(absent)}")
    if unknown := [column for column in columns if column not in {*wanted, *dropped}]:
        raise BadSource(f"column not mapped: {_listed(unknown)}; map it, or drop it by name")


@dataclass(frozen=True)
class Fields:
    """How the columns of a mapped table become what an item holds.

    Attributes
    ----------
    key : str
        Column of the source's own key, or `*`.
    converts : dict of str to (str, callable)
        Property → its column, and what makes its value of a text that is not empty.
    instants : dict of str to str
        Property → its column.
    until : str or None
        Column that says when it had happened at the latest.
    zone : ZoneInfo
        Where times without offset are read.
    """

    key: str
    converts: dict[str, tuple[str, Convert]]
    instants: dict[str, str]
    until: str | None
    zone: ZoneInfo

    def instant(self, text: str, name: str) -> tuple[datetime, str]:
        """Return the instant that a text says, and its precision; see `parse_instant`."""
        return parse_instant(text, self.zone, name)


def fields_of(layer: Layer, options: Options, zone: ZoneInfo) -> Fields:
    """Return how a mapped table is read.

    Parameters
    ----------
    layer : Layer
    options : Options
        That `check_map` found right.
    zone : ZoneInfo
        Where times without offset are read, unless `options.tz` says another.
    """
    converts: dict[str, tuple[str, Convert]] = {}
    instants: dict[str, str] = {}
    for name, column in options.map.items():
        prop = layer.properties.get(name)
        if name in {"id", "until"}:
            continue
        if prop is not None and prop.format == "date-time":
            instants[name] = column
        else:
            narrative = is_coded_narrative(layer, name, column)
            converts[name] = column, _coder(name, prop, options) if narrative else _convert(name, prop, options)
    zone = ZoneInfo(options.tz) if options.tz else zone
    return Fields(options.map["id"], converts, instants, options.map.get("until"), zone)


def make_parse(layer: Layer, options: Options, zone: ZoneInfo) -> Callable[[Row], Item]:
    """Return the parse of a mapped table; the parameters are those of `fields_of`."""
    fields = fields_of(layer, options, zone)
    key = _key(options.map)
    converts = [(name, column, convert) for name, (column, convert) in fields.converts.items()]
    until, happened = fields.until, layer.time_field

    def parse(row: Row) -> Item:
        item: Item = {"source_key": key(row)}
        for name, column, convert in converts:
            if text := row[column].strip():
                item[name] = convert(text)
        for name, column in fields.instants.items():
            if text := row[column].strip():
                item[name], precision = fields.instant(text, name)
                if name == happened:
                    item["precision"] = precision
        if until is not None and (text := row[until].strip()):
            item["until"] = parse_end(text, fields.zone, "until")
        return item

    return parse


def _key(columns: Mapping[str, str]) -> Callable[[Row], str]:
    """Return what gives a row's key: its column, or for `*` a fingerprint of the mapped columns, alike rows numbered.

    Twenty letters, 80 bits: two rows of a million share one with a probability of 10⁻¹².
    """
    column = columns["id"]
    if column != OWN_KEY:
        return lambda row: row[column].strip()
    others = sorted({name for name in columns.values() if name != OWN_KEY})
    met = Counter[bytes]()

    def key(row: Row) -> str:
        alike = digest(*[row[name].strip().encode() for name in others])
        met[alike] += 1
        return digest(alike, str(met[alike]).encode()).hex()[:20].translate(_LETTERS)

    return key


def _coder(name: str, prop: Property | None, options: Options) -> Convert:
    """Return the conversion of narratives to codes; a text that `codes` names stands for what is said there."""
    assert prop is not None, name
    assert prop.codes is not None, name
    branch = prop.codes
    table = {value.casefold(): known for value, known in options.codes.get(name, {}).items()}

    def convert(text: str) -> str:
        found = table.get(text.casefold()) or code(text, branch)
        if found is None:
            raise Rejected("not-coded", name)
        return found

    return convert


def _convert(name: str, prop: Property | None, options: Options) -> Convert:
    if name in options.codes:
        table = {value.casefold(): code for value, code in options.codes[name].items()}
        return lambda text: table.get(text.casefold(), text)
    if prop is None:
        return str if name == "origin" else lambda text: parse_number(text, name, options.decimal)
    if prop.format == "date":
        return lambda text: parse_instant(text, ZoneInfo("UTC"), name)[0].date()
    if prop.type == "number":
        return lambda text: parse_number(text, name, options.decimal)
    if prop.type == "integer":
        return lambda text: _integer(text, name)
    if prop.type == "boolean":
        return lambda text: _boolean(text, name)
    return str


def parse_number(text: str, field: str, decimal: str = ".") -> float:
    """Return a number written with the decimal mark given, and no other sign; NaN and infinity are refused.

    Raises
    ------
    Rejected
        `not-a-number`.
    """
    plain = text.replace(",", ".") if decimal == "," and "." not in text else text
    if not _NUMBER.fullmatch(plain):
        raise Rejected("not-a-number", field)
    return float(plain)


def _integer(text: str, field: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise Rejected("not-an-integer", field)
    return int(text)


def _boolean(text: str, field: str) -> bool:
    word = text.casefold()
    if word not in _TRUE | _FALSE:
        raise Rejected("not-a-boolean", field)
    return word in _TRUE


def _plain(name: str) -> str:
    """Return a column's name in the form of the `never` list: « Téléphone » is `telephone`."""
    bare = "".join(c for c in normalize("NFKD", name) if not combining(c))
    return re.sub(r"\W+", "_", bare.strip().casefold()).strip("_")


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join("(not shown)" if find(name) else repr(name[:40]) for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
