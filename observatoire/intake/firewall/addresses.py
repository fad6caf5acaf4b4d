"""Addresses down to a flat: « 12 rue Paradis, appt 4 ». A street, or a number in it, is a place and may stay."""

import re

#: Without one of these words there is no flat.
WORDS = frozenset(
    """
    appartement appartements appart appt appts apt apts apartment flat logement logements chambre studio digicode
    interphone boite bal etage etages etg floor rdc rez r porte pte escalier esc batiment bat bt entree hall
    cage tour box cave lot chez c
    """.split()  # noqa: SIM905 - a word list
)
_NUMBER = r"(?:n\s?[o°.]?\s?)?\W{0,2}"
# What only dwellings have, with its number: enough by itself.
_DWELLING = re.compile(
    rf"(?<![A-Za-z])(?:appartements?|appart\.?|appts?\.?|apts?\.?|apartment|flat|logements?|chambre|studio|digicode|interphone"
    rf"|boite\s+aux\s+lettres|bal)(?![A-Za-z])\W{{0,3}}{_NUMBER}(?:[0-9]+\s?[A-Za-z]?|[A-Za-z]?\s?-?[0-9]+|[A-Z])(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_STOREY = (
    r"(?:(?:[0-9]{1,2}\s?(?:er|ere|e|eme|nd|th|st|rd)?|premier|deuxieme|second|troisieme|quatrieme|cinquieme|sixieme|dernier)"
    r"\s*[.\-]?\s*(?:etages?|etg?\.?|floor)|etage\s*:?\s*(?:n\W{0,2})?[0-9]{1,2}|rdc|rez[\s-]de[\s-]chaussee|r\+[0-9]{1,2})"
)
_SIDE = r"(?:gauche|droite|droit|face|fond|centre|gche|dte|left|right|porte\s?(?:n\W{0,2})?[0-9A-Z]{1,4})"
_ON_A_STOREY = re.compile(
    rf"(?<![A-Za-z0-9]){_STOREY}\W{{0,4}}(?:(?:a|de|au|la|sur)\s+)*{_SIDE}(?![A-Za-z0-9])", re.IGNORECASE
)
_HOUSE = re.compile(
    r"(?<![0-9])[0-9]{1,4}\s?(?:bis|ter|quater|[A-D])?\s?,?\s+(?:rue|r\.|avenue|av\.?|ave|boulevard|bd\.?|bld|place|pl\.?|quai"
    r"|cours|allees?|all\.?|impasse|imp\.?|chemin|ch\.?|montee|traverse|trav\.?|square|sq\.?|route|rte|passage|lotissement|cite"
    r"|residence|res\.?|faubourg|fg|voie|sentier|villa)(?![A-Za-z])",
    re.IGNORECASE,
)
_INSIDE = re.compile(
    rf"(?<![A-Za-z])(?:{_STOREY}|(?:porte|pte|escalier|esc\.?|batiment|bat\.?|bt|entree|hall|cage|tour|box|cave|lot)"
    r"\s?:?\s?(?:n\W{0,2})?(?:[0-9]{1,4}\s?[A-Z]?|[A-Z][0-9]{0,3})(?![A-Za-z0-9])|chez\s+[A-Z]|c/o\s+[A-Za-z])",
    re.IGNORECASE,
)


def has_flat(text: str) -> bool:
    """Tell whether a folded text holds an address more precise than a house."""
    if _DWELLING.search(text) or _ON_A_STOREY.search(text):
        return True
    return _INSIDE.search(text) is not None and _HOUSE.search(text) is not None
