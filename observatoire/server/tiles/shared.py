"""Work that several requests wait for is done once, kept while there is room, and stopped when all have gone."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any


@dataclass
class _Work:
    task: asyncio.Task[bytes]
    waiting: int = 0


class Shared:
    """Bytes by key: those made lately are kept, those being made are waited for together.

    Parameters
    ----------
    room : int
        Most bytes that are kept; the longest unused go first.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self.used = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._made: dict[str, _Work] = {}

    async def of(self, key: str, make: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
        """Return the bytes of a key, made by `make` where they are not at hand.

        A caller that is cancelled leaves the work to the others who wait for it; the last one stops it.
        """
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        work = self._made.get(key)
        if work is None:
            work = self._made[key] = _Work(asyncio.create_task(make()))
            work.task.add_done_callback(lambda task: self._done(key, task))
        work.waiting += 1
        try:
            return await asyncio.shield(work.task)
        finally:
            work.waiting -= 1
            if work.waiting == 0 and not work.task.done():
                self._made.pop(key, None)
                work.task.cancel()

    def _done(self, key: str, task: "asyncio.Task[bytes]") -> None:
        if (work := self._made.get(key)) is not None and work.task is task:
            del self._made[key]
        if not task.cancelled() and task.exception() is None:
            self._keep(key, task.result())

    def _keep(self, key: str, body: bytes) -> None:
        if len(body) > self.room:
            return
        self.used += len(body) - len(self._kept.get(key, b""))
        self._kept[key] = body
        while self.used > self.room:
            _, oldest = self._kept.popitem(last=False)
            self.used -= len(oldest)
