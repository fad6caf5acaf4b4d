"""The embedded store: a private PostgreSQL cluster, shared by the commands that work in one `OBS_VAR` folder.

Place  : ``var/cluster``; as root (initdb refuses root, and a 0700 home hides the files) the cluster's files, and only
         these, are in ``/var/lib/observatoire/<hash of var's path>``, owned by an unprivileged user.
Access : a Unix socket in a 0700 folder, no TCP port, no password.
Life   : each command holds a shared lock on ``users.lock`` while it works, which even `kill -9` gives back; the last to
         leave stops the server. ``cluster.lock`` makes starting, stopping and leaving happen one at a time.

A lock belongs to the open file: programs that we start do not inherit it (close-on-exec), but a process forked without
exec shares its parent's seat. Its parent's leaving is then its own; after a `kill -9` of the parent it keeps the seat.
"""

import fcntl
import hashlib
import os
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.pq import PGconn, Ping

from observatoire.errors import StoreUnavailable
from observatoire.store.processes import EXTENSIONS, OWN_SERVER, Account, Programs, backends, command_line, find

ROOT_HOME = Path("/var/lib/observatoire")
DATABASE = ADMINISTRATOR = "observatoire"
PORT = 5432  # only names the socket: nothing listens on TCP
SOCKET_PATH_MAX = 107  # bytes: sun_path of Linux, unix(7), without its final zero
PATIENCE = 60.0  # s, for a start (with the recovery of a long journal) and for a stop
DEAF = 5.0  # s after which a server that lives and does not answer (its socket was deleted) is started again
ORPHANED = 3.0  # s given to the processes of a killed server to end by themselves; they do within about one
LOCALES = (
    ("--locale=C.UTF-8",),
    ("--locale=C", "--locale-provider=icu", "--icu-locale=und"),  # PostgreSQL ≥ 15
    ("--locale=C",),
)
TUNING = """
# Observatoire: written once, yours to change.
shared_buffers = 256MB
max_connections = 200
jit = off                              # our queries are short: compiling costs more than it gains
random_page_cost = 1.1                 # solid-state disks
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = on                 # one file a day, a week of them
log_directory = 'log'
log_filename = '%a.log'
log_truncate_on_rotation = on
log_checkpoints = off
log_error_verbosity = terse            # a row's values never go to a log: neither the detail of an error
log_min_error_statement = panic        # nor the statement that caused it
"""


class Cluster:
    """The embedded cluster of one `OBS_VAR` folder. Linux only.

    Attributes
    ----------
    name : str
        Stable for the folder's resolved path; it stands in the title of each of the server's processes.
    home : Path
        The folder of all its files: removing it, once stopped, removes the store.
    """

    def __init__(self, var: Path, *, database: str = DATABASE) -> None:
        self.database = database  # made on the first use; the cluster may hold several
        self.var = var.resolve()
        digest = hashlib.sha256(os.fsencode(self.var)).hexdigest()[:16]
        self.name = f"observatoire-{digest}"
        self.home = ROOT_HOME / digest if os.geteuid() == 0 else self.var / "cluster"
        self.data = self.home / "data"

    @contextmanager
    def running(self) -> Iterator[str]:
        """Have the server run for the time of the block; the last user of all processes that leaves stops it.

        Yields
        ------
        str
            `conninfo` of the administrator.

        Raises
        ------
        StoreUnavailable
            PostgreSQL or PostGIS is missing, the files belong to somebody else, or the server does not start.
        """
        process = os.getpid()
        with self._alone():
            seat = _open(self.home / "users.lock")
        try:
            with self._alone():
                fcntl.flock(seat, fcntl.LOCK_SH)
                self._start()
                self._furnish()
            yield self.conninfo()
        finally:
            try:
                if os.getpid() == process:  # a forked child that unwinds our stack does not leave for us
                    with self._alone():
                        if _last(seat):
                            self._halt()
            finally:
                os.close(seat)

    def stop(self) -> bool:
        """Stop the server, whoever uses it; return whether it ran."""
        if not self.home.is_dir():
            return False
        with self._alone():
            return self._halt()

    def revive(self) -> bool:
        """Start again a server that was killed, and return True; one that was stopped stays stopped."""
        with self._alone():
            killed = self._postmaster() is None and self._pid_file.exists()
            if killed:
                self._start()
            return killed

    def conninfo(self, user: str | None = None) -> str:
        """Return the connection string of a login, by default the administrator's."""
        return self._conninfo(self.database, user or ADMINISTRATOR)

    def _conninfo(self, database: str, user: str = ADMINISTRATOR) -> str:
        return make_conninfo(
            host=str(self.socket), port=PORT, dbname=database, user=user, connect_timeout=10, sslmode="disable"
        )

    @property
    def socket(self) -> Path:
        """The folder of the socket: the cluster's own, or where its path is too long one in the temporary folder.

        Commands may differ in their temporary folder: what the server wrote in its pid file comes first. libpq and
        PostgreSQL part lists of folders at commas: a path with a comma cannot be used either.
        """
        own = self.home / "socket"
        if _fits(own):
            return own
        with suppress(OSError, IndexError):
            return Path(self._pid_file.read_text(errors="surrogateescape").splitlines()[4])
        short = Path(tempfile.gettempdir()) / self.name
        if not _fits(short):
            raise StoreUnavailable(
                f"TMPDIR: the path of a socket has at most {SOCKET_PATH_MAX} bytes; set a shorter one"
            )
        return short

    @property
    def _pid_file(self) -> Path:
        return self.data / "postmaster.pid"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold `cluster.lock`, in a home made if needed."""
        if sys.platform != "linux":
            raise StoreUnavailable("the embedded store needs Linux: set OBS_DATABASE_URL to a PostGIS of your own")
        try:
            self._make_home()
            lock = _open(self.home / "cluster.lock")
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
            finally:
                os.close(lock)
        except OSError as error:
            raise StoreUnavailable(f"embedded store in {self.home}: {error.strerror or error}; {OWN_SERVER}") from error
        except subprocess.TimeoutExpired as error:
            raise StoreUnavailable(
                f"embedded store in {self.home}: {Path(error.cmd[0]).name} takes too long"
            ) from error
        except psycopg.Error as error:
            raise StoreUnavailable(
                f"embedded store in {self.home}: the server refuses us, see {self.data}/log"
            ) from error

    def _make_home(self) -> None:
        if os.geteuid() == 0:
            for folder in (ROOT_HOME, self.home):  # passed through by the server's account, written by root only
                _own(folder, Account(0, 0), 0o711)
        else:
            self.var.mkdir(parents=True, exist_ok=True)
            _own(self.home, self._account, 0o700)

    @property
    def _account(self) -> Account:
        return Account.serving(self.data)

    def _postmaster(self) -> int | None:
        """Return the server's process if it lives: a pid file alone may be stale, its number somebody else's by now."""
        try:
            pid = int(self._pid_file.read_text(errors="replace").split("\n", 1)[0])
        except (OSError, ValueError):
            return None
        return pid if self.name in command_line(pid) else None

    def _ping(self) -> Ping:
        return Ping(PGconn.ping(self._conninfo("postgres").encode(errors="surrogateescape")))

    def _start(self) -> None:
        """Return once the server answers: find it, wait for it, or start it, whatever state a kill left it in."""
        if self.data.is_dir():
            _own(self.socket, self._account, 0o700)  # before any use: nobody else may answer in the server's place
            if self._ping() is Ping.OK:
                return
        programs = self._programs()
        _own(self.socket, self._account, 0o700)
        begun = time.monotonic()
        while (answer := self._ping()) is not Ping.OK:
            waited = time.monotonic() - begun
            if waited > PATIENCE:
                raise StoreUnavailable(f"the embedded store did not start in {PATIENCE:.0f} s, see {self.data}/log")
            if self._postmaster() is None:
                self._launch(programs, end_orphans=waited > ORPHANED)
            elif answer is Ping.NO_RESPONSE and waited > DEAF:
                self._halt()
            time.sleep(0.02)

    def _programs(self) -> Programs:
        """Return the programs that fit the data; with newer ones, make the data first."""
        try:
            version = int((self.data / "PG_VERSION").read_text())
        except FileNotFoundError:
            programs = find()
            self._create(programs)
            return programs
        return find(version)

    def _create(self, programs: Programs) -> None:
        """Make the data folder: built beside its place and renamed when whole, so that a kill leaves nothing half made.

        Each attempt has a folder of its own: an initdb that outlived its killed command finds its own gone, and ends.
        """
        for abandoned in self.home.glob("data.new-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        account = self._account
        fresh = Path(tempfile.mkdtemp(prefix="data.new-", dir=self.home))
        os.chown(fresh, account.uid, account.gid)
        options = (f"--pgdata={fresh}", f"--username={ADMINISTRATOR}", "--encoding=UTF8", "--data-checksums")
        access = ("--auth-local=trust", "--auth-host=reject")
        for locale in LOCALES:
            made = programs.run("initdb", *options, *access, *locale, account=account, timeout=300)
            if made.returncode == 0:
                break
        else:
            reason = (made.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise StoreUnavailable(f"initdb of PostgreSQL {programs.version} failed: {reason}")
        with (fresh / "postgresql.conf").open("a") as configuration:
            configuration.write(TUNING)
            configuration.flush()
            os.fsync(configuration.fileno())
        (self.home / "made-for").write_bytes(os.fsencode(self.var) + b"\n")  # a hash names nobody
        fresh.rename(self.data)
        _sync(self.home)

    def _launch(self, programs: Programs, *, end_orphans: bool) -> None:
        """Try to start the server. It refuses while processes of a killed predecessor hold its shared memory.

        Started through `pg_ctl`, so that it is nobody's child: killed, ours would stay a zombie, which a successor
        takes for a living server.
        """
        if end_orphans:
            for pid in backends(self.name):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGQUIT)
        self._forget_stranger()
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "unix_socket_permissions": "0700",
            "port": str(PORT),
            "cluster_name": self.name,
        }
        given = shlex.join(word for name, value in options.items() for word in ("-c", f"{name}={value}"))
        files = (f"--pgdata={self.data}", f"--log={self.data / 'start.log'}")
        wait = ("--wait", f"--timeout={PATIENCE:.0f}", "--silent")
        programs.run(
            "pg_ctl", "start", *files, *wait, f"--options={given}", account=self._account, timeout=2 * PATIENCE
        )

    def _forget_stranger(self) -> None:
        """Remove a stale pid file whose number another process has by now: PostgreSQL would take it for its server.

        Safe: it still finds living backends by the shared memory, whose key comes from the data folder's inode.
        """
        with suppress(FileNotFoundError, ValueError):
            pid = int(self._pid_file.read_text(errors="replace").split("\n", 1)[0])
            if Path(f"/proc/{pid}").exists():
                (self.socket / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
                self._pid_file.unlink()

    def _halt(self) -> bool:
        """Stop the server, its clients thrown out: fast, or if that takes too long at once; return whether it ran."""
        pid = self._postmaster()
        if pid is None:
            return False
        for how in (signal.SIGINT, signal.SIGQUIT):  # PostgreSQL's fast and immediate shutdown
            with suppress(ProcessLookupError):
                os.kill(pid, how)
            if _until(lambda: not command_line(pid)):
                return True
        raise StoreUnavailable(f"the embedded store's server (process {pid}) does not stop")

    def _furnish(self) -> None:
        """Have the database and its extensions; looked at on every start, since a kill may have come before them."""
        try:
            connection = psycopg.connect(self.conninfo(), autocommit=True)
        except psycopg.OperationalError:
            with psycopg.connect(self._conninfo("postgres"), autocommit=True) as server:
                if not server.execute("SELECT FROM pg_database WHERE datname = %s", [self.database]).rowcount:
                    server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self.database)))
            connection = psycopg.connect(self.conninfo(), autocommit=True)
        with connection:
            furnish(connection)


def furnish(connection: psycopg.Connection[Any]) -> None:
    """Create the extensions that the connection's database lacks; several sessions may do so at once."""
    with connection.transaction():
        if _present(connection) < set(EXTENSIONS):
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('observatoire.extensions'))")
            for name in EXTENSIONS:
                connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))


def _present(connection: psycopg.Connection[Any]) -> set[str]:
    rows = connection.execute("SELECT extname FROM pg_extension WHERE extname = ANY(%s)", [list(EXTENSIONS)])
    return {name for (name,) in rows}


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_MAX and "," not in str(folder)


def _open(lock: Path) -> int:
    return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _last(seat: int) -> bool:
    """Give up a seat; return whether nobody else has one. (Turning a shared lock into an exclusive one loses it.)"""
    try:
        fcntl.flock(seat, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _own(folder: Path, account: Account, mode: int) -> None:
    """Have a folder, really one, that belongs to `account` with this mode; refuse one that somebody else made."""
    with suppress(FileExistsError):
        folder.mkdir(mode)
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as error:
        raise StoreUnavailable(f"{folder} is not a folder that we may enter: remove it or free its name") from error
    try:
        found = os.fstat(opened)
        if found.st_uid not in {account.uid, os.geteuid()}:
            raise StoreUnavailable(f"{folder} belongs to another user: run as that user, {OWN_SERVER}")
        if found.st_uid != account.uid:
            os.fchown(opened, account.uid, account.gid)
        if stat.S_IMODE(found.st_mode) != mode:
            os.fchmod(opened, mode)
    finally:
        os.close(opened)


def _sync(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
