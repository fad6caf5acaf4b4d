"""Rows of a first load go on from the staging to their table while the next are read: the second core works too.

They are as the merge would insert them, ids included. Where it turns out that a key comes twice, all are taken out
again, and the merge does its usual work: the staged rows are there until the end in any case.
"""

from typing import Any

from psycopg import Cursor, Rollback, sql

from observatoire.layers.ddl import columns, table
from observatoire.layers.model import Layer
from observatoire.store.counters import take_ids
from observatoire.store.firstload import WORTH_IT, put_back, set_aside
from observatoire.tiles.ddl import counted, counting
from observatoire.tiles.firstcount import count_first

_TID_RANGES = 140_000  # the version of PostgreSQL that finds rows after a place without reading those before


class Straight:
    """What has gone on, of one load.

    From the first part that goes on, the table and the numbers of its items are the load's alone until its end: for
    files only, for a service may let it wait long.

    Attributes
    ----------
    load_id : int or None
        Of the load; None while nothing has gone on.
    count : int
        Rows that have.
    """

    def __init__(self, cursor: Cursor[Any], layer: Layer, source: str, *, possible: bool) -> None:
        self._cursor, self._layer, self._source = cursor, layer, source
        self._possible = possible and cursor.connection.info.server_version >= _TID_RANGES
        self._aside: list[sql.Composed] = []
        self._after = "(0,0)"
        self.load_id: int | None = None
        self.count = 0

    def __call__(self, read: int) -> None:
        """Have the rows go on that were staged since the last call, if `read` rows make it worth while."""
        if self._possible and self.load_id is None and read >= WORTH_IT:
            self._possible = self._begin()
        if self.load_id is not None:
            self._go_on(self.load_id)

    @property
    def begun(self) -> bool:
        """Whether rows have gone on, or could have."""
        return self.load_id is not None

    def finish(self) -> int:
        """Make the indexes and the counts; return how many rows went on."""
        put_back(self._cursor, self._aside)
        if counted(self._layer):
            self._cursor.execute(counting(self._layer, on=True))
            count_first(self._cursor, self._layer)
        return self.count

    def undo(self) -> None:
        """Take all of them out again, if there are any, and give their numbers back."""
        if not self.begun:
            return
        self._cursor.execute(sql.SQL("TRUNCATE {}").format(table(self._layer)))
        put_back(self._cursor, self._aside)
        if counted(self._layer):
            self._cursor.execute(counting(self._layer, on=True))
        take_ids(self._cursor, self._layer.id, -self.count)
        self.count = 0

    def _begin(self) -> bool:
        # Numbers before the table, in the order of the merge and of residents' reports: no circle of waiting.
        with self._cursor.connection.transaction() as attempt:
            load_id = take_ids(self._cursor, "obs.loads", 1)
            take_ids(self._cursor, self._layer.id, 0)
            aside = set_aside(self._cursor, table(self._layer))
            if aside is None:
                raise Rollback(attempt)
            self._aside, self.load_id = aside, load_id
        if self.load_id is not None and counted(self._layer):
            self._cursor.execute(counting(self._layer, on=False))
        return self.load_id is not None

    def _go_on(self, load_id: int) -> None:
        end = self._cursor.execute(
            "SELECT count(*), max(ctid)::text FROM pg_temp.incoming WHERE ctid > %s::tid", [self._after]
        ).fetchone()
        assert end is not None
        if not end[0]:
            return
        names = ["geom", *[name for name in columns(self._layer) if name not in ("source", "load_id")]]
        self._cursor.execute(
            sql.SQL(
                "INSERT INTO {} ({}, source, load_id, {}) SELECT %(first)s - 1 + row_number() OVER (ORDER BY i.seq), "
                "%(source)s, %(load)s, {} FROM pg_temp.incoming i WHERE i.ctid > %(after)s::tid ORDER BY i.seq"
            ).format(
                table(self._layer),
                sql.Identifier(self._layer.id_field),
                sql.SQL(", ").join(map(sql.Identifier, names)),
                sql.SQL(", ").join(sql.Identifier("i", name) for name in names),
            ),
            {
                "first": take_ids(self._cursor, self._layer.id, end[0]),
                "source": self._source,
                "load": load_id,
                "after": self._after,
            },
        )
        self.count += end[0]
        self._after = end[1]
