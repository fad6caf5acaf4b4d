"""Pools find a database that was away for long as soon as it is back."""

import asyncio
import tempfile
from pathlib import Path

import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import PoolTimeout

from observatoire.store.cluster import Cluster
from observatoire.store.pool import pool_of

pytestmark = pytest.mark.integration

AWAY = 16.0  # s: a pool of the default arguments would have tried at 15 s and try again at 31 s


def test_a_database_that_was_away_for_long_is_found_by_the_first_who_asks(cluster: Cluster) -> None:
    """The way to its socket is laid only after sixteen seconds, in which somebody has waited in vain."""

    async def come(way: Path, socket: Path) -> int:
        async with pool_of(
            make_conninfo(cluster.conninfo(), host=str(way)), name="away", min_size=0, max_size=1
        ) as pool:
            gone = asyncio.get_running_loop().time()
            with pytest.raises(PoolTimeout):
                async with pool.connection():
                    pass
            await asyncio.sleep(AWAY - (asyncio.get_running_loop().time() - gone))
            way.symlink_to(socket)
            async with pool.connection() as connection:
                row = await (await connection.execute("SELECT 1")).fetchone()
        return int(row[0]) if row else 0

    socket = Path(str(conninfo_to_dict(cluster.conninfo())["host"]))
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(come(Path(folder) / "way", socket))

    assert found == 1
