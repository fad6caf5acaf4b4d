"""The check: an item holds the properties of its layer and nothing else, coded where they are coded, never prose."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any

from observatoire.errors import BadSource
from observatoire.intake.dates import AHEAD
from observatoire.intake.source import Item, Rejected
from observatoire.layers.model import ORIGINS, PRECISIONS, SYSTEM, Layer, Property
from observatoire.layers.nomenclature import codes

PLACE = ("lon", "lat", "x", "y", "geometry")
LONGEST = 80  # characters of a string that is not a code: a reference, a name
WORDS = 4  # of a string of something that happened: more is prose
WORDS_OF_PLACE = 8  # a layer without instants names places: « Notre-Dame de la Garde nord »

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_LARGEST = 2**63 - 1


class Checker:
    """Checks the items of one layer.

    Parameters
    ----------
    layer : Layer
    origin : str
        For items that do not say their own.
    planned : bool
        Whether the instants may lie ahead.
    now : datetime, optional
        Aware; for tests.
    """

    def __init__(self, layer: Layer, *, origin: str, planned: bool = False, now: datetime | None = None) -> None:
        self.layer = layer
        self.origin = origin
        self.latest = None if planned else (now or datetime.now(UTC)) + AHEAD
        self.own = {n: p for n, p in layer.properties.items() if n != layer.id_field and n not in SYSTEM}
        self.allowed = {*self.own, *PLACE, "source_key", "origin", "precision", "accuracy"}
        self.checks = [(n, p.required, self._check(n, p)) for n, p in self.own.items()]

    def __call__(self, item: Item) -> Item:
        """Return the item as it may go on.

        Raises
        ------
        Rejected
            With the property and the reason.
        BadSource
            If the item holds what its layer does not know: the source is wrong, not the row.
        """
        get = item.get
        if not item.keys() <= self.allowed:
            strange = ", ".join(sorted(item.keys() - self.allowed))
            raise BadSource(f"the source gives properties that {self.layer.id} does not have: {strange}")
        checked: Item = {
            "lon": get("lon"),
            "lat": get("lat"),
            "x": get("x"),
            "y": get("y"),
            "geometry": get("geometry"),
        }
        for name, required, check in self.checks:
            value = get(name)
            if value is None or value == "":
                if required:
                    raise Rejected("missing", name)
                checked[name] = None
            else:
                checked[name] = check(value)
        checked["source_key"] = self._key(get("source_key"))
        checked["origin"] = _one_of(get("origin") or self.origin, ORIGINS, "origin")
        checked["precision"] = _one_of(get("precision") or "second", PRECISIONS, "precision")
        accuracy = get("accuracy")
        checked["accuracy"] = None if accuracy is None else _number(accuracy, "accuracy")
        return checked

    @staticmethod
    def _key(key: Any) -> str:
        if key is None or key == "":
            raise Rejected("missing", "id")
        return short(str(key), "id", words=WORDS_OF_PLACE)

    def _check(self, name: str, prop: Property) -> Callable[[Any], Any]:
        if prop.codes is not None:
            known = frozenset(codes(prop.codes))
            return lambda value: _one_of(value, known, name)
        if prop.format == "date-time":
            latest = self.latest if name == self.layer.time_field else None
            return lambda value: _instant(value, name, latest)
        if prop.format == "date":
            return lambda value: _typed(value, date, name, "bad-date")
        if prop.type == "integer":
            return lambda value: _integer(value, name)
        if prop.type == "number":
            return lambda value: _number(value, name)
        if prop.type == "boolean":
            return lambda value: _typed(value, bool, name, "not-a-boolean")
        words = WORDS if self.layer.time_field is not None else WORDS_OF_PLACE
        return lambda value: short(_typed(value, str, name, "not-a-text"), name, words=words)


def short(text: str, field: str, *, words: int = WORDS) -> str:
    """Return an identifier or a name as it is; refuse what may be prose.

    Raises
    ------
    Rejected
        `free-text` beyond 80 characters, `words` words or one line.
    """
    if len(text) > LONGEST or _CONTROL.search(text) or len(text.split()) > words:
        raise Rejected("free-text", field)
    return text


def _one_of(value: Any, known: frozenset[str] | tuple[str, ...], name: str) -> str:
    if value not in known:
        raise Rejected("unknown-code", name, str(value))
    return str(value)


def _instant(value: Any, name: str, latest: datetime | None) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Rejected("no-time-zone" if isinstance(value, datetime) else "bad-date", name)
    if latest is not None and value > latest:
        raise Rejected("future-date", name, value.strftime("%Y-%m-%d"))
    return value


def _integer(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
        raise Rejected("not-an-integer", name)
    return value


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise Rejected("not-a-number", name)
    return float(value)


def _typed[T](value: Any, kind: type[T], name: str, reason: str) -> T:
    if not isinstance(value, kind):
        raise Rejected(reason, name)
    return value
