"""Maps already drawn: many models and origins ask for the same."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

import numpy as np

from observatoire.risk.arrays import Floats, Table

LARGEST = 160_000_000  # bytes kept


class Memo:
    """Arrays by key, the least recently asked for leaving first."""

    def __init__(self, largest: int = LARGEST) -> None:
        self.largest = largest
        self._kept: OrderedDict[Hashable, Floats] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: Hashable, draw: Callable[[], Floats]) -> Floats:
        """Return the array of `key`, drawn when it is not there; it must not be written to."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        drawn = draw()
        drawn.setflags(write=False)
        with self._lock:
            if key not in self._kept and drawn.nbytes <= self.largest:
                self._kept[key] = drawn
                self._bytes += drawn.nbytes
            while self._bytes > self.largest:
                self._bytes -= self._kept.popitem(last=False)[1].nbytes
        return drawn

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0


ROOTS = 4  # tables whose digests are kept, and so they themselves
_digests: OrderedDict[Hashable, tuple[Table, dict[int, bytes]]] = OrderedDict()
_digests_lock = Lock()


def digest(table: Table, n_periods: int | None = None) -> bytes:
    """Return what tells the first columns of one table from those of another.

    Tables are not to be written to: that of the same memory and sum is the same, and its digest, once made, is kept for
    a while. The table is kept with it, so that its memory cannot become another's.
    """
    n = int(table.shape[1] if n_periods is None else n_periods)
    parts = (table.indptr, table.indices, table.data)
    key = (table.shape, *(part.__array_interface__["data"][0] for part in parts), float(table.data.sum()))
    with _digests_lock:
        _, known = _digests.setdefault(key, (table, {}))
        _digests.move_to_end(key)
        while len(_digests) > ROOTS:
            _digests.popitem(last=False)
    if n not in known:
        known[n] = _digest(table, n)
    return known[n]


def _digest(table: Table, n: int) -> bytes:
    last = int(table.indptr[n])
    found = hashlib.sha256(repr((table.shape[0], n)).encode())
    for part in (table.indptr[: n + 1], table.indices[:last], table.data[:last]):
        found.update(np.ascontiguousarray(part).data)
    return found.digest()
