"""Executions of processes: light ones on the loop, heavy ones in children; nothing of a request on a shared object."""

import asyncio
from collections.abc import Callable
from typing import Any

from psycopg_pool import AsyncConnectionPool

from observatoire.caller import Caller
from observatoire.cities import City
from observatoire.layers.model import Audience
from observatoire.server.child import Task
from observatoire.server.children import Busy, Children, TookTooLong
from observatoire.server.context import current
from observatoire.settings import Settings
from observatoire.text import Language

LIGHT = 256  # light executions at a time in one server process: most of them sleep or wait for the store


class Executions:
    """Runs processes for callers; one object a server process.

    Parameters
    ----------
    pool : callable
        Connection pool of an audience's login.
    conninfo : callable
        Connection string of an audience's login.
    admin : str
        Connection string of the store's owner.
    """

    def __init__(
        self,
        *,
        city: City,
        settings: Settings,
        pool: Callable[[Audience], AsyncConnectionPool[Any]],
        conninfo: Callable[[Audience], str],
        admin: str,
    ) -> None:
        self.city = city
        self.settings = settings
        self._pool = pool
        self._conninfo = conninfo
        self._admin = admin
        self._light = LIGHT
        self._children = Children(running=settings.processes, timeout_s=settings.execution_timeout_s)

    async def run(
        self, process: type[Any], inputs: dict[str, Any], *, audience: Audience, language: Language
    ) -> dict[str, bytes]:
        """Run a process with inputs as they came, and return its outputs, each as JSON.

        Raises
        ------
        ObsError
            Whatever goes wrong, said so that it may be shown.
        """
        caller = Caller(
            audience=audience,
            city=self.city,
            language=language,
            read=self._conninfo(audience),
            write=self._admin,
            pool=self._pool(audience),
            host=current().host if audience == "public" else "",
            settings=self.settings,
        )
        if process.weight == "light":
            return await self._run_light(process(caller), inputs)
        process.check(inputs)
        return await self._children.run(Task(process.id, inputs, caller.packed()))

    async def _run_light(self, process: Any, inputs: dict[str, Any]) -> dict[str, bytes]:
        if self._light == 0:
            raise Busy("too many executions run; try again in a few seconds")
        self._light -= 1
        limit = self.settings.execution_timeout_s
        try:
            async with asyncio.timeout(limit):
                outputs: dict[str, bytes] = await process.execute(inputs)
                return outputs
        except TimeoutError:
            raise TookTooLong(f"the execution took longer than {limit:g} s and was stopped") from None
        finally:
            self._light += 1

    async def close(self) -> None:
        """End what still runs."""
        self._children.close()
