"""A count that failed is made again, also where nobody waited for the failure."""

import asyncio

import pytest

from observatoire.server.counts import Count, Counts

pytestmark = pytest.mark.unit


def test_a_failed_count_is_forgotten_and_a_good_one_kept() -> None:
    async def ended(work: object) -> bool:
        counts, key = Counts(), ("signalements", 1)
        made = asyncio.ensure_future(work)
        counts._kept[key] = made
        await asyncio.wait([made])
        counts._forget_failed(key, made)
        return key in counts._kept

    async def good() -> Count:
        return Count(3, exact=True)

    async def bad() -> Count:
        raise OSError("gone")

    assert asyncio.run(ended(good()))
    assert not asyncio.run(ended(bad()))
