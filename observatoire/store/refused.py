"""What a load leaves in the quarantine: the rows that it refused, and the entries that it closes.

An entry is of one row, known by its fingerprint, and open until a load closes it. Corrected at its source the row is
another, so that an open entry also keeps a fingerprint of its key: a later row of that key closes it.
"""

from typing import Any, LiteralString

from psycopg import Cursor, sql

from observatoire.layers.model import Layer
from observatoire.store.counters import take_ids


def keep_refused(cursor: Cursor[Any], layer: Layer, source: str, load_id: int) -> None:
    """Bring the staged refusals into the quarantine; those already there are not written again.

    A row that was refused for another reason before has one open entry, the new one: the older is closed by this load,
    and its message says by what it was superseded.
    """
    given = {"source": source, "collection": layer.id, "load": load_id}
    cursor.execute(
        "CREATE TEMP TABLE alike ON COMMIT DROP AS SELECT digest, field, reason, min(seq) AS seq, count(*) AS rows, "
        "(array_agg(line ORDER BY seq))[1] AS line, (array_agg(message ORDER BY seq))[1] AS message, "
        "obs.key_digest(%(source)s, %(collection)s, (array_agg(key ORDER BY seq))[1]) AS key_digest "
        "FROM pg_temp.refused GROUP BY digest, field, reason",
        given,
    )
    # A row that a steward keeps out is not read any more: its key is the one that it was refused with before.
    cursor.execute(
        "UPDATE pg_temp.alike a SET key_digest = q.key_digest FROM obs.quarantine q WHERE a.key_digest IS NULL "
        "AND q.source = %(source)s AND q.collection = %(collection)s AND q.row_digest = a.digest "
        "AND q.key_digest IS NOT NULL",
        given,
    )
    known = sql.SQL(
        "q.source = %(source)s AND q.collection = %(collection)s "
        "AND q.row_digest = a.digest AND q.field = a.field AND q.reason = a.reason"
    )
    cursor.execute(
        sql.SQL(
            "UPDATE obs.quarantine q SET rows = a.rows, settled = NULL, closed = NULL, message = a.message, "
            "key_digest = a.key_digest FROM pg_temp.alike a WHERE {} "
            "AND (q.rows <> a.rows OR q.settled IS NOT NULL OR q.key_digest IS DISTINCT FROM a.key_digest)"
        ).format(known),
        given,
    )
    cursor.execute(
        "UPDATE obs.quarantine q SET settled = %(load)s, closed = 'superseded', key_digest = NULL, "
        "message = q.message || ' (superseded by ' || a.why || ')' "
        "FROM (SELECT digest, min(field || ': ' || reason) AS why, array_agg(field || ': ' || reason) AS all_of_them "
        "FROM pg_temp.alike GROUP BY digest) AS a WHERE q.source = %(source)s AND q.collection = %(collection)s "
        "AND q.row_digest = a.digest AND q.settled IS NULL AND q.field || ': ' || q.reason <> ALL (a.all_of_them)",
        given,
    )
    fresh = sql.SQL("FROM pg_temp.alike a WHERE NOT EXISTS (SELECT FROM obs.quarantine q WHERE {})").format(known)
    row = cursor.execute(sql.SQL("SELECT count(*) ") + fresh, given).fetchone()
    assert row is not None
    if row[0]:
        first = take_ids(cursor, "obs.quarantine", row[0])
        cursor.execute(
            sql.SQL(
                "INSERT INTO obs.quarantine "
                "(id, source, collection, load_id, line, field, reason, message, rows, row_digest, key_digest) "
                "SELECT %(first)s - 1 + row_number() OVER (ORDER BY seq), %(source)s, %(collection)s, %(load)s, "
                "line, field, reason, message, rows, digest, key_digest "
            )
            + fresh,
            given | {"first": first},
        )


def settle(cursor: Cursor[Any], layer: Layer, source: str, load_id: int, *, whole: bool = False) -> int:
    """Close the entries of rows that this load did not refuse again, and forget what was sealed of them.

    Closed are those whose row is now accepted, whose key is in another row (accepted, else refused), and, where the
    load held all rows of its source (`whole`), all others: they are gone. Runs after `keep_refused`.

    Returns
    -------
    int
        How many entries were closed.
    """
    given = {"source": source, "collection": layer.id, "load": load_id}
    cursor.execute(
        "CREATE TEMP TABLE waiting ON COMMIT DROP AS SELECT q.id, q.row_digest, q.key_digest FROM obs.quarantine q "
        "WHERE q.source = %(source)s AND q.collection = %(collection)s AND q.settled IS NULL "
        "AND NOT EXISTS (SELECT FROM pg_temp.alike a WHERE a.digest = q.row_digest)",
        given,
    )
    if not cursor.rowcount:  # most loads: the staged rows are then not looked at
        return 0
    cursor.execute("ANALYZE pg_temp.waiting")
    closed = _close(cursor, "accepted", "w.row_digest IN (SELECT digest FROM pg_temp.incoming)", given)
    if _has_keys(cursor):
        keys = "SELECT obs.key_digest(%(source)s, %(collection)s, source_key) FROM pg_temp.incoming"
        closed += _close(cursor, "corrected", f"w.key_digest IN ({keys})", given)
        closed += _close(cursor, "superseded", "w.key_digest IN (SELECT key_digest FROM pg_temp.alike)", given)
    if whole:
        closed += _close(cursor, "gone", "true", given)
    return closed


def _has_keys(cursor: Cursor[Any]) -> bool:
    row = cursor.execute("SELECT count(key_digest) > 0 FROM pg_temp.waiting").fetchone()
    assert row is not None
    return bool(row[0])


def _close(cursor: Cursor[Any], how: str, which: LiteralString, given: dict[str, Any]) -> int:
    """Close the waiting entries `w` for which a condition holds; return how many there were."""
    row = cursor.execute(
        sql.SQL(
            "WITH closed AS (UPDATE obs.quarantine q SET settled = %(load)s, closed = %(how)s, key_digest = NULL "
            "FROM pg_temp.waiting w WHERE q.id = w.id AND q.settled IS NULL AND {} RETURNING q.*), "
            "forgotten AS (DELETE FROM obs.sealed s USING closed c WHERE s.source = c.source "
            "AND s.collection = c.collection AND s.row_digest = c.row_digest) SELECT count(*) FROM closed"
        ).format(sql.SQL(which)),
        given | {"how": how},
    ).fetchone()
    assert row is not None
    return int(row[0])
