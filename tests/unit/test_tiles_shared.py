"""Work that is shared: done once, kept within its room, stopped when nobody waits."""

import asyncio

import pytest

from observatoire.server.tiles.shared import Shared

pytestmark = pytest.mark.unit


class Work:
    """Something that takes until it is told, and counts how often it began and how often it was stopped."""

    def __init__(self, result: bytes = b"tile") -> None:
        self.begun = self.stopped = 0
        self.go = asyncio.Event()
        self.result = result

    async def __call__(self) -> bytes:
        self.begun += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.stopped += 1
            raise
        return self.result


def test_many_who_ask_at_once_wait_for_one_piece_of_work() -> None:
    async def run() -> None:
        shared, work = Shared(100), Work()
        asking = [asyncio.create_task(shared.of("k", work)) for _ in range(20)]
        await asyncio.sleep(0)
        work.go.set()
        assert await asyncio.gather(*asking) == [b"tile"] * 20
        assert await shared.of("k", work) == b"tile"
        assert work.begun == 1

    asyncio.run(run())


def test_work_goes_on_for_those_who_stay_and_stops_with_the_last() -> None:
    async def run() -> None:
        shared, work = Shared(100), Work()
        first, second = (asyncio.create_task(shared.of("k", work)) for _ in range(2))
        await asyncio.sleep(0.01)
        first.cancel()
        await asyncio.sleep(0.01)
        assert (work.begun, work.stopped) == (1, 0)
        second.cancel()
        await asyncio.sleep(0.01)
        assert (work.begun, work.stopped) == (1, 1)
        work.go.set()
        assert await shared.of("k", work) == b"tile"  # begun anew
        assert work.begun == 2

    asyncio.run(run())


def test_a_failure_is_everybodys_and_is_not_kept() -> None:
    async def run() -> None:
        shared = Shared(100)
        tries = 0

        async def fail() -> bytes:
            nonlocal tries
            tries += 1
            await asyncio.sleep(0)
            raise ValueError("no")

        results = await asyncio.gather(*(shared.of("k", fail) for _ in range(3)), return_exceptions=True)
        assert [type(r) for r in results] == [ValueError] * 3
        with pytest.raises(ValueError, match="no"):
            await shared.of("k", fail)
        assert tries == 2

    asyncio.run(run())


def test_what_was_not_asked_for_longest_makes_room() -> None:
    async def run() -> None:
        shared = Shared(10)
        made: list[str] = []

        async def ask(key: str, size: int = 4) -> None:
            async def make() -> bytes:
                made.append(key)
                return b"x" * size

            await shared.of(key, make)

        for key in ("a", "b", "a", "c", "a", "b"):  # c makes b go; b comes again
            await ask(key)
        assert made == ["a", "b", "c", "b"]
        await ask("large", 11)  # larger than the room: given, not kept
        await ask("large", 11)
        assert made[-2:] == ["large", "large"]
        assert shared.used <= 10

    asyncio.run(run())
