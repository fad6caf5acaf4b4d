"""Tables of counts and their first columns: what tells them apart, and what is known of them without looking again."""

import hashlib
from collections import OrderedDict
from collections.abc import Hashable
from threading import RLock
from typing import Any

import numpy as np
from scipy import sparse

from observatoire.risk.arrays import Table

MOST = 8  # tables of which something is known, kept with it, so that their memory cannot become another's
LOOKED_AT = 1024  # values by which a table is told from itself once written to


class _Known:
    """What is known of one table: the table it is the beginning of, digests, and whether its values were checked."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.whole: _Known | None = None
        self.checked = False
        self.digests: dict[int, bytes] = {}
        self._streams: dict[int, tuple[Any, ...]] = {0: tuple(hashlib.sha256() for _ in range(3))}

    def digest(self, n: int) -> bytes:
        """Return the digest of the first `n` columns: each is hashed once, however many beginnings are asked for."""
        if n not in self.digests:
            self.digests[n] = self.whole.digest(n) if self.whole is not None else self._hash(n)
        return self.digests[n]

    def _hash(self, n: int) -> bytes:
        begun = max(k for k in self._streams if k <= n)
        streams = tuple(stream.copy() for stream in self._streams[begun])
        first, last = int(self.table.indptr[begun]), int(self.table.indptr[n])
        parts = self.table.indptr[begun + 1 : n + 1], self.table.indices[first:last], self.table.data[first:last]
        for stream, part in zip(streams, parts, strict=True):
            stream.update(np.ascontiguousarray(part).data)
        self._streams[n] = streams
        found = hashlib.sha256(repr((self.table.shape[0], n)).encode())
        for stream in streams:
            found.update(stream.digest())
        return found.digest()


_known: OrderedDict[Hashable, _Known] = OrderedDict()
_lock = RLock()


def _of(table: Table) -> _Known:
    parts = (table.indptr, table.indices, table.data)
    sample = float(table.data[:: max(1, len(table.data) // LOOKED_AT)].sum())
    key = (table.shape, *(part.__array_interface__["data"][0] for part in parts), sample)
    found = _known.setdefault(key, _Known(table))
    _known.move_to_end(key)
    while len(_known) > MOST:
        _known.popitem(last=False)
    return found


def digest(table: Table, n_periods: int | None = None) -> bytes:
    """Return what tells the first columns of one table from those of another. Tables are not to be written to."""
    with _lock:
        return _of(table).digest(int(table.shape[1] if n_periods is None else n_periods))


def columns(table: Table, first: int, last: int) -> Table:
    """Return the columns of a sparse table from `first` to before `last`, over the same memory."""
    last = min(last, int(table.shape[1]))
    first = min(max(first, 0), last)
    begin, end = int(table.indptr[first]), int(table.indptr[last])
    starts = table.indptr[first : last + 1] - table.indptr[first]
    return sparse.csc_array((table.data[begin:end], table.indices[begin:end], starts), (table.shape[0], last - first))


def prefix(table: Table, n_periods: int) -> Table:
    """Return the first columns of a table; what is known of the table is known of them."""
    part = columns(table, 0, n_periods)
    with _lock:
        whole, found = _of(table), _of(part)
        if found.table is part:
            found.whole, found.checked = whole.whole or whole, whole.checked
    return part


def checked(table: Any) -> bool:
    """Tell whether the values of a table were seen to be finite and not negative."""
    if not isinstance(table, sparse.csc_array):
        return False
    with _lock:
        return _of(table).checked


def mark_checked(table: Table) -> None:
    """Remember that the values of a table are finite and not negative."""
    with _lock:
        _of(table).checked = True


def forget() -> None:
    """Let the tables go that something is known of."""
    with _lock:
        _known.clear()
