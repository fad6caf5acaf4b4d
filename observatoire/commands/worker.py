"""`obs worker`: runs the jobs of the queue."""

import asyncio
import logging
from typing import TYPE_CHECKING

from observatoire.cities import city
from observatoire.commands.base import console, ready_store
from observatoire.settings import settings
from observatoire.store.roles import passwords

if TYPE_CHECKING:
    from observatoire.jobs.worker import Worker


def worker() -> None:
    """Run jobs until stopped (Ctrl-C or SIGTERM); several workers share the queue."""
    from observatoire.jobs.worker import Worker  # late: scikit-learn takes seconds to load

    logging.getLogger().setLevel(settings().log_level)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it would log the addresses of subscribers
    with ready_store(patient=True) as (store, connection):
        connection.close()
        console.print(f"working: {settings().worker_slots} jobs at a time")
        asyncio.run(_work(Worker(store, settings(), city(), passwords(settings().var))))
    console.print("worker stopped")


async def _work(one: "Worker") -> None:
    await one.run()
