"""The Base Adresse Nationale as a file: number and street of a commune, found exactly, without a network.

References
----------
.. [1] *Format CSV historique* of adresse.data.gouv.fr: `id;…;numero;rep;nom_voie;…;code_insee;…;lon;lat;…`.
"""

import csv
import gzip
import re
from collections import defaultdict
from pathlib import Path
from unicodedata import combining, normalize

from etl.connectors.kept import Place
from observatoire.errors import BadInput, BadSource

_WORDS = {
    "av": "avenue", "ave": "avenue", "bd": "boulevard", "bld": "boulevard", "boul": "boulevard", "ch": "chemin",
    "che": "chemin", "imp": "impasse", "pl": "place", "r": "rue", "rte": "route", "all": "allee", "sq": "square",
    "trav": "traverse", "st": "saint", "ste": "sainte", "dr": "docteur", "gal": "general", "mal": "marechal",
}  # fmt: skip
_NUMBER = re.compile(r"(?P<number>[0-9]{1,5}) ?(?P<rep>bis|ter|quater|[a-d])? (?P<street>.+)")
_TOWN = re.compile(r" (?:[0-9]{5}\b.*|marseille.*)$")

HOUSE, STREET = 1.0, 0.7  # scores: the number was found; the street only, at its middle


class Book:
    """Addresses of a file, by commune, street and number."""

    def __init__(self, file: Path) -> None:
        self.houses: dict[tuple[str, str, str], Place] = {}
        self.streets: dict[tuple[str, str], list[Place]] = defaultdict(list)
        try:
            with (
                gzip.open(file, "rt", encoding="utf-8-sig")
                if file.suffix == ".gz"
                else file.open(encoding="utf-8-sig") as lines
            ):
                for row in csv.DictReader(lines, delimiter=";"):
                    self._add(row)
        except FileNotFoundError:
            raise BadInput("request.ban: no such file") from None
        except (OSError, EOFError, UnicodeDecodeError, csv.Error, KeyError, ValueError, TypeError, AttributeError):
            raise BadSource("the file is not one of the Base Adresse Nationale, or is cut") from None

    def _add(self, row: dict[str, str]) -> None:
        street, commune = plain(row["nom_voie"]), row["code_insee"]
        place = Place(float(row["lon"]), float(row["lat"]), HOUSE, "housenumber", row["id"], commune)
        for where in (commune, ""):
            self.houses.setdefault((where, street, f"{row['numero']}{plain(row['rep'])}"), place)
            self.streets[where, street].append(place)

    def __call__(self, addresses: list[tuple[str, str]]) -> list[Place | None]:
        """Return a place for each address and commune; an address of several communes, when none is said, has none."""
        return [self._find(text, commune) for text, commune in addresses]

    def _find(self, text: str, commune: str) -> Place | None:
        words = _TOWN.sub("", plain(text))
        found = _NUMBER.fullmatch(words)
        street = found["street"] if found else words
        along = self.streets.get((commune, street))
        if not along or len({place.commune for place in along}) > 1:
            return None
        if found and (house := self.houses.get((commune, street, f"{found['number']}{found['rep'] or ''}"))):
            return house
        middle = sorted(along)[len(along) // 2]
        return middle._replace(score=STREET, kind="street", id="_".join(middle.id.split("_")[:2]))


def plain(text: str) -> str:
    """Return an address as it is compared: small letters without accents, words written out.

    Examples
    --------
    >>> plain("12 bis, Bd. de la Libération")
    '12 bis boulevard de la liberation'
    """
    bare = "".join(c for c in normalize("NFKD", text.casefold()) if not combining(c))
    return " ".join(_WORDS.get(word, word) for word in re.findall(r"[a-z0-9]+", bare))
