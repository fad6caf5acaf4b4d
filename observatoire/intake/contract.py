"""The contract with a source: the columns that its first load saw, and of which kind their values were.

A column more, less or of another kind stops the load before anything is kept: the meaning of the source may have
changed, and with it what may be done with the data. Single rows that do not fit are refused one by one, as always.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from observatoire.errors import BadSource
from observatoire.intake.firewall.firewall import find
from observatoire.intake.source import Record

FEW = 20  # values: fewer tell no kind
MOST = 0.9  # share of values from which a column is of a kind
WHOLE = 2_000  # first rows, all looked at
STRIDE = 8  # afterwards one of so many

_KIND = re.compile(
    r"(?P<integer>[+-]?[0-9]{1,18})|(?P<number>[+-]?(?:[0-9]*[.,][0-9]+|[0-9]+\.)(?:[eE][+-]?[0-9]{1,3})?)"
    r"|(?P<date>[0-9]{4}-[0-9]{2}(?:-[0-9]{2}(?:[T ][0-9:.,]{4,15} ?(?:Z|z|[+-][0-9:]{2,5})?)?)?"
    r"|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}(?: [0-9:]{4,8})?)"
)


@dataclass
class Contract:
    """Watches the rows of one load, and says at its end what the source has become.

    Attributes
    ----------
    columns : sequence of str
        Of the table, in its order.
    recorded : mapping of str to str, or None
        Column → kind, of the contract that holds; None: this load records the first, or a new one.
    since : datetime or None
        When that was recorded.
    """

    columns: Sequence[str]
    recorded: Mapping[str, str] | None = None
    since: datetime | None = None

    def __post_init__(self) -> None:
        self._seen: dict[str, Counter[str]] = {name: Counter() for name in self.columns}

    def drift(self) -> list[str]:
        """Return which columns are new and which are gone, in words."""
        if self.recorded is None:
            return []
        new = [f"new column {_shown(name)}" for name in self.columns if name not in self.recorded]
        gone = [f"column {_shown(name)} is gone" for name in self.recorded if name not in self.columns]
        return new + gone

    def check(self) -> None:
        """Refuse a table whose columns are not those of the contract.

        Raises
        ------
        BadSource
        """
        self._refuse(self.drift())

    def watch(self, records: Iterator[Record]) -> Iterator[Record]:
        """Give the records on, having looked at the kinds of their values."""
        seen = list(self._seen.items())
        kind: Callable[[str], re.Match[str] | None] = _KIND.fullmatch
        for rank, record in enumerate(records):
            row = record.row
            if (rank < WHOLE or rank % STRIDE == 0) and isinstance(row, Mapping):
                for name, counts in seen:
                    if value := row[name].strip():
                        found = kind(value)
                        counts["text" if found is None else str(found.lastgroup)] += 1
            yield record

    def settled(self) -> dict[str, str]:
        """Return the contract after this load: kinds that were unknown are known once enough values were seen.

        Raises
        ------
        BadSource
            If the values of a column are of another kind than they were.
        """
        kinds = {name: kind_of(counts) for name, counts in self._seen.items()}
        if self.recorded is None:
            return kinds
        self._refuse(
            [
                f"column {_shown(name)} was {self.recorded[name]}, is {kinds[name]}"
                for name, counts in self._seen.items()
                if retyped(self.recorded[name], kinds[name], counts)
            ]
        )
        return {name: kinds[name] if kind == "unknown" else kind for name, kind in self.recorded.items()}

    def _refuse(self, drift: list[str]) -> None:
        if drift:
            recorded = f"{self.since:%Y-%m-%d}" if self.since else "its first load"
            raise BadSource(
                f"the source is not what it was on {recorded}: {'; '.join(drift)}. Nothing was loaded: look at it, "
                "then load it with --accept"
            )


def kind_of(counts: Counter[str]) -> str:
    """Return the kind of a column: of nine values in ten; `mixed` where there is none, `unknown` where too few.

    Examples
    --------
    >>> kind_of(Counter(integer=95, text=5)), kind_of(Counter(integer=50, number=50)), kind_of(Counter(date=3))
    ('integer', 'number', 'unknown')
    """
    total = counts.total()
    if total < FEW:
        return "unknown"
    if counts["integer"] < MOST * total <= counts["integer"] + counts["number"]:
        return "number"
    return next((kind for kind, n in counts.items() if n >= MOST * total), "mixed")


def retyped(was: str, now: str, counts: Counter[str]) -> bool:
    """Tell whether a column is of another kind than recorded; whole numbers are numbers, a few odd values no change."""
    if now == was or "unknown" in {was, now} or was == "mixed" or (was, now) == ("number", "integer"):
        return False
    same = counts[was] + (counts["integer"] if was == "number" else 0)
    return now != "mixed" or same < counts.total() / 2


def _shown(name: str) -> str:
    """Return a column's name for a message, unless it holds what must not be shown."""
    return "(not shown)" if find(name) else repr(name[:40])
