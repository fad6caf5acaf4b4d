"""Which records a search finds (OGC 20-004, requirements class "Record collection": q, type, ids, bbox, datetime)."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from observatoire.errors import BadInput
from observatoire.server import parameters
from observatoire.server.crs import Systems
from observatoire.server.query import Interval
from observatoire.server.records.entry import Entry

WORDS = ("q", "type", "ids", "externalIds", "bbox", "datetime", "limit", "offset", "f", "lang")


@dataclass(frozen=True)
class Search:
    """What is looked for; None: anything.

    Attributes
    ----------
    nowhere : bool
        The box meets nothing.
    elsewhere : bool
        Ids that others gave are asked for: our records have none.
    """

    terms: tuple[str, ...] | None
    type: str | None
    ids: tuple[str, ...] | None
    nowhere: bool
    elsewhere: bool
    interval: Interval | None
    limit: int
    offset: int

    def finds(self, entry: Entry) -> bool:
        """Tell whether a record matches: one of the terms, and all else."""
        if self.nowhere or self.elsewhere or self.type not in (None, "dataset"):
            return False
        if self.ids is not None and entry.layer.id not in self.ids:
            return False
        if self.interval is not None and not _meets(entry.interval, self.interval):
            return False
        entry_words = " ".join(fold(entry.words()).split())
        return self.terms is None or any(term in entry_words for term in self.terms)


def read_search(words: dict[str, str], systems: Systems, *, limit: int, most: int) -> Search:
    """Return the search that parameters ask for.

    Raises
    ------
    BadInput
        If a value cannot be used; the text names the parameter.
    """
    terms = None
    if "q" in words:
        terms = tuple(filter(None, (" ".join(fold(part).split()) for part in words["q"].split(","))))
        if not terms:
            raise BadInput("q: expected a word, or several separated by commas")
    return Search(
        terms=terms,
        type=words.get("type"),
        ids=tuple(words["ids"].split(",")) if "ids" in words else None,
        nowhere="bbox" in words and not parameters.read_bbox(words["bbox"], systems.default),
        elsewhere="externalIds" in words,
        interval=parameters.read_datetime(words["datetime"]) if "datetime" in words else None,
        limit=parameters.read_limit(words["limit"], most) if "limit" in words else limit,
        offset=parameters.read_offset(words["offset"]) if "offset" in words else 0,
    )


def fold(text: str) -> str:
    """Return a text without case and accents.

    Examples
    --------
    >>> fold("Éclairage public")
    'eclairage public'
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c))


def _meets(known: tuple[str, str] | None, asked: Interval) -> bool:
    if known is None:
        return True  # what has no time is always so
    first, last = map(datetime.fromisoformat, known)
    before = asked.end is not None and (first >= asked.end if asked.before_end else first > asked.end)
    return not before and not (asked.start is not None and last < asked.start)
