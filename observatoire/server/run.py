"""Runs a plan under an audience's login, and says in our words what the database refuses."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

from observatoire.cql2 import refused_by_database
from observatoire.errors import BadInput, NotFound, ObsError, StoreUnavailable
from observatoire.server.plan import Plan
from observatoire.store.pool import Pool


class TooSlowError(ObsError):
    """A query took longer than `OBS_STATEMENT_TIMEOUT_MS`."""

    type, status, exit_code = "too-slow", 503, 75
    headers = {"Retry-After": "5"}  # noqa: RUF012  # a constant


@contextmanager
def translated(*, filtered: bool = False) -> Iterator[None]:
    """Turn what PostgreSQL says into errors that may be shown; what is not named here stays an internal error.

    Parameters
    ----------
    filtered : bool
        The statement holds a filter of CQL2: what exceeds a number's range, or the time, is its fault.

    Raises
    ------
    FilterError
        The filter cannot be applied to these data, or not in time.
    NotFound
        The login may not see it, or it is not there: the same answer for both.
    BadInput
        A value that no column can hold.
    TooSlowError, StoreUnavailable
        The time is over; the database does not answer, or is busy with others for too long.
    """
    try:
        with _blamed(filtered=filtered):
            yield
    except (errors.InsufficientPrivilege, errors.UndefinedTable, errors.UndefinedColumn):
        raise NotFound("not found") from None
    except errors.DataError:
        raise BadInput("a value of the request cannot be used") from None
    except errors.QueryCanceled:
        raise TooSlowError("the query took too long: ask for a smaller area, a shorter period or fewer items") from None
    except PoolTimeout:
        raise StoreUnavailable("the database is busy with other requests: ask again a little later") from None
    except (errors.OperationalError, errors.InterfaceError):
        raise StoreUnavailable("the database does not answer") from None


@contextmanager
def _blamed(*, filtered: bool) -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        if filtered and (refusal := refused_by_database(error)) is not None:
            raise refusal from None
        raise


async def rows_of(pool: Pool, plan: Plan) -> list[tuple[Any, ...]]:
    """Return the rows of a plan; once more on a fresh connection where the one of the pool had died."""
    with translated(filtered=plan.filtered):
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
        await cursor.execute(plan.text, plan.args, prepare=not (plan.filtered or plan.once))
        return await cursor.fetchall()


def rows_now(connection: psycopg.Connection[Any], plan: Plan) -> list[tuple[Any, ...]]:
    """Return the rows of a plan over a connection of one's own: for pygeoapi's own server."""
    with translated(filtered=plan.filtered):
        return connection.cursor(binary=True).execute(plan.text, plan.args).fetchall()
