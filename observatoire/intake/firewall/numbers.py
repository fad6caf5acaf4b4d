"""Numbers that the state or a bank gave to a person: NIR (social security) and IBAN."""

import re

from stdnum.fr import nir
from stdnum.iso7064 import mod_97_10

_PART = r"[\s./_\-]{0,2}"
# A digest (MD5, SHA) holds any figures; longer than any IBAN that is written in the letters of one, and than any NIR.
_DIGEST = re.compile(r"(?<![0-9A-Za-z])(?=(?:[0-9]*[a-fA-F]){6})(?:[0-9a-f]{32,128}|[0-9A-F]{32,128})(?![0-9A-Za-z])")
_NEAR = re.compile(r"\b(?:nir|ins|insee|secu\w*|s\.?s\.?|vitale|assure\w*|immatricul\w*)\b", re.IGNORECASE)
# Décret n° 82-103, art. 4: sex, year, month (or 20-42, 50-99 where unknown), département, commune, order; key of two.
_NIR = re.compile(
    rf"(?<![0-9])([1-478]{_PART}[0-9]{_PART}[0-9]{_PART}(?:0[1-9]|1[0-2]|[2-9][0-9]|0{_PART}[1-9]|1{_PART}[0-2]){_PART}"
    rf"(?:[0-9]{_PART}[0-9]|2{_PART}[ABab]){_PART}(?:[0-9]{_PART}){{2}}[0-9]{_PART}(?:[0-9]{_PART}){{2}}[0-9])"
    rf"(?:{_PART}([0-9]{_PART}[0-9]))?(?![0-9])"
)
_FIGURES = str.maketrans("OolI|", "00111")  # not B: it is a département
_LEAST_DIGITS = 12  # of thirteen signs, one may be a letter of Corsica
# In the groups of the card, or all together.
_GROUPED = re.compile(rf"[12]({_PART})[0-9]{{2}}\1[0-9]{{2}}\1[0-9]\w\1[0-9]{{3}}\1[0-9]{{3}}", re.ASCII)
_TOGETHER = re.compile(r"[0-9ABab]+")
_PARTS = re.compile(r"[\s./_\-]")
_IBAN = re.compile(rf"(?<![A-Za-z0-9])([A-Za-z]{{2}}{_PART}[0-9]{_PART}[0-9](?:{_PART}[A-Za-z0-9]){{11,40}})")
# Signs of an IBAN by country (SWIFT, IBAN Registry, and the African countries that use its form).
_REGISTRY = """
AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BF28 BG22 BH22 BR29 BY28 CH21 CI28 CM27 CR22 CY28 CZ24 DE22 DK18
DO28 DZ26 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26
IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MA28 MC27 MD24 ME22 MK19 ML28 MR27 MT31 NL18
NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 SN28 ST25 TL23 TN24 TR26 UA29
VA22 VG24 XK20
"""
_LENGTHS = {entry[:2]: int(entry[2:]) for entry in _REGISTRY.split()}
_FRENCH_IBAN = re.compile(r"FR[0-9]{12}[0-9A-Z]{11}[0-9]{2}")


def without_digests(text: str) -> str:
    """Return a folded text with a mark in place of each digest written in hexadecimal.

    Examples
    --------
    >>> without_digests("md5 d41d8cd98f00b204e9800998ecf8427e, 2 85 05 78 006 084 91")
    'md5 #, 2 85 05 78 006 084 91'
    """
    return _DIGEST.sub("#", text)


def has_nir(text: str) -> bool:
    """Tell whether a folded text holds a social-security number, with its key or without."""
    text = without_digests(text)
    return _holds_nir(text) or ((read := text.translate(_FIGURES)) != text and _holds_nir(read))


def _holds_nir(text: str) -> bool:
    if sum(map(text.count, "0123456789")) < _LEAST_DIGITS:
        return False
    for found in _NIR.finditer(text):
        number = _PARTS.sub("", found[1]).upper()
        key = found[2] and _PARTS.sub("", found[2])
        if key and nir.is_valid(number + key):
            return True
        parted = _GROUPED.fullmatch(found[1]) is not None
        likely = number[0] in "12" and 1 <= int(number[3:5]) <= 12 and _a_department(number[5:7])
        if likely and (parted or _NEAR.search(text)) and not (key and _TOGETHER.fullmatch(found[0])):
            return True
    return False


def _a_department(code: str) -> bool:
    return code in {"2A", "2B"} or (code.isdigit() and code != "00")


def has_iban(text: str) -> bool:
    """Tell whether a folded text holds an international bank account number, by its check digits (ISO 7064).

    A French one is known by its form as well, so that a mistyped one is none the less refused.
    """
    for found in _IBAN.finditer(without_digests(text)):
        bare = _PARTS.sub("", found[1]).upper()
        number = bare[: _LENGTHS.get(bare[:2], 0)]
        if _FRENCH_IBAN.match(bare) or (number and mod_97_10.is_valid(number[4:] + number[:4])):
            return True
    return False
