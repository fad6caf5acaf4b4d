"""Where a computation runs changes nothing of it: here, in processes, on Dask; whatever the number of workers."""

import operator
import os
from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd
import pytest
from distributed import LocalCluster
from threadpoolctl import threadpool_info

from observatoire.errors import BadSettings, WorkersLost
from observatoire.executor import configured as chosen
from observatoire.executor.base import INLINE, Executor, Inline
from observatoire.executor.cluster import Cluster
from observatoire.executor.pool import Pool
from observatoire.risk.evaluation import evaluate
from observatoire.risk.forecast import forecast
from observatoire.risk.grid import Grid
from observatoire.settings import Settings

pytestmark = pytest.mark.integration

GRID = Grid.covering((0, 0, 5000, 5000), cell=500, crs="EPSG:2154")
AS_OF = "2025-06-02"


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    with Pool(2) as made:
        yield made


@pytest.fixture(scope="module")
def local() -> Iterator[LocalCluster]:
    options = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": None, "host": "127.0.0.1"}
    with LocalCluster(**options) as made:
        yield made


@pytest.fixture(scope="module")
def dask(local: LocalCluster) -> Iterator[Cluster]:
    with Cluster(local.scheduler_address) as made:
        yield made


@pytest.fixture(scope="module", params=["pool", "dask"])
def elsewhere(request: pytest.FixtureRequest) -> Executor:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def events() -> tuple[np.ndarray, pd.DatetimeIndex]:
    """Fourteen months, forty events a week, most of them in one corner."""
    rng = np.random.default_rng(3)
    xy = np.where(rng.random((2400, 1)) < 0.6, rng.uniform(0, 1500, (2400, 2)), rng.uniform(0, 5000, (2400, 2)))
    return xy, pd.to_datetime(AS_OF) - pd.to_timedelta(rng.uniform(0, 420, 2400), unit="D")


def test_tasks_come_back_in_their_order(elsewhere: Executor) -> None:
    tasks = list(range(7))

    assert elsewhere.map(partial(pow, 2), tasks) == [2**task for task in tasks] == INLINE.map(partial(pow, 2), tasks)
    assert elsewhere.map(partial(pow, 2), []) == []


def test_every_worker_computes_with_one_thread(elsewhere: Executor) -> None:
    """In a fresh worker no library is loaded, and a limit set before it is would reach nothing."""
    for where in (elsewhere, INLINE):
        for seen in where.map(operator.call, [threadpool_info, threadpool_info]):
            assert {library["num_threads"] for library in seen} == {1}
            assert {library["user_api"] for library in seen} == {"blas", "openmp"}


def test_an_error_of_a_task_is_raised_here(elsewhere: Executor) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        elsewhere.map(int, ["1", "one"])


def test_progress_ends_at_the_whole(elsewhere: Executor) -> None:
    told: list[tuple[int, int]] = []

    elsewhere.map(str, [1, 2, 3], lambda done, n, _: told.append((done, n)))

    assert told[-1] == (3, 3)


def test_a_forecast_and_an_evaluation_are_the_same_bytes_wherever_they_are_computed(
    elsewhere: Executor, events: tuple[np.ndarray, pd.DatetimeIndex]
) -> None:
    ours = [forecast(*events, GRID, as_of=AS_OF, executor=where) for where in (INLINE, elsewhere)]
    judged = [evaluate(*events, GRID, as_of=AS_OF, origins=20, executor=where) for where in (INLINE, elsewhere)]

    numbers = [one.frame[["expected", "lower", "upper", "probability"]].to_numpy(dtype=float) for one in ours]
    assert ours[0].answer != "abstains"
    assert numbers[0].tobytes() == numbers[1].tobytes()
    assert repr(ours[0].card) == repr(ours[1].card)
    assert judged[0].scores.to_numpy().tobytes() == judged[1].scores.to_numpy().tobytes()
    assert [o.expected.tobytes() for o in judged[0].origins] == [o.expected.tobytes() for o in judged[1].origins]


def test_a_process_that_dies_is_said_and_the_next_ones_are_new() -> None:
    with Pool(1) as pool:
        with pytest.raises(WorkersLost, match="ended before its answer"):
            pool.map(os._exit, [1])

        assert pool.map(str, [3]) == ["3"]


def test_a_cluster_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("observatoire.executor.cluster.LONGEST_WAIT", 1)

    with pytest.raises(BadSettings, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        Cluster("tcp://127.0.0.1:9")


def test_workers_of_another_version_are_refused(local: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = {"Python": "2.7.18"}
    monkeypatch.setattr("distributed.Client.run", lambda *_, **__: {"tcp://worker": theirs})

    with pytest.raises(BadSettings, match=r"workers with Python 3\.\d+\.\d+, got 2\.7\.18"):
        Cluster(local.scheduler_address)


def test_the_settings_choose_the_executor(monkeypatch: pytest.MonkeyPatch, local: LocalCluster) -> None:
    wanted = {"inline": Settings(), "pool": Settings(risk_processes=2)}
    wanted["dask"] = Settings(dask_scheduler=local.scheduler_address)
    made = {}
    for name, one in wanted.items():
        monkeypatch.setattr(chosen, "settings", lambda one=one: one)
        with chosen.configured() as executor:
            made[name] = type(executor), executor.workers

    assert made == {"inline": (Inline, 1), "pool": (Pool, 2), "dask": (Cluster, 1)}
