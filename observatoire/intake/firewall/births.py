"""Dates of birth: said to be one, or a whole numeric date of more than ten years ago that no act is dated by."""

import re
from datetime import UTC, datetime

#: Without one of these words nothing is said to be a date of birth.
WORDS = frozenset(
    """
    ne nee nes nees naissance naiss ddn d dob o born birth birthdate birthday anniversaire e
    """.split()  # noqa: SIM905 - a word list
)
_MONTH = (
    r"(?:janv(?:ier)?|fevr?(?:ier)?|mars|avr(?:il)?|mai|juin|juil(?:let)?|aout|sept?(?:embre)?|oct(?:obre)?"
    r"|nov(?:embre)?|dec(?:embre)?|jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|october|november|december)\.?"
)
#: Without one of these no date is written out: what `_MONTH` accepts.
MONTHS = frozenset(
    """
    janv janvier fev fevr fevier fevrier mars avr avril mai juin juil juillet aout sep sept sepembre septembre oct
    octobre nov novembre dec decembre jan january feb february mar march apr april may jun june jul july aug august
    october november december
    """.split()  # noqa: SIM905 - a word list
)
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_NUMERIC = r"[0-9]{1,4}\s?[\s./_\-]\s?[0-9]{1,2}\s?[\s./_\-]\s?[0-9]{2,4}"
_WRITTEN = rf"{_DAY}(?:er|st|nd|rd|th)?[\s.\-]+(?:of )?{_MONTH}[\s.\-]+[0-9]{{2,4}}|{_MONTH}\s+{_DAY},?\s+[0-9]{{4}}"
_SAID = re.compile(
    r"(?<![A-Za-z])(?:nee?s?(?:\s?\(e\)|\.e)?|naissance|naiss\.?|ddn|d\.\s?d\.\s?n\.?|d\.?o\.?b\.?|born|birth\s?(?:date|day)?"
    rf"|anniversaire)(?![A-Za-z])[^0-9]{{0,24}}?(?:{_NUMERIC}|[0-9]{{8}}|[0-9]{{6}}|{_WRITTEN}|(?:en|in)\s+(?:19|20)[0-9]{{2}})",
    re.IGNORECASE,
)
_DAY_FIRST = re.compile(
    rf"(?<![0-9./\-])(?<![A-Za-z]-)({_DAY})\s?([\s./_\-])\s?(0?[1-9]|1[0-2])\s?\2\s?((?:19|20)[0-9]{{2}}|(?<=/)[3-9][0-9])(?![0-9])"
)
_YEAR_FIRST = re.compile(
    rf"(?<![0-9A-Za-z./_\-])((?:19|20)[0-9]{{2}})([\s./_\-])(0[1-9]|1[0-2])\2({_DAY})(?![0-9]|[\-./_][A-Za-z0-9])"
)
_OF_A_YEAR = re.compile(r"(?:19|20)[0-9]{2}|/\s?[3-9][0-9]")  # what both end or begin with
_WHOLE = re.compile(rf"\s*(?:{_WRITTEN})\s*", re.IGNORECASE)
# « arrêté du 12/03/2009 », « depuis le 01/01/2010 »
_ACT = re.compile(
    r"(?:\b(?:du|au|depuis(?:\s+le)?|arrete|arretes|deliberation|decret|loi|avenant|version|jusqu'au)\W{1,2})$",
    re.IGNORECASE,
)
_YOUNG = 10  # years: nearer numeric dates are those of acts and facts
_CENTURY = 1900


def is_said_birth(text: str) -> bool:
    """Tell whether a folded text says of a date that it is one of birth."""
    return _SAID.search(text) is not None


def is_written_date(text: str) -> bool:
    """Tell whether a folded text is a date written out, of more than ten years ago."""
    if _WHOLE.fullmatch(text) is None:
        return False
    year, latest = int(re.findall(r"[0-9]+", text)[-1]), _latest()
    return year <= latest if year > 99 else year > latest % 100


def has_old_date(text: str) -> bool:
    """Tell whether a folded text holds a numeric date of more than ten years ago."""
    if _OF_A_YEAR.search(text) is None:
        return False
    latest = _latest()
    return any(_old(text, found, found[4], latest) for found in _DAY_FIRST.finditer(text)) or any(
        _old(text, found, found[1], latest) for found in _YEAR_FIRST.finditer(text)
    )


def _latest() -> int:
    return datetime.now(UTC).year - _YOUNG


def _old(text: str, found: re.Match[str], year: str, latest: int) -> bool:
    full = int(year) if len(year) > 2 else _CENTURY + int(year)
    return full <= latest and not _ACT.search(text[: found.start()])
