"""Telephone numbers: French ones however they are parted, foreign ones where they begin with + or 00."""

import re

import phonenumbers

from observatoire.intake.firewall.normalise import with_digits
from observatoire.intake.firewall.numbers import without_digests

_PART = r"[\s./_()\-,:;*|]{0,3}"
# A date with its time is not a number: 02/01/2024 14:05.
_DATE = re.compile(
    r"(?<![0-9])(?:(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}|[0-9]{1,2}([/.\-])[0-9]{1,2}\1(?:19|20)[0-9]{2})"
    r"(?![0-9])(?:[T ,à]{1,3}[0-9]{1,2}[:h][0-9]{2}(?::[0-9]{2})?)?"
)
# An id of a database, such as 7230cef76ef12c0700000369, holds any figures.
_HASH = re.compile(r"(?<![0-9A-Za-z])(?=[0-9]*[a-f][0-9]*[a-f])[0-9a-f]{16,64}(?![0-9A-Za-z])")
# ARCEP, national numbering plan: 0 and nine digits, the first not 0; abroad 33 and the nine digits.
_FRENCH = re.compile(
    rf"(?<![0-9])(?<![0-9][.,])(?:0|(?:\+|00)\s?33{_PART}(?:0{_PART})?|33{_PART}(?=[67]))"
    rf"(?:(?<=[0-9)\s./_\-])|(?<=0)){_PART}[1-9](?:{_PART}[0-9]){{8}}(?![0-9])"
)
_FOREIGN = re.compile(rf"(?:\+|(?<![0-9])00){_PART}[1-9](?:{_PART}[0-9]){{7,14}}(?![0-9])")
_LEAST_DIGITS = 9
_NO_DIGITS = str.maketrans("", "", "0123456789OolI|!SZBgq")  # those of `with_digits`


def has_phone(text: str) -> bool:
    """Tell whether a folded text holds a telephone number."""
    if len(text) - len(text.translate(_NO_DIGITS)) < _LEAST_DIGITS:
        return False
    read = with_digits(text)
    return _holds(text) or (read != text and _holds(read))


def _holds(text: str) -> bool:
    if sum(map(text.count, "0123456789")) < _LEAST_DIGITS:
        return False
    text = _HASH.sub("#", without_digests(_DATE.sub("#", text)))
    return _FRENCH.search(text) is not None or any(_foreign(found[0]) for found in _FOREIGN.finditer(text))


def _foreign(found: str) -> bool:
    digits = re.sub(r"[^0-9]", "", found)
    number = "+" + (digits if found.startswith("+") else digits[2:])
    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
