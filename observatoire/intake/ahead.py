"""One thing at a time in a thread of its own: the store takes a batch in while the next is read."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self


class Ahead:
    """Runs one call behind the caller's back; the next waits for it.

    What the call uses is its own until `wait` has returned. What it raises, the next call or `wait` raises. Leaving the
    block waits for it, whatever happened.

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
        self._going: Future[object] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown(wait=True)

    def __call__[**P](self, work: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run it once the call before has ended."""
        self.wait()
        self._going = self._thread.submit(work, *args, **kwargs)

    def wait(self) -> None:
        """Return once nothing is going on."""
        if self._going is not None:
            going, self._going = self._going, None
            going.result()
