"""Items that may be one: two sources told of the same, or one source twice under two keys. Flagged, never dropped."""

from dataclasses import dataclass
from typing import Any

from psycopg import Connection, Cursor, sql
from psycopg.rows import class_row

from observatoire.layers.ddl import table
from observatoire.layers.model import Layer

NEAR_M = 50.0  # m: across a street, or two addresses of one building
NEAR_S = 1_800.0  # s, where both times are known to the hour or better; else the same day


@dataclass(frozen=True)
class Pair:
    """Two items of a collection that may be one."""

    collection: str
    item: int
    other: int
    metres: float
    seconds: float


_KEEP = (
    "INSERT INTO obs.near_duplicates (collection, item, other, metres, seconds, load_id) "
    "SELECT %(collection)s, greatest(n.{id}, o.{id}), least(n.{id}, o.{id}), ST_Distance(n.geom, o.geom), "
    "abs(extract(epoch FROM n.{date} - o.{date})), %(load)s FROM {t} n JOIN {t} o "
)
_WITHIN_A_SOURCE = (
    "ON o.source = n.source AND o.{id} <> n.{id} AND o.{code} = n.{code} AND o.{date} = n.{date} AND o.geom = n.geom "
    "WHERE n.load_id = %(load)s AND n.precision = ANY(%(exact)s) AND o.precision = ANY(%(exact)s) "
    "ON CONFLICT DO NOTHING"
)
_ACROSS_SOURCES = (
    "ON o.source <> n.source AND o.{code} = n.{code} AND ST_DWithin(o.geom, n.geom, %(metres)s) "
    "AND abs(extract(epoch FROM n.{date} - o.{date})) <= "
    "CASE WHEN n.precision = ANY(%(fine)s) AND o.precision = ANY(%(fine)s) THEN %(seconds)s ELSE 86399 END "
    "WHERE n.load_id = %(load)s AND n.precision NOT IN ('month', 'year') AND o.precision NOT IN ('month', 'year') "
    "ON CONFLICT DO NOTHING"
)
_ANY_ALIKE = (
    "SELECT FROM {t} WHERE precision = ANY(%(exact)s) GROUP BY {code}, {date}, geom HAVING count(*) > 1 LIMIT 1"
)
_FORGET = "DELETE FROM obs.near_duplicates USING {t} n WHERE n.load_id = %(load)s AND collection = %(collection)s AND "


def flag(cursor: Cursor[Any], layer: Layer, source: str, load_id: int, *, updated: bool, first: bool) -> None:
    """Flag what the items of a load may repeat: of another source near by, or of the same source exactly.

    Looked at in collections of points with an instant and a required code: alike have the same code, lie within
    `NEAR_M` and `NEAR_S` of each other. Within a source place and time must be the same, for its keys say that they
    are two.

    Parameters
    ----------
    updated : bool
        Whether items that were there before have changed: what was said of them is looked at anew.
    first : bool
        Whether the collection had nothing before.
    """
    code = next((name for name, p in layer.properties.items() if p.codes and p.required), None)
    if layer.geometry != "Point" or layer.time_field is None or code is None:
        return
    names = {
        "t": table(layer),
        "id": sql.Identifier(layer.id_field),
        "date": sql.Identifier(layer.time_field),
        "code": sql.Identifier(code),
    }
    given = {
        "collection": layer.id, "source": source, "load": load_id, "metres": NEAR_M, "seconds": NEAR_S,
        "fine": ["second", "minute", "hour"], "exact": ["second", "minute"],
    }  # fmt: skip
    if first and cursor.execute(sql.SQL(_ANY_ALIKE).format(**names), given).fetchone() is None:
        return
    statements = [_FORGET + "n.{id} = item", _FORGET + "n.{id} = other"] if updated else []
    statements.append(_KEEP + _WITHIN_A_SOURCE)
    others = sql.SQL("SELECT 1 FROM {t} WHERE source <> %(source)s LIMIT 1").format(**names)
    if cursor.execute(others, given).fetchone() is not None:
        statements.append(_KEEP + _ACROSS_SOURCES)
    for statement in statements:
        cursor.execute(sql.SQL(statement).format(**names), given)


def pairs(connection: Connection, *, collection: str | None = None, limit: int = 100) -> list[Pair]:
    """Return the pairs that are flagged, the last found first."""
    with connection.cursor(row_factory=class_row(Pair)) as cursor:
        return cursor.execute(
            "SELECT collection, item, other, metres, seconds FROM obs.near_duplicates "
            "WHERE %(collection)s::text IS NULL OR collection = %(collection)s "
            "ORDER BY load_id DESC, item DESC, other LIMIT %(limit)s",
            {"collection": collection, "limit": limit},
        ).fetchall()
