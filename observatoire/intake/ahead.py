"""What makes a load quick beside its rows: the store takes a batch in while the next is read; garbage can wait."""

import gc
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from types import TracebackType
from typing import Self

_SELDOM = 200_000  # objects: some batches of rows
_BEHIND = 2  # calls: what they hold is in memory


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Look for cycles of objects less often in this block: rows make none, and are freed as they go.

    A fifth of the processor time of a load, measured: each batch has as many objects as several collections wait for.
    """
    before = gc.get_threshold()
    gc.set_threshold(max(before[0], _SELDOM) if before[0] else 0, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


class Ahead:
    """Runs calls behind the caller's back, one after the other, at most `_BEHIND` of them behind.

    What a call uses is its own until `wait` has returned. What it raises, one of the next calls or `wait` raises; calls
    behind it are not made. Leaving the block waits for what goes on, whatever happened.

    Examples
    --------
    >>> done: list[int] = []
    >>> with Ahead() as ahead:
    ...     ahead(done.append, 1)
    ...     ahead(done.append, 2)
    >>> done
    [1, 2]
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ahead")
        self._going: deque[Future[object]] = deque()
        self._failed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True, cancel_futures=kind is not None)

    def __call__[**P](self, work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run it once the calls before have ended."""
        self._catch_up(_BEHIND)
        self._going.append(self._thread.submit(self._unless_failed, partial(work, *args, **kwargs)))

    def _unless_failed(self, work: Callable[[], object]) -> None:
        if self._failed:
            return
        try:
            work()
        except BaseException:
            self._failed = True
            raise

    def wait(self) -> None:
        """Return once nothing is going on."""
        self._catch_up(0)

    def _catch_up(self, behind: int) -> None:
        while len(self._going) > behind:
            self._going.popleft().result()
