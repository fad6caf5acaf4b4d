"""Persons named with a title: « Mme Dupont », « M. Le Goff », « le dénommé Karim ».

A name without title cannot be told from a place's: where names do not belong, `check` refuses words altogether.
"""

import re

#: Without one of these words nobody is named with a title.
WORDS = frozenset(
    """
    m mm mme mmes mlle mlles mr mrs ms me mgr pr dr monsieur madame mademoiselle messieurs mesdames mesdemoiselles
    mister
    docteur docteure professeur professeure maitre capitaine lieutenant adjudant brigadier sergent
    nomme nommee nommes nommees denomme denommee denommes denommees sieur alias epouse veuve nee
    """.split()  # noqa: SIM905 - a word list
)
_GAP = r"[\s._\-]{1,3}"
_NAME = r"(?P<name>[A-Za-z][A-Za-z'\-]*)"
# « Monsieur » and kin, in any case.
_SURE = re.compile(
    rf"(?<![A-Za-z])(?P<title>mmes?|mlles?|messieurs|mesdames|mesdemoiselles|monsieur|madame|mademoiselle|mrs?|mister)"
    rf"{_GAP}{_NAME}",
    re.IGNORECASE,
)
# Titles that also begin the names of streets and places.
_LEARNED = re.compile(
    rf"(?<![A-Za-z])(?P<title>docteure?|professeure?|ma[i]tre|dr|capitaine|lieutenant|adjudant|brigadier|sergent)"
    rf"{_GAP}{_NAME}",
    re.IGNORECASE,
)
# Short ones, that are words or signs when written otherwise.
_SHORT = re.compile(rf"(?<![A-Za-z.'])(?P<title>Me|Pr|Ms|MM|Mgr){_GAP}(?P<name>[A-Z](?:[A-Za-z'\-]+|\.))")
_M = re.compile(r"(?<![A-Za-z.'])(?<![0-9])(?<![0-9]\s)[Mm]\.\s{0,2}(?P<name>[A-Za-z][A-Za-z'\-]*)")
_BARE_M = re.compile(r"(?<![A-Za-z.'])(?<![0-9])(?<![0-9]\s)(?P<title>M)[\s_-](?P<name>[A-Z][A-Za-z'\-]{2,})")
_CALLED = re.compile(
    r"(?<![A-Za-z])(?:(?:l[ea]s?|un[e]?|du|au)\s+(?:de)?nommee?s?|(?:de)nommee?s?|sieur|alias|epouse|veuve|nee)"
    r"\s+(?P<name>[A-Z][A-Za-z'\-]+)"
)
_ODONYM = re.compile(
    r"(?:rue|ruelle|avenue|av\.?|ave|bd\.?|bld\.?|boulevard|place|pl\.?|quai|cours|allees?|impasse|imp\.?|chemin|montee|traverse"
    r"|square|jardin|parc|stade|gymnase|ecole|maternelle|elementaire|primaire|lycee|college|creche|hopital|clinique|centre"
    r"|salle|espace|pont|rond-point|passage|esplanade|promenade|residence|cite|scolaire|piscine|complexe|theatre|station"
    r"|arret|metro|tunnel|voie|route|carrefour|parvis|maison|bibliotheque|mediatheque|foyer|monument|statue|fontaine"
    r"|musee|villa|faubourg|escaliers?|rampe)\s+(?:du\s+|de\s+la\s+|de\s+l'\s*|des\s+|de\s+|d'\s*|au\s+)?$",
    re.IGNORECASE,
)
_FUNCTIONS = re.compile(
    r"\s+(?:adjointe?s?|maires?|prefete?|sous-prefete?|ministre|presidente?|vice-presidente?|directeur|directrice"
    r"|deputee?|senateur|senatrice|commissaire|procureure?|recteur|rectrice|gouverneure?|conseillers?|conseilleres?"
    r"|premiere?|deleguee?|cheff?e?|principale?|proviseure?|juge|generale?|secretaire|prince|ambassadeur|ambassadrice)\b",
    re.IGNORECASE,
)
_ARTICLES = frozenset({"le", "la", "l", "les"})
_COMMON = frozenset(
    "de des du d en et ou a au aux sur pour par dans avec sans ouvrage oeuvre ecole est sont".split()  # noqa: SIM905 - a word list
)
_PARTICLES = frozenset({"de", "d", "du", "des"})
_LONG_FORMS = frozenset({"monsieur", "madame", "mademoiselle", "messieurs", "mesdames", "mesdemoiselles"})


def has_titled_name(text: str) -> bool:
    """Tell whether a folded text names a person with a title.

    « Rue du Docteur Escat » is a street, « Madame la Maire » a function.
    """
    return (
        any(_names(text, found, street=found["title"].casefold() in _LONG_FORMS) for found in _SURE.finditer(text))
        or any(_names(text, found, street=True) and _capital(found, text) for found in _LEARNED.finditer(text))
        or any(_names(text, found, street=True) for found in _SHORT.finditer(text))
        or any(_names(text, found, street=False) for found in _M.finditer(text))
        or any(_names(text, found, street=False) for found in _BARE_M.finditer(text))
        or _CALLED.search(text) is not None
    )


def _names(text: str, found: re.Match[str], *, street: bool) -> bool:
    """Tell whether what follows the title is a name; `street`: unless the title belongs to the name of a place."""
    name = found["name"]
    if text[found.end("name") : found.end("name") + 1] == "." and len(name) == 1:
        return True  # an initial
    first = name.partition("'")[0]
    if first in _ARTICLES or (first.isupper() and first.casefold() in _ARTICLES):
        rest = text[found.start("name") + len(first) :].replace("'", " ", 1)
        if _FUNCTIONS.match(rest):
            return False
    elif first in _COMMON:
        after = text[found.start("name") + len(first) :]
        return first in _PARTICLES and (
            (text.islower() and after[:1] == " ") or re.match(r"[ ']\s*[A-Z]", after) is not None
        )
    return not (street and _ODONYM.search(text[: found.start()]))


def _capital(found: re.Match[str], text: str) -> bool:
    """Tell whether the name has a capital, or the whole text has none: « docteur en médecine » names nobody."""
    return found["name"][0].isupper() or (text.islower() and found["name"] not in _COMMON)
