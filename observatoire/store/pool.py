"""Pools of connections, as all programs that stay want them: they find a database that comes back at once."""

from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

Pool = AsyncConnectionPool[AsyncConnection[Any]]

WAIT = 10.0  # s, for a free connection


def pool_of(conninfo: str, *, name: str, **options: Any) -> Pool:
    """Return a pool that is not open yet.

    A pool that cannot connect tries again at ever longer distances, by default for 300 s; meanwhile it does not try for
    anybody else. This one gives up before the distance is longer than anybody waits: who asks next then tries at once.

    Parameters
    ----------
    options
        More arguments of `psycopg_pool.AsyncConnectionPool`.
    """
    return AsyncConnectionPool(conninfo, name=name, open=False, timeout=WAIT, reconnect_timeout=WAIT, **options)
