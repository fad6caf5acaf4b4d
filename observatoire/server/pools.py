"""Connections: a read-only pool per audience, each with its own database login, and small ones of the administrator.

One login per audience and one statement per message (the extended protocol): an injected statement could neither be
stacked nor change the role. `force_custom_plan`: a prepared statement's generic plan may walk the whole id index for a
time filter (measured: 107 instead of 1 200 requests a second).
"""

from types import TracebackType
from typing import Any

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

from observatoire.cities import City
from observatoire.layers.model import AUDIENCES, Audience
from observatoire.layers.rights import role
from observatoire.settings import Settings
from observatoire.store.database import Store
from observatoire.store.pool import Pool, pool_of
from observatoire.store.roles import Passwords


def session_options(settings: Settings) -> str:
    """Return the options of a session that answers an audience."""
    return (
        "-c default_transaction_read_only=on -c plan_cache_mode=force_custom_plan -c TimeZone=UTC -c DateStyle=ISO "
        f"-c jit=off -c statement_timeout={settings.statement_timeout_ms}"
    )


class Pools:
    """All pools of a server process; a context manager opens and closes them."""

    def __init__(self, store: Store, passwords: Passwords, settings: Settings, city: City) -> None:
        self.city = city
        options = session_options(settings)
        self._by_audience: dict[Audience, Pool] = {
            audience: pool_of(
                store.conninfo(role(audience), passwords.by_audience[audience]),
                name=audience,
                kwargs={"autocommit": True, "options": options, "application_name": f"obs serve {audience}"},
                min_size=1 if audience == "public" else 0,
                max_size=settings.pool_size,
                configure=self._warm,
            )
            for audience in AUDIENCES
        }
        self.admin: Pool = pool_of(
            store.admin,
            name="admin",
            kwargs={"autocommit": True, "application_name": "obs serve"},
            min_size=0,
            max_size=2,
        )
        self.jobs: Pool = pool_of(
            store.admin,
            name="jobs",
            kwargs={"autocommit": True, "application_name": "obs serve jobs"},
            min_size=0,
            max_size=4,
            check=AsyncConnectionPool.check_connection,
        )

    def of(self, audience: Audience) -> Pool:
        """Return the pool of an audience."""
        return self._by_audience[audience]

    async def _warm(self, connection: AsyncConnection[Any]) -> None:
        """Make a fresh connection ready: the first transformation of a session loads PROJ (tens of milliseconds)."""
        west, south, east, north = self.city.extent
        await connection.execute(
            "SELECT ST_Transform(ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 4326), %s::int), 4326)",
            [(west + east) / 2, (south + north) / 2, self.city.srid],
        )

    async def __aenter__(self) -> "Pools":
        for pool in (*self._by_audience.values(), self.admin, self.jobs):
            await pool.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for pool in (*self._by_audience.values(), self.admin, self.jobs):
            await pool.close()
