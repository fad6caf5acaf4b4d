"""For whom an execution works: their audience, and the store as that audience may see it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from observatoire.cities import City
from observatoire.errors import ObsError, StoreUnavailable, UnknownLayer
from observatoire.layers.catalog import catalog
from observatoire.layers.model import Audience, Layer
from observatoire.layers.rights import role
from observatoire.settings import Settings
from observatoire.text import Language


class TooSlow(ObsError):
    """The store took longer than a request may."""

    type, status, exit_code = "too-slow", 400, 65


@dataclass(frozen=True)
class Caller:
    """Made anew for each execution; nothing in it is shared between two.

    Attributes
    ----------
    audience : Audience
        Rights of the caller: the schema of views that is read, and the login that reads it.
    city : City
    language : {"fr", "en"}
        Of the texts in results.
    read : str
        Connection string of the audience's login, read-only.
    write : str
        Connection string of the store's owner, for the few processes that keep what they computed.
    pool : AsyncConnectionPool, optional
        Of the audience's login; there in the web process only.
    host : str
        Network address of who asks; there in the web process only, for limits.
    settings : Settings, optional
        Of the web process; there only.
    """

    audience: Audience
    city: City
    language: Language = "en"
    read: str = field(default="", repr=False)
    write: str = field(default="", repr=False)
    pool: AsyncConnectionPool[Any] | None = field(default=None, repr=False, compare=False)
    host: str = field(default="", repr=False, compare=False)
    settings: Settings | None = field(default=None, repr=False, compare=False)

    @property
    def schema(self) -> str:
        """Schema of the views that the caller may read."""
        return role(self.audience)

    def layer(self, collection: str) -> Layer:
        """Return a layer that the caller may see.

        Raises
        ------
        UnknownLayer
            If there is none of that id, or not for this caller: the two answers are the same.
        """
        layer = catalog().get(collection)
        if layer is None or not layer.visible_to(self.audience):
            raise UnknownLayer(f"no collection {collection!r} in the catalogue")
        return layer

    def packed(self) -> Self:
        """Return the caller without what belongs to the web process, to be sent to another process."""
        return replace(self, pool=None, host="", settings=None)

    async def rows(self, query: sql.Composed, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Return the rows of a query made with the caller's login, in the web process.

        Raises
        ------
        TooSlow
            If it takes longer than a request's query may (OBS_STATEMENT_TIMEOUT_MS).
        StoreUnavailable
            If no connection is free in time, or the database is gone.
        """
        assert self.pool is not None, "only the web process has a pool"
        try:
            async with self.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
                await cursor.execute(query, parameters)
                found: list[dict[str, Any]] = await cursor.fetchall()
                return found
        except psycopg.errors.QueryCanceled:
            raise TooSlow(
                "datetime, bbox: the answer takes too long; ask for a shorter time or a smaller area"
            ) from None
        except (PoolTimeout, psycopg.OperationalError):
            raise StoreUnavailable("the store does not answer") from None

    def connect(self) -> psycopg.Connection:
        """Return a connection of the caller's own login, read-only."""
        return _connect(self.read)

    def connect_owner(self) -> psycopg.Connection:
        """Return a connection of the store's owner; only for writing what the caller may read."""
        return _connect(self.write)


def _connect(conninfo: str) -> psycopg.Connection:
    try:
        return psycopg.connect(conninfo)
    except psycopg.OperationalError:
        raise StoreUnavailable("the store does not answer") from None
