"""What is wrong with a filter, said so that its author can mend it."""

import psycopg

from observatoire.errors import BadInput

#: Longest piece of a client's own text that a message repeats, characters.
QUOTED = 60


class FilterError(BadInput):
    """A filter that is not CQL2, or that cannot be applied to this collection."""

    type = "bad-filter"


def quoted(text: str) -> str:
    """Return a client's word as a message may repeat it: short, printable, in quotes."""
    shown = text if len(text) <= QUOTED else text[:QUOTED] + "…"
    return "'" + "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in shown) + "'"


def refused_by_database(error: psycopg.Error) -> FilterError | None:
    """Translate what the database says of a filtered query; None where the filter is not to blame.

    What is left to the database is arithmetic that overflows on the rows' own values (SQLSTATE class 22), geometry
    that its predicates refuse (XX000 from GEOS) and queries that take too long (57014, `statement_timeout`).
    """
    if isinstance(error, psycopg.errors.QueryCanceled):
        return FilterError("filter: takes too long on this collection; add a bbox, a datetime or an indexed property")
    if isinstance(error, psycopg.DataError):
        return FilterError("filter: a calculation leaves the range of numbers on the values of this collection")
    if isinstance(error, psycopg.InternalError) and error.sqlstate == "XX000":
        return FilterError("filter: a geometry cannot be compared with those of this collection")
    return None
