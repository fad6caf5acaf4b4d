"""Runs a plan under an audience's login, and says in our words what the database refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

from observatoire.errors import BadInput, NotFound, ObsError, StoreUnavailable
from observatoire.server.plan import Plan
from observatoire.server.pools import Pool


class TooSlowError(ObsError):
    """A query took longer than `OBS_STATEMENT_TIMEOUT_MS`."""

    type, status, exit_code = "too-slow", 503, 75
    headers = {"Retry-After": "5"}  # noqa: RUF012  # a constant


@contextmanager
def translated() -> Iterator[None]:
    """Turn what PostgreSQL says into errors that may be shown; what is not named here stays an internal error.

    Raises
    ------
    NotFound
        The login may not see it, or it is not there: the same answer for both.
    BadInput
        A value that no column can hold.
    TooSlowError, StoreUnavailable
        The time is over; the database does not answer.
    """
    try:
        yield
    except (errors.InsufficientPrivilege, errors.UndefinedTable, errors.UndefinedColumn):
        raise NotFound("not found") from None
    except errors.DataError:
        raise BadInput("a value of the request cannot be used") from None
    except errors.QueryCanceled:
        raise TooSlowError("the query took too long: ask for a smaller area, a shorter period or fewer items") from None
    except (errors.OperationalError, errors.InterfaceError, PoolTimeout):
        raise StoreUnavailable("the database does not answer") from None


async def rows_of(pool: Pool, plan: Plan) -> list[tuple[Any, ...]]:
    """Return the rows of a plan; once more on a fresh connection where the one of the pool had died."""
    with translated():
        try:
            return await _once(pool, plan)
        except (errors.AdminShutdown, errors.OperationalError, errors.InterfaceError) as error:
            if isinstance(error, errors.QueryCanceled | PoolTimeout):
                raise
            await pool.check()
            return await _once(pool, plan)


async def _once(pool: Pool, plan: Plan) -> list[tuple[Any, ...]]:
    async with pool.connection() as connection:
        cursor = connection.cursor(binary=True)
        await cursor.execute(plan.text, plan.args, prepare=True)
        return await cursor.fetchall()


def rows_now(connection: psycopg.Connection[Any], plan: Plan) -> list[tuple[Any, ...]]:
    """Return the rows of a plan over a connection of one's own: for pygeoapi's own server."""
    with translated():
        return connection.cursor(binary=True).execute(plan.text, plan.args).fetchall()
