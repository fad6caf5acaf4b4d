"""The one entry: what kind of person data a string holds, if any."""

import re
from functools import lru_cache

from observatoire.intake.firewall.columns import is_person
from observatoire.intake.firewall.detectors import detect
from observatoire.intake.firewall.normalise import keys, views

# Codes and short references, which hold too little to be any of what is looked for: `tag`, `SIG-2026-004512`,
# `11-00049231`, `MRS13-2026-11-000123`, `CRS3035RES200mN2029800E4251400`. Never nine digits in a row that count.
_PLAIN = re.compile(
    r"[a-z]{1,20}"
    r"|(?!(?i:ddn|dob|nee?|born|[OoIl][-_/]))(?:[A-Za-z]{1,6}[-_/])?(?:[1-9][0-9]{0,3}[-_/])?[0-9]{1,8}"
    r"|(?!(?i:ddn|dob|nee?|born))[A-Za-z]{1,6}[0-9]{1,7}"
    r"|(?!(?i:ddn|dob|nee?|born))[A-Z]{2,6}[0-9]{0,3}[-_/](?:19|20)[0-9]{2}(?:[-_/][0-9]{2})?[-_/][0-9]{3,7}"
    r"|CRS[0-9]{4,5}RES[0-9]{1,6}mN[0-9]{1,8}E[0-9]{1,8}"
    r"|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
)
_WORD = re.compile(r"[a-zà-ÿ]{1,20}")
_FIGURES = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,6})?|[0-9]{1,4}[-/.][0-9]{1,2}[-/.][0-9]{1,4}(?:[T ][0-9:.]{1,15})?")
_LARGE = 10**9  # shorter integers are no telephone, NIR or card


def find(text: str) -> str | None:
    """Return the reason for which a string may not enter, or None where nothing of a person is found in it.

    Parameters
    ----------
    text : str

    Returns
    -------
    str or None
        `person:` and one of email, iban, nir, ip, device, phone, plate, birth-date, address, name, field (a member of
        nested JSON that is named after what must not enter).

    Examples
    --------
    >>> find("SIG-2026-004512"), find("rappeler au ０６.12.34.56.78"), find("eyJtYWlsIjoiYUBiLmZyIn0")
    (None, 'person:phone', 'person:email')
    """
    return None if is_reference(text) else _look(text)


@lru_cache(maxsize=64)  # a key is often a reference as well
def _look(text: str) -> str | None:
    for plain in views(text):
        if kind := detect(plain):
            return f"person:{kind}"
        if any(is_person(name) for name in keys(plain)):
            return "person:field"
    return None


def is_reference(text: str) -> bool:
    """Tell whether a string is one code or short reference, which needs no further look."""
    return _PLAIN.fullmatch(text) is not None


def find_number(value: int) -> str | None:
    """Return the reason for which an integer may not enter: one of ten digits or more may be a NIR or a telephone."""
    return find(str(value)) if value >= _LARGE else None


def may_be_shown(value: str) -> bool:
    """Tell whether a refused value may stand in a message: one word in small letters, or figures, of nobody."""
    return (_WORD.fullmatch(value) is not None or _FIGURES.fullmatch(value) is not None) and find(value) is None
