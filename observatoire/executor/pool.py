"""Processes of this machine."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context

from observatoire.errors import WorkersLost
from observatoire.executor.base import WORKING, Executor, Progress, run, runs


class Pool(Executor):
    """Runs the tasks in processes, started afresh: a fork would take over locks that threads hold.

    Parameters
    ----------
    workers : int, >= 1
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError(f"workers must be >= 1, got {workers}")
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def map[T, R](self, fn: Callable[[T], R], tasks: Sequence[T], progress: Progress | None = None) -> list[R]:
        if not tasks:
            return []
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.workers, mp_context=get_context("forkserver"))
        parts: list[Future[list[R]]] = []
        try:
            parts += [self._pool.submit(run, fn, part) for part in runs(tasks, self.workers)]
            for done, _ in enumerate(as_completed(parts), start=1):
                if progress:
                    progress(len(tasks) * done // len(parts), len(tasks), WORKING)
            return [found for part in parts for found in part.result()]
        except BrokenProcessPool:
            self.close()
            raise WorkersLost("processes: one ended before its answer; is there enough memory for them?") from None
        finally:
            for part in parts:
                part.cancel()

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
