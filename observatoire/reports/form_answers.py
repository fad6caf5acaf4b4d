"""The answers to a form's questions, checked: closed values only, no text."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo

from observatoire.reports.errors import Refused
from observatoire.reports.forms import Question

#: What a browser sends of a field of local date and time (HTML, "valid normalized local date and time string").
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?", re.ASCII)
_YES, _NO = ("true", "1", "on", "oui", "yes"), ("false", "0", "off", "non", "no")


def check_answers(questions: tuple[Question, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers as they are kept: values of options, numbers, booleans, instants in UTC.

    Parameters
    ----------
    questions : tuple of Question
        Of the category.
    given : mapping
        Question → value; text stands for a number or a boolean where a form sends nothing else. An empty text is no
        answer.

    Raises
    ------
    Refused
        `answers.<question>`: an unknown question, a missing answer, or a value that is not of its kind.
    """
    known = {question.id: question for question in questions}
    for name in given:
        if name not in known:
            field = f"answers.{name[:40]}" if name.isascii() and name.isprintable() else "answers"
            expected = ", ".join(known) or "∅"
            raise Refused(field, f"question inconnue ; attendu : {expected}", f"no such question; expected {expected}")
    answers: dict[str, Any] = {}
    for name, question in known.items():
        value = given.get(name)
        if value is None or value == "":
            if question.required:
                raise Refused(f"answers.{name}", "une réponse est attendue", "an answer is expected")
            continue
        answers[name] = _KINDS[question.kind](question, value)
    return answers


def _choice(question: Question, value: Any) -> str:
    values = [option.value for option in question.options]
    if value not in values:
        raise _refused(question, f"attendu : {', '.join(values)}", f"expected {', '.join(values)}")
    return str(value)


def _number(question: Question, value: Any) -> float:
    try:
        number = float(str(value).strip().replace(",", ".")) if not isinstance(value, bool) else float("nan")
    except ValueError:
        number = float("nan")
    low = question.least if question.least is not None else -1e9
    high = question.most if question.most is not None else 1e9
    if not isfinite(number) or not low <= number <= high:
        unit = {"d": ("jours", "days")}.get(question.unit or "", ("", ""))
        raise _refused(
            question,
            f"un nombre de {low:g} à {high:g} {unit[0]}".rstrip() + " est attendu",
            f"expected a number from {low:g} to {high:g} {unit[1]}".rstrip(),
        )
    return int(number) if number.is_integer() else number


def _boolean(question: Question, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in (*_YES, *_NO):
        return str(value).lower() in _YES
    raise _refused(question, "oui ou non est attendu (true, false)", "expected true or false")


def _instant(question: Question, value: Any) -> str:
    return read_instant(f"answers.{question.id}", value).isoformat()


def read_instant(field: str, value: Any) -> datetime:
    """Return an instant in UTC.

    Raises
    ------
    Refused
        If it is no RFC 3339 date and time with its offset.
    """
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise Refused(
            field,
            "une date et une heure avec leur décalage sont attendues, comme 2026-11-28T21:30:00+01:00",
            "expected a date and a time with its offset, like 2026-11-28T21:30:00+01:00",
        )
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise Refused(field, "une date de notre temps est attendue", "expected a date of our time") from None


def with_offset(value: Any, zone: ZoneInfo) -> Any:
    """Return the local time of a browser's field with the offset of the city's zone; anything else as it is.

    An hour that the end of summer time brings twice is its first; one that its beginning leaves out is counted on from
    before it.

    Examples
    --------
    >>> with_offset("2026-11-28T21:30", ZoneInfo("Europe/Paris"))
    '2026-11-28T21:30:00+01:00'
    >>> with_offset("2026-11-28T21:30:00Z", ZoneInfo("Europe/Paris"))
    '2026-11-28T21:30:00Z'
    """
    if not isinstance(value, str) or not _LOCAL.fullmatch(value):
        return value
    try:
        return datetime.fromisoformat(value).replace(tzinfo=zone).isoformat()
    except ValueError:
        return value


def _refused(question: Question, fr: str, en: str) -> Refused:
    return Refused(f"answers.{question.id}", fr, en)


_KINDS = {"choice": _choice, "number": _number, "boolean": _boolean, "datetime": _instant}
