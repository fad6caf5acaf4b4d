"""The queue against a real store: one claim a job, fenced writes, leases, ends, what is due at night."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from observatoire.cities import read_city
from observatoire.jobs.model import Claim, Order, QueueFull
from observatoire.jobs.periodic import Periodic, enqueue_due
from observatoire.jobs.queue import GIVEN_UP, Pool, Queue
from observatoire.layers.catalog import catalog
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

KEY = b"k" * 32


@pytest.fixture(scope="module")
def prepared(database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    with psycopg.connect(database) as connection:
        prepare(
            connection,
            read_city(Path("cities/demo.yml")),
            catalog().values(),
            passwords(tmp_path_factory.mktemp("var")),
        )
    return database


@pytest.fixture
def store(prepared: str) -> Iterator[str]:
    """A store without jobs."""
    yield prepared
    with psycopg.connect(prepared) as connection:
        connection.execute("DELETE FROM obs.jobs")
        connection.execute("DELETE FROM obs.periodic")


def order(message: str = "x", owner: bytes | None = KEY) -> Order:
    return Order("echo", {"message": message}, ("echo",), "raw", "planner", owner)


def run[T](store: str, ask: Callable[[Queue, Pool], Awaitable[T]], **settings: Any) -> T:
    """Return what a queue over a fresh pool answers."""

    async def inside() -> T:
        options = {"lease_s": 15.0, "attempts": 3, "kept_s": 60.0, "waiting": 100} | settings
        async with AsyncConnectionPool(store, kwargs={"autocommit": True}, min_size=0, max_size=8, open=False) as pool:
            return await ask(Queue(pool, **options), pool)

    return asyncio.run(inside())


def rows(store: str, query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(store) as connection:
        return connection.execute(query.encode(), values).fetchall()


def test_many_workers_claim_each_job_once(store: str) -> None:
    async def ask(queue: Queue, _: Pool) -> list[Claim | None]:
        for k in range(30):
            await queue.enqueue(order(str(k)))
        return await asyncio.gather(*(queue.claim(f"w{k}") for k in range(40)))

    claims = run(store, ask)

    assert sorted(int(c.order.inputs["message"]) for c in claims if c) == list(range(30))
    assert {c.attempt for c in claims if c} == {1}


def test_no_more_jobs_wait_than_may_however_many_are_asked_for_at_once(store: str) -> None:
    async def ask(queue: Queue, _: Pool) -> list[object]:
        asked = [queue.enqueue(order(str(k))) for k in range(60)]
        others = [queue.enqueue(replace(order(str(k)), audience="steward")) for k in range(3)]
        return await asyncio.gather(*asked, *others, return_exceptions=True)

    answers = run(store, ask, waiting=7)

    assert sum(isinstance(answer, QueueFull) for answer in answers[:60]) == 53
    assert sum(isinstance(answer, UUID) for answer in answers[:60]) == 7
    assert all(isinstance(answer, UUID) for answer in answers[60:])
    assert rows(store, "SELECT audience, count(*) FROM obs.jobs GROUP BY 1 ORDER BY 2") == [
        ("steward", 3),
        (order().audience, 7),
    ]


def test_who_waits_comes_first_then_who_has_a_key_then_who_was_first(store: str) -> None:
    async def ask(queue: Queue, _: Pool) -> list[str]:
        for name, priority in (("a", 0), ("b", 1), ("c", 3), ("d", 1)):
            await queue.enqueue(order(name, None if priority == 0 else KEY), priority=priority)
        claims = [await queue.claim("w", anybody=False) for _ in range(4)]
        return [c.order.inputs["message"] if c else "-" for c in [*claims, await queue.claim("w")]]

    assert run(store, ask) == ["c", "b", "d", "-", "a"]


def test_inputs_come_back_as_they_were_given(store: str) -> None:
    given = {"a": 1, "b": 1.0, "c": 1e300, "d": "É\u2028'\"", "e": [None, True, {"f": []}], "g": 2**53 + 1}

    async def ask(queue: Queue, _: Pool) -> Claim | None:
        await queue.enqueue(Order("echo", given, ("x", "y"), "document", "planner", KEY, "fr"))
        return await queue.claim("w")

    claim = run(store, ask)

    assert claim is not None
    assert claim.order == Order("echo", given, ("x", "y"), "document", "planner", KEY, "fr")
    assert isinstance(claim.order.inputs["b"], float)
    assert isinstance(claim.order.inputs["a"], int)


def test_an_attempt_that_is_out_of_date_changes_nothing(store: str) -> None:
    async def ask(queue: Queue, _: Pool) -> list[Any]:
        await queue.enqueue(order())
        first = await queue.claim("frozen")
        await asyncio.sleep(0.1)
        second = await queue.claim("other")
        assert first is not None
        assert second is not None
        return [
            first.attempt, second.attempt,
            await queue.beat(first, 50, "late"), await queue.succeed(first, {"echo": b'"late"'}),
            await queue.fail(first, ("late", {})), await queue.leave(first, counted=True),
            await queue.beat(second, 50, "on it"), await queue.succeed(second, {"echo": b'"right"'}),
            await queue.fail(second, ("late", {})), await queue.succeed(second, {"echo": b'"again"'}),
        ]  # fmt: skip

    answers = run(store, ask, lease_s=0.05)

    assert answers == [1, 2, False, False, False, False, True, True, False, False]
    assert rows(store, "SELECT status, progress, attempt FROM obs.jobs") == [("successful", 100, 2)]
    assert [bytes(value) for (value,) in rows(store, "SELECT value FROM obs.job_results")] == [b'"right"']


def test_a_lease_that_is_renewed_is_not_taken(store: str) -> None:
    async def ask(queue: Queue, _: Pool) -> Claim | None:
        await queue.enqueue(order())
        claim = await queue.claim("w")
        assert claim is not None
        for _n in range(5):
            await asyncio.sleep(0.1)
            assert await queue.beat(claim, 0, "")
        return await queue.claim("other")

    assert run(store, ask, lease_s=0.4) is None


def test_attempts_are_capped_and_the_job_then_fails_with_a_sentence(store: str) -> None:
    async def ask(queue: Queue, _: Pool) -> list[Any]:
        await queue.enqueue(order())
        attempts = []
        while claim := await queue.claim("doomed"):
            attempts.append(claim.attempt)
            await asyncio.sleep(0.03)
        return [attempts, await queue.give_up(), await queue.give_up()]

    assert run(store, ask, lease_s=0.02) == [[1, 2, 3], 1, 0]
    assert rows(store, "SELECT status, message FROM obs.jobs") == [("failed", GIVEN_UP[0])]


def test_an_attempt_given_back_by_a_worker_that_leaves_does_not_count(store: str) -> None:
    async def ask(queue: Queue, _: Pool) -> list[int]:
        await queue.enqueue(order())
        attempts = []
        for _n in range(6):
            claim = await queue.claim("w")
            assert claim is not None
            attempts.append(claim.attempt)
            assert await queue.leave(claim, counted=False)
            await asyncio.sleep(0.01)
        return attempts

    assert run(store, ask) == [1, 2, 3, 4, 5, 6]


def test_progress_never_falls(store: str) -> None:
    async def ask(queue: Queue, _: Pool) -> list[Any]:
        await queue.enqueue(order())
        claim = await queue.claim("w")
        assert claim is not None
        seen = []
        for percent in (10, 5, 30, 0):
            await queue.beat(claim, percent, f"at {percent}")
            seen += rows(store, "SELECT progress FROM obs.jobs")
        return seen

    assert run(store, ask) == [(10,), (10,), (30,), (30,)]


@pytest.mark.parametrize("end", ["successful", "failed", "dismissed"])
def test_an_end_is_final(store: str, end: str) -> None:
    run(store, lambda queue, _: queue.enqueue(order()))
    with psycopg.connect(store, autocommit=True) as connection:
        connection.execute("UPDATE obs.jobs SET status = %s, finished = now()", [end])

        for status in {"accepted", "running", "successful", "failed", "dismissed"} - {end}:
            with pytest.raises(psycopg.errors.RaiseException, match="cannot become"):
                connection.execute(
                    "UPDATE obs.jobs SET status = %s, finished = CASE WHEN %s IN ('accepted', 'running') THEN NULL "
                    "ELSE now() END",
                    [status, status],
                )


def test_an_order_that_is_rolled_back_is_no_job(store: str) -> None:
    async def ask(queue: Queue, pool: Pool) -> None:
        async with pool.connection() as connection, connection.transaction(force_rollback=True):
            await queue.enqueue(order(), connection=connection)

    run(store, ask)

    assert rows(store, "SELECT count(*) FROM obs.jobs") == [(0,)]


def test_the_queue_of_an_audience_is_bounded(store: str) -> None:
    async def ask(queue: Queue, _: Pool) -> None:
        for _n in range(3):
            await queue.enqueue(order())
        with pytest.raises(QueueFull) as caught:
            await queue.enqueue(order())
        assert caught.value.status == 429
        await queue.enqueue(Order("echo", {}, ("echo",), "raw", "citizen", KEY))
        assert await queue.claim("w") is not None  # one is taken: there is room again
        await queue.enqueue(order())

    run(store, ask, waiting=3)


def test_what_is_over_is_forgotten_after_its_time_with_its_results(store: str) -> None:
    async def ask(queue: Queue, _: Pool) -> list[int]:
        for _n in range(2):
            await queue.enqueue(order())
        claim = await queue.claim("w")
        assert claim is not None
        await queue.succeed(claim, {"echo": b'"x"'})
        before = await queue.purge()
        await asyncio.sleep(0.3)
        return [before, await queue.purge()]

    assert run(store, ask, kept_s=0.2) == [0, 1]
    assert rows(store, "SELECT status FROM obs.jobs") == [("accepted",)]
    assert rows(store, "SELECT count(*) FROM obs.job_results") == [(0,)]


def test_a_worker_is_seen_until_it_leaves(store: str) -> None:
    async def ask(queue: Queue, _: Pool) -> list[bool]:
        seen = [await queue.staffed()]
        await queue.sign_in("w", 2)
        seen.append(await queue.staffed())
        await queue.sign_out("w")
        return [*seen, await queue.staffed()]

    assert run(store, ask) == [False, True, False]


def test_what_is_due_is_enqueued_once_however_many_workers_look(store: str) -> None:
    city = read_city(Path("cities/demo.yml"))
    what = [Periodic("night", time(3, 30), (order("one"), order("two")))]

    async def ask(queue: Queue, pool: Pool) -> list[int]:
        return await asyncio.gather(*(enqueue_due(pool, queue, city, what) for _ in range(6)))

    first = run(store, ask)
    with psycopg.connect(store) as connection:
        connection.execute("UPDATE obs.periodic SET due = now() - interval '3 days'")
    late = run(store, ask)
    again = run(store, ask)

    assert (sum(first), sorted(late), sum(again)) == (0, [0, 0, 0, 0, 0, 2], 0)
    assert rows(store, "SELECT count(*) FROM obs.jobs") == [(2,)]
    assert rows(store, "SELECT due > now() FROM obs.periodic") == [(True,)]
