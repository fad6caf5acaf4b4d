"""The store that commands, server and workers connect to: embedded, or a PostGIS of one's own."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psycopg
import stamina
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import PGconn, Ping

from observatoire.cities import read_city
from observatoire.errors import BadSettings, StoreUnavailable
from observatoire.settings import Settings
from observatoire.store.cluster import Cluster, furnish

CONNECT_TIMEOUT = 5  # s, for an address that swallows packets
RETRY = 5.0  # s, for a server that starts, recovers or is being replaced
log = logging.getLogger("observatoire.store")

PLAIN = re.compile(r"[\w.:%,/ \[\]-]*")


class _Starting(StoreUnavailable):
    """The server does not answer yet: worth another attempt."""


@dataclass(frozen=True)
class Store:
    """A PostGIS database with its administrator's login.

    Attributes
    ----------
    admin : str
        Connection string of the administrator. It may hold a password: never show or log it.
    embedded : bool
        Whether it is our private cluster.
    """

    admin: str = field(repr=False)
    embedded: bool
    cluster: Cluster | None = field(default=None, repr=False, compare=False)

    def conninfo(self, user: str, password: str | None) -> str:
        """Return the connection string of another login to the same database, without the administrator's password."""
        parts = conninfo_to_dict(self.admin)
        for secret in ("password", "passfile"):
            parts.pop(secret, None)
        return make_conninfo("", **parts | {"user": user} | ({} if password is None else {"password": password}))

    def connect(self, patience: float | None = None) -> psycopg.Connection:
        """Return a new connection of the administrator (`autocommit` off), trying again for 5 s, or `patience` seconds.

        An embedded server that was killed is started again; one that was stopped stays so.

        Raises
        ------
        StoreUnavailable
            It does not answer, or refuses the login. The text never holds a password.
        """
        for attempt in stamina.retry_context(
            on=_Starting,
            attempts=None,
            timeout=RETRY if patience is None else patience,
            wait_initial=0.05,
            wait_max=0.5,
            wait_jitter=0.05,
        ):
            with attempt:
                return self._connect()
        raise AssertionError("unreachable: the last attempt raises")

    def awaited(self, patience: float) -> psycopg.Connection:
        """Return a new connection; a server that does not answer at once is waited for, and the log says so."""
        try:
            return self.connect()
        except _Starting as error:
            if patience <= RETRY:
                raise
            log.warning("%s; waiting up to %g s for it", error, patience)
            return self.connect(patience - RETRY)

    def _connect(self) -> psycopg.Connection:
        try:
            return psycopg.connect(self.admin)
        except psycopg.OperationalError:
            answer = Ping(PGconn.ping(self.admin.encode(errors="surrogateescape")))
        if answer is Ping.OK:
            raise StoreUnavailable(
                f"the database server{self._place()} answers, but refuses: check user, password and database name"
            ) from None
        if answer is Ping.NO_RESPONSE and self.cluster is not None and self.cluster.revive():
            with suppress(psycopg.OperationalError):  # to start it may have taken all the time that there was to wait
                return psycopg.connect(self.admin)
        raise _Starting(f"the database server{self._place()} does not answer") from None

    def _place(self) -> str:
        """Name the server, where that is surely no piece of a badly escaped password."""
        parts = {name: str(value) for name, value in conninfo_to_dict(self.admin).items()}
        place = {name: parts.get(name, "") for name in ("host", "port", "dbname")}
        if not all(PLAIN.fullmatch(value) for value in place.values()) or not re.fullmatch(r"[\d,]*", place["port"]):
            return ""
        return f" at {place['host'] or 'localhost'}:{place['port'] or 5432}"


@contextmanager
def open_store(settings: Settings, *, patience: float = 0.0) -> Iterator[Store]:
    """Have the store, with PostGIS and unaccent in it, for the time of the block.

    It is the database of `OBS_DATABASE_URL` or, without one, the city's own in the private cluster in `OBS_VAR`,
    started if needed.

    Parameters
    ----------
    patience : float, s
        How long a database of one's own that does not answer is waited for; never less than a few seconds.

    Raises
    ------
    BadSettings
        `OBS_DATABASE_URL` is not an address.
    StoreUnavailable
        The database does not answer, refuses the login or has no PostGIS; or the embedded one cannot be had.
    """
    if not settings.database_url:  # unset, or empty as compose files leave it
        cluster = Cluster(settings.var, database=f"observatoire_{read_city(settings.city).id}")
        with cluster.running() as admin:
            yield Store(admin, embedded=True, cluster=cluster)
    else:
        store = Store(_address(settings.database_url.get_secret_value()), embedded=False)
        with store.awaited(patience) as connection:
            _check(connection)
        yield store


def _address(url: str) -> str:
    """Return the connection string of `OBS_DATABASE_URL`. libpq's own messages may quote the password: none passes."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise BadSettings(
            "OBS_DATABASE_URL: expected postgresql://user:password@host:port/database, special characters as %XX"
        ) from None
    return make_conninfo("", **{"connect_timeout": CONNECT_TIMEOUT} | parts)


def _check(connection: psycopg.Connection) -> None:
    """Have the extensions, or say what an administrator must do."""
    if not connection.execute("SELECT FROM pg_available_extensions WHERE name = 'postgis'").rowcount:
        raise StoreUnavailable("OBS_DATABASE_URL: this PostgreSQL has no PostGIS; install its package on that machine")
    try:
        furnish(connection)
    except psycopg.Error:
        raise StoreUnavailable(
            "OBS_DATABASE_URL: a superuser must run CREATE EXTENSION postgis and CREATE EXTENSION unaccent in it"
        ) from None
