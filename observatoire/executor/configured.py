"""The executor that the settings ask for."""

from multiprocessing import current_process

from observatoire.executor.base import Executor, Inline
from observatoire.executor.cluster import Cluster
from observatoire.executor.pool import Pool
from observatoire.settings import settings


def configured() -> Executor:
    """Return a cluster where `OBS_DASK_SCHEDULER` names one, processes where `OBS_RISK_PROCESSES` is above one.

    The child process of a job runs its computation itself, or on the cluster: it may not start processes, which would
    outlive it when the job is dismissed.
    """
    if scheduler := settings().dask_scheduler:
        return Cluster(scheduler)
    if settings().risk_processes > 1 and not current_process().daemon:
        return Pool(settings().risk_processes)
    return Inline()
