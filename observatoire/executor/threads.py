"""Threads of this process."""

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from observatoire.executor.base import WORKING, Executor, Progress, pinned


class Threads(Executor):
    """Runs the tasks in threads: for what spends its time outside Python and shares nothing that is not locked.

    The child process of a job may start them: unlike processes, they end with it.

    Parameters
    ----------
    workers : int, >= 1
    """

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError(f"workers must be >= 1, got {workers}")
        self.workers = workers

    def map[T, R](self, fn: Callable[[T], R], tasks: Sequence[T], progress: Progress | None = None) -> list[R]:
        # Filters of warnings belong to the process: threads that set and restore them leave them in any order.
        with pinned(), warnings.catch_warnings(), ThreadPoolExecutor(self.workers) as pool:
            found = []
            for done, one in enumerate(pool.map(fn, tasks), start=1):
                found.append(one)
                if progress:
                    progress(done, len(tasks), WORKING)
            return found


def processors() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
