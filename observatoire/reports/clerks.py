"""Who does the work that blocks: a few threads, and a short queue before them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from observatoire.errors import ObsError


class ManyWaiting(ObsError):
    """Too many reports wait at this moment; the same key may be sent again."""

    type, status, exit_code = "busy", 503, 75
    headers = {"Retry-After": "5"}  # noqa: RUF012  # a constant


class Clerks:
    """Runs functions that wait for the store or draw photos, beside the event loop.

    Parameters
    ----------
    most : int
        At a time; each takes one connection of the store.
    waiting : int
        Most that wait; each may hold a photo.
    """

    def __init__(self, most: int = 4, waiting: int = 256) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="reports")
        self._most = most + waiting
        self._taken = 0

    async def do[T](self, work: Callable[[], T]) -> T:
        """Return what the work returns.

        Raises
        ------
        ManyWaiting
            If too many wait already.
        """
        if self._taken >= self._most:
            raise ManyWaiting("many reports arrive at this moment; nothing is lost: send the same again in 5 seconds")
        self._taken += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._taken -= 1


#: Of this process.
CLERKS = Clerks()
