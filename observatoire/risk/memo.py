"""Maps already drawn: many models and origins ask for the same."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from observatoire.risk.arrays import Floats

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
