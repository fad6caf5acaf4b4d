"""The check: an item holds the properties of its layer and nothing else, coded where they are coded, never prose.

Every string that is not a code passes the person firewall here, the key included.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from math import isfinite
from typing import Any

from observatoire.errors import BadSettings, BadSource
from observatoire.intake.dates import AHEAD, span_precision
from observatoire.intake.firewall.columns import is_person
from observatoire.intake.firewall.firewall import find, find_number, is_reference
from observatoire.intake.source import Item, Rejected
from observatoire.layers.model import ORIGINS, PRECISIONS, SYSTEM, Layer, Property
from observatoire.layers.nomenclature import codes

PLACE = ("lon", "lat", "x", "y", "geometry")
LONGEST = 80  # characters of a string that is not a code: a reference, a name
WORDS = 4  # of a string of something that happened: more is prose
WORDS_OF_PLACE = 8  # a layer without instants names places: « Notre-Dame de la Garde nord »
TITLE = "titre"  # the one property in which an administrative act may keep words
LONGEST_TITLE = 120  # characters
CODES_ONLY = frozenset({"videoprotection"})  # layers that hold codes of operators and references, no words at all
WITHOUT_WORDS = frozenset({"reported", "discovered", "sensor"})  # origins of what happened: names have no place in it

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_LARGEST = 2**63 - 1
_REFERENCE = re.compile(r"(?=.*[0-9])[A-Za-z0-9]{1,12}(?:[-_/.:][A-Za-z0-9]{1,12}){0,5}")
# « Jean Dupont », « J. Dupont », « jean.dupont », « Jean-Dupont »; beside figures only words written as names are.
_TWO_WORDS = re.compile(r"[^\W\d_]+[\s_.]+[^\W\d_]{2,}|[A-ZÀ-Þ][a-zß-ÿ]+-[A-ZÀ-Þ][a-zß-ÿ]+")
_TWO_NAMES = re.compile(
    r"[A-ZÀ-Þ][a-zß-ÿ'-]{2,}[\s_.]+[A-ZÀ-Þ][A-Za-zÀ-ÿ'-]{2,}|[A-ZÀ-Þ]{3,}[\s_.]+[A-ZÀ-Þ][a-zß-ÿ]{2,}"
)
_CAPITALS = re.compile(r"[A-ZÀ-Þ][^\W\d_]*[\s_.-]+[A-ZÀ-Þ]")
_DIGIT = re.compile(r"[0-9]")


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

    Raises
    ------
    BadSettings
        If a property of the layer is about persons by its name.
    """

    def __init__(self, layer: Layer, *, origin: str, planned: bool = False, now: datetime | None = None) -> None:
        self.layer = layer
        self.origin = origin
        self.latest = None if planned else (now or datetime.now(UTC)) + AHEAD
        self.own = {n: p for n, p in layer.properties.items() if n != layer.id_field and n not in SYSTEM}
        self.allowed = {*self.own, *PLACE, "source_key", "origin", "precision", "until", "accuracy"}
        if persons := sorted(filter(is_person, self.own)):
            raise BadSettings(f"{layer.id}: properties about persons cannot enter: {', '.join(persons)}")
        self.happens = layer.time_field is not None
        self.words = WORDS if self.happens else WORDS_OF_PLACE
        self.texts = [(n, p.required) for n, p in self.own.items() if _is_text(p)]
        self.checks = [(n, p.required, self._check(n, p)) for n, p in self.own.items() if not _is_text(p)]

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
        checked["origin"] = origin = _one_of(get("origin") or self.origin, ORIGINS, "origin")
        for name, required in self.texts:
            value = get(name)
            if value is None or value == "":
                if required:
                    raise Rejected("missing", name)
                checked[name] = None
            else:
                checked[name] = self._text(_typed(value, str, name, "not-a-text"), name, origin)
        checked["source_key"] = self._key(get("source_key"), origin)
        checked["precision"] = _one_of(get("precision") or "second", PRECISIONS, "precision")
        checked["until"] = None
        if (until := get("until")) is not None:
            self._set_until(checked, until)
        accuracy = get("accuracy")
        checked["accuracy"] = None if accuracy is None else _number(accuracy, "accuracy")
        return checked

    def of(self, name: str) -> Callable[[Any], Any]:
        """Return what checks one property of an item of the usual origin, or its accuracy."""
        prop = self.own.get(name)
        if prop is None:
            return lambda value: _number(value, name)
        if _is_text(prop):
            return lambda value: self._text(_typed(value, str, name, "not-a-text"), name, self.origin)
        return self._check(name, prop)

    def key(self, key: Any) -> str:
        """Check the key of an item of the usual origin."""
        return self._key(key, self.origin)

    def _set_until(self, checked: Item, until: Any) -> None:
        """Keep when it had happened at the latest; its instant is no more precise than the interval."""
        began = checked[self.layer.time_field] if self.layer.time_field is not None else None
        if began is None:
            raise Rejected("missing", self.layer.time_field or "until")
        checked["until"] = ended = _instant(until, "until", self.latest)
        if ended < began:
            raise Rejected("ends-before-start", "until")
        spans = (checked["precision"], span_precision(ended - began))
        checked["precision"] = max(spans, key=PRECISIONS.index)

    def _key(self, key: Any, origin: str) -> str:
        if key is None or key == "":
            raise Rejected("missing", "id")
        return self._text(str(key), "id", origin)

    def _text(self, text: str, name: str, origin: str) -> str:
        """Return a string that names no person, and is as short as its place asks."""
        if self.layer.id in CODES_ONLY:
            refuse_person(text, name)
            if not _REFERENCE.fullmatch(text):
                raise Rejected("not-a-code", name)
            return short(text, name)
        if is_reference(text):
            return text
        refuse_person(text, name)
        if name == TITLE and origin == "administrative":
            return short(text, name, words=LONGEST_TITLE, longest=LONGEST_TITLE)
        short(text, name, words=WORDS_OF_PLACE if name == "id" else self.words)
        if origin in WITHOUT_WORDS and self.happens:
            _refuse_words(text, name)
        return text

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
        assert prop.type == "boolean", name
        return lambda value: _typed(value, bool, name, "not-a-boolean")


def _is_text(prop: Property) -> bool:
    return prop.type == "string" and prop.codes is None and prop.format is None


def refuse_person(text: str, field: str) -> None:
    """Refuse a string in which the person firewall finds anything.

    Raises
    ------
    Rejected
        `person:…`; the value is never in the message.
    """
    if reason := find(text):
        raise Rejected(reason, field)


def _refuse_words(text: str, field: str) -> None:
    """Refuse two words beside each other where an identifier is expected: a name has no other mark.

    Raises
    ------
    Rejected
        `person:name` where they have capitals, else `free-text`.
    """
    pattern = _TWO_NAMES if _DIGIT.search(text) else _TWO_WORDS
    if pattern.search(text):
        raise Rejected("person:name" if _CAPITALS.search(text) else "free-text", field)


def short(text: str, field: str, *, words: int = WORDS, longest: int = LONGEST) -> str:
    """Return an identifier, a name or a title as it is; refuse what may be prose.

    Raises
    ------
    Rejected
        `free-text` beyond `longest` characters, `words` words or one line.
    """
    if len(text) > longest or _CONTROL.search(text) or len(text.split()) > words:
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
    if reason := find_number(value):
        raise Rejected(reason, name)
    return value


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise Rejected("not-a-number", name)
    return float(value)


def _typed[T](value: Any, kind: type[T], name: str, reason: str) -> T:
    if not isinstance(value, kind):
        raise Rejected(reason, name)
    return value
