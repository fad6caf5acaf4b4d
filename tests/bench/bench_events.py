"""Do screens that listen slow down those who ask? Item requests with 0 and with 50 listeners, in turn.

Run beside a served city: `OBS_URL=http://127.0.0.1:5000 OBS_API_KEY=… python tests/bench/bench_events.py`.
"""

import asyncio
import os
import time

import httpx
import numpy as np

LISTENERS, REQUESTS, ROUNDS = 50, 100, 15
ITEMS = "/api/collections/signalements/items?limit=20&f=json"


async def asked(client: httpx.AsyncClient) -> list[float]:
    """Return the times of one asker's requests, ms."""
    times: list[float] = []
    for _ in range(REQUESTS):
        begin = time.perf_counter()
        (await client.get(ITEMS)).raise_for_status()
        times.append(1000 * (time.perf_counter() - begin))
    return times


async def listen(client: httpx.AsyncClient, heard: list[int], rank: int) -> None:
    """Hear events until cancelled."""
    async with client.stream("GET", "/pro/events") as stream:
        async for line in stream.aiter_lines():
            heard[rank] += line.startswith("data: ")


async def measured(url: str, key: str, *, rounds: int = ROUNDS) -> tuple[float, float]:
    """Return the 95th percentile of an item request, ms, alone and beside the screens: in turn, busy for both."""
    headers = {"X-API-Key": key}
    limits = httpx.Limits(max_connections=LISTENERS + 10)
    alone: list[float] = []
    beside: list[float] = []
    async with (
        httpx.AsyncClient(base_url=url, headers=headers, timeout=60) as asker,
        httpx.AsyncClient(base_url=url, headers=headers, timeout=60, limits=limits) as ears,
    ):
        await asked(asker)
        for _ in range(rounds):
            alone += await asked(asker)
            heard = [0] * LISTENERS
            tasks = [asyncio.create_task(listen(ears, heard, rank)) for rank in range(LISTENERS)]
            while not all(heard):
                await asyncio.sleep(0.1)
            beside += await asked(asker)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    before, with_screens = (float(np.percentile(times, 95)) for times in (alone, beside))
    return before, with_screens


def main() -> None:
    """Measure the server of the environment and print."""
    a, b = asyncio.run(measured(os.environ["OBS_URL"], os.environ["OBS_API_KEY"]))
    print(f"p95 of an item request: {a:.1f} ms alone, {b:.1f} ms beside {LISTENERS} screens: {b / a:.2f} times")


if __name__ == "__main__":
    main()
