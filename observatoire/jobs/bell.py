"""Hears what the store rings (LISTEN, NOTIFY), over a connection of its own, for as long as it runs."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress

import psycopg
from psycopg import AsyncConnection, sql

from observatoire.errors import StoreUnavailable
from observatoire.store.database import Store

NEW, OVER = "obs_jobs_new", "obs_jobs_over"
PULSE = 30.0  # s without a ring, after which the line is tried
RETRY = 0.3  # s

log = logging.getLogger("observatoire.jobs")


async def listen(
    store: Store, heard: Callable[[str, str], None], channels: Sequence[str] = (NEW, OVER)
) -> None:  # fmt: skip
    """Hand on every ring of the channels as (channel, payload), until cancelled.

    A store that goes away is waited for, and an embedded one that was killed started again. Whatever rang meanwhile
    is not heard: after each (re)connection `heard("", "")` says so, and listeners look for themselves.
    """
    while True:
        with suppress(psycopg.OperationalError, psycopg.InterfaceError):
            connection = await AsyncConnection.connect(store.admin, autocommit=True)
            async with connection:
                for channel in channels:
                    await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
                heard("", "")
                while True:
                    async for note in connection.notifies(timeout=PULSE):
                        heard(note.channel, note.payload)
                    await connection.execute("SELECT 1")
        log.warning("the store does not answer; trying again")
        await revived(store)


async def revived(store: Store) -> None:
    """Wait a moment for a store that does not answer, and have it started again where it is ours and was killed."""
    with suppress(StoreUnavailable):
        await asyncio.to_thread(lambda: store.connect().close())
    await asyncio.sleep(RETRY)
