"""Number plates: SIV (AB-123-CD, since 2009) and FNI (1234 AB 13, before)."""

import re

_PART = r"[\s./_|\-]{0,3}"
_SIV = re.compile(rf"(?<![A-Za-z0-9])([A-Za-z]{{2}})({_PART})([0-9]{{3}})({_PART})([A-Za-z]{{2}})(?![A-Za-z0-9])")
_FNI = re.compile(
    rf"(?<![A-Za-z0-9])([0-9]{{1,4}})({_PART})([A-Za-z]{{2,3}})({_PART})"
    r"([0-9]{2}|2[ABab]|97[1-6])(?![A-Za-z0-9])"
)
_NEAR = re.compile(r"\b(?:immat\w*|plaques?)\b\W{0,4}(?:n\W{0,2})?(?:[a-z]+ ){0,2}[a-z0-9]{1,4}[0-9]", re.IGNORECASE)
# Words and signs that may stand before and after a number: « du 120 au », « RD 568 et », « DN 200 mm ».
_BEFORE = frozenset("au de du en et la le ou un rd rn cd cv vc dn pk pr km".split())  # noqa: SIM905 - a word list
_AFTER = frozenset("au de du en et la le ou av bd pl st ch ha mm cm km pr pk rd rn".split())  # noqa: SIM905
# Between two numbers: « 8 mai 45 », « 12 bis 14 », « 10 et 12 », « RD 53 PR 21 ».
_BETWEEN = (
    _BEFORE
    | _AFTER
    | frozenset(
        "bis ter rue mai jan fev mar avr jun jul aou sep oct nov dec ans kms min lot ave bat".split()  # noqa: SIM905
    )
)
_GLUED = frozenset({"bis", "ter", "km", "mm", "cm", "ha"})
_YEARS = re.compile(r"1[5-9][0-9]{2}|20[0-3][0-9]")
_RECENT = re.compile(r"20[0-3][0-9]")
_SMALL = 1_000  # a number of a house, a road, a length


def has_plate(text: str) -> bool:
    """Tell whether a folded text holds a number plate.

    `2026-MC-13` is a reference that begins with its year, not a plate.
    """
    return any(map(_is_siv, _SIV.finditer(text))) or any(map(_is_fni, _FNI.finditer(text))) or _near(text)


def _is_siv(found: re.Match[str]) -> bool:
    left, first, _, second, right = found.groups()
    parted_by_spaces = first.isspace() or second.isspace()
    return not (parted_by_spaces and left.casefold() in _BEFORE and right.casefold() in _AFTER)


def _is_fni(found: re.Match[str]) -> bool:
    number, first, letters, _, _ = found.groups()
    if letters.casefold() in _BETWEEN if first.isspace() else first == "" and letters in _GLUED:
        return not (int(number) < _SMALL or _YEARS.fullmatch(number))
    return not (first in {"-", "/"} and _RECENT.fullmatch(number))


def _near(text: str) -> bool:
    return _NEAR.search(text) is not None
