"""What all executors share: tasks in their order, cut into one run for each worker; and the one that runs them here."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from types import TracebackType
from typing import Any, Self

type Progress = Callable[[int, int, str], None]
WORKING = "parts computed"


class Executor(ABC):
    """`map(fn, tasks)` is `[fn(task) for task in tasks]`, wherever it runs.

    Each worker takes one run of neighbouring tasks, so that what `fn` carries is sent once a worker and what it keeps
    serves the next task. `fn` must not depend on what was computed before, and draws from seeds of its own: then
    neither the back-end nor the number of workers changes a byte. Workers compute with one thread each. A copy sent
    to a worker runs there, in it: executors do not nest.

    Attributes
    ----------
    workers : int
    """

    workers: int = 1

    @abstractmethod
    def map[T, R](self, fn: Callable[[T], R], tasks: Sequence[T], progress: Progress | None = None) -> list[R]:
        """Return `fn` of each task, in the order of the tasks; an exception of a task is raised here."""

    def close(self) -> None:  # noqa: B027 (not every executor has workers)
        """Let the workers go."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> Any:
        return Inline, ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Return itself: scikit-learn copies the parameters of estimators, workers cannot be copied."""
        return self


class Inline(Executor):
    """Runs the tasks here, one after the other."""

    def map[T, R](self, fn: Callable[[T], R], tasks: Sequence[T], progress: Progress | None = None) -> list[R]:
        found = []
        with pinned():
            for done, task in enumerate(tasks):
                if progress:
                    progress(done, len(tasks), WORKING)
                found.append(fn(task))
        return found


INLINE = Inline()


def runs[T](tasks: Sequence[T], workers: int) -> list[list[T]]:
    """Return the tasks cut into at most `workers` runs of neighbours, none longer than another by more than one.

    >>> runs([1, 2, 3, 4, 5], 2)
    [[1, 2, 3], [4, 5]]
    """
    n = max(1, min(workers, len(tasks)))
    size, longer = divmod(len(tasks), n)
    edges = [k * size + min(k, longer) for k in range(n + 1)]
    return [list(tasks[a:b]) for a, b in pairwise(edges) if b > a]


def run[T, R](fn: Callable[[T], R], tasks: list[T]) -> list[R]:
    """Compute one run: what a worker is sent."""
    with pinned():
        return [fn(task) for task in tasks]


@contextmanager
def pinned() -> Iterator[None]:
    """Compute with one thread inside: more would wait for each other, and sum in another order.

    The libraries are loaded first: limits reach only those that are there.
    """
    import sklearn.ensemble  # noqa: F401 (late: takes seconds; loads BLAS and OpenMP)
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
