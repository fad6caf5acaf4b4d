"""A Dask cluster (extra `scale`): computations on several machines."""

import platform
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Any

from observatoire.errors import BadSettings, WorkersLost
from observatoire.executor.base import WORKING, Executor, Progress, run, runs

LONGEST_WAIT = 15  # s, for the scheduler and its first worker
SAME = ("observatoire", "numpy", "scipy", "scikit-learn")  # whose versions decide on the bytes


class Cluster(Executor):
    """Runs the tasks on the workers of a scheduler.

    Parameters
    ----------
    scheduler : text
        Address, such as `tcp://scheduler:8786`.

    Raises
    ------
    BadSettings
        If Dask is not installed, nothing answers there, there is no worker, or a worker has another version of Python
        or of a library that computes: its bytes could differ.
    """

    def __init__(self, scheduler: str) -> None:
        try:
            from distributed import Client  # late: an extra
        except ImportError:
            raise BadSettings("OBS_DASK_SCHEDULER needs Dask: install the extra `scale`") from None
        try:
            self._client: Any = Client(scheduler, timeout=LONGEST_WAIT, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError):
            raise BadSettings(f"OBS_DASK_SCHEDULER: no scheduler answers at {scheduler}") from None
        try:
            self._client.wait_for_workers(1, timeout=LONGEST_WAIT)
            self._check()
        except TimeoutError:
            self.close()
            raise BadSettings(f"OBS_DASK_SCHEDULER: {scheduler} has no worker") from None
        except BadSettings:
            self.close()
            raise

    def _check(self) -> None:
        ours = versions()
        for theirs in self._client.run(versions).values():
            for name, expected in ours.items():
                if theirs.get(name) != expected:
                    raise BadSettings(
                        f"OBS_DASK_SCHEDULER: expected workers with {name} {expected}, got {theirs.get(name)}"
                    )

    @cached_property
    def workers(self) -> int:  # type: ignore[override]
        """Threads of all workers when first asked: as many runs are computed at once."""
        return max(1, sum(int(threads) for threads in self._client.nthreads().values()))

    def map[T, R](self, fn: Callable[[T], R], tasks: Sequence[T], progress: Progress | None = None) -> list[R]:
        from distributed import as_completed
        from distributed.scheduler import KilledWorker

        parts = [self._client.submit(run, fn, part, pure=False) for part in runs(tasks, self.workers)]
        try:
            with self._client.as_current():
                for done, _ in enumerate(as_completed(parts), start=1):  # type: ignore[no-untyped-call]
                    if progress:
                        progress(len(tasks) * done // len(parts), len(tasks), WORKING)
            return [found for part in self._client.gather(parts) for found in part]
        except KilledWorker:
            raise WorkersLost("the cluster's workers ended again and again; have they enough memory?") from None
        finally:
            self._client.cancel(parts)

    def close(self) -> None:
        self._client.close()


def versions() -> dict[str, str]:
    """Return the version of Python and of what computes."""
    return {"Python": platform.python_version()} | {name: version(name) for name in SAME}
