"""Municipal arrondissements of Paris, Lyon and Marseille: one code for the many ways of writing them.

Sources mix the code of the city (13055), those of its arrondissements (13201–13216), postcodes (13001–13016) and words.
The code kept is INSEE's of the arrondissement (Code officiel géographique).
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Arrondissements:
    """Those of one city: INSEE's codes begin after `insee`, postcodes after `postcode`."""

    city: str
    insee: int
    postcode: int
    count: int


CITIES = {
    "13055": Arrondissements("Marseille", 13_200, 13_000, 16),
    "69123": Arrondissements("Lyon", 69_380, 69_000, 9),
    "75056": Arrondissements("Paris", 75_100, 75_000, 20),
}
_FIGURES = re.compile(r"[0-9]{5}")
_WORDS = re.compile(
    r"(?:[a-zà-ÿ-]+ +)?0?([0-9]{1,2})(?: *(?:er|ère|e|è|ème|eme|nd|nde))?(?: *arr[a-z.]*)?", re.IGNORECASE
)


def arrondissement(text: str, city: str) -> str | None:
    """Return INSEE's code of an arrondissement, or None where the text names none of that city.

    Parameters
    ----------
    text : str
        INSEE's code, a postcode, or words: `1er arrondissement`, `Marseille 12e Arrondissement`, `MARSEILLE 01`, `12`.
    city : str
        INSEE's code of the city.

    Examples
    --------
    >>> [arrondissement(t, "13055") for t in ("13201", "13001", "1er arrondissement", "Marseille 12e Arrondissemen")]
    ['13201', '13201', '13201', '13212']
    >>> [arrondissement(t, "13055") for t in ("13055", "13217", "13100", "Lyon 1er", "17e")]
    [None, None, None, None, None]
    """
    known = CITIES.get(city)
    if known is None:
        return None
    written = text.strip()
    if _FIGURES.fullmatch(written):
        number = int(written)
        rank = number - (known.insee if number > known.insee else known.postcode)
    else:
        found = _WORDS.fullmatch(written)
        name = re.match(r"[^\W\d]+", written)
        if found is None or (name is not None and name[0].casefold() != known.city.casefold()):
            return None
        rank = int(found[1])
    return str(known.insee + rank) if 1 <= rank <= known.count else None


def arrondissement_name(code: str) -> str:
    """Return the name of an arrondissement by INSEE's code.

    Examples
    --------
    >>> arrondissement_name("13201"), arrondissement_name("69389")
    ('1er arrondissement', '9e arrondissement')

    Raises
    ------
    ValueError
        If it is none.
    """
    for known in CITIES.values():
        rank = int(code) - known.insee
        if 1 <= rank <= known.count:
            return f"{rank}{'er' if rank == 1 else 'e'} arrondissement"
    raise ValueError(f"expected INSEE's code of an arrondissement, got {code!r}")
