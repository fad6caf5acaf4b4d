"""The embedded store on a real PostgreSQL: starts, shares, survives kills, and says what is missing."""

import multiprocessing
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from pydantic import SecretStr

from observatoire.errors import BadSettings, StoreUnavailable
from observatoire.settings import Settings
from observatoire.store import database as database_module
from observatoire.store import processes
from observatoire.store.cluster import Cluster
from observatoire.store.database import Store, open_store

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

AT_ONCE = 24 if os.environ.get("OBS_PROVE") == "full" else 8
ROOT = Path(__file__).parents[2]
CLIENT = """
import sys
from pathlib import Path
import psycopg
from observatoire.store.cluster import Cluster

with Cluster(Path(sys.argv[1])).running() as conninfo, psycopg.connect(conninfo) as connection:
    version, started = connection.execute("SELECT PostGIS_Lib_Version(), pg_postmaster_start_time()").fetchone()
    system = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()[0]
    print(version, system, started.isoformat(), flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def var() -> Iterator[Path]:
    """A folder for `OBS_VAR`; whatever cluster was made for it is stopped and removed."""
    with tempfile.TemporaryDirectory(prefix="obs-var-") as folder:
        yield from removed(Path(folder))


@pytest.fixture(scope="module")
def pristine() -> Iterator[Path]:
    """The data folder of a store that was made and stopped."""
    with tempfile.TemporaryDirectory(prefix="obs-var-") as folder:
        for var in removed(Path(folder)):
            with Cluster(var).running():
                pass
            yield Cluster(var).data


@pytest.fixture
def made(var: Path, pristine: Path) -> Path:
    """A folder for `OBS_VAR` whose store was made before: a copy, since making one takes seconds."""
    cluster = Cluster(var)
    cluster.home.mkdir(mode=0o711)
    subprocess.run(["cp", "-a", pristine, cluster.data], check=True)
    return var


def removed(var: Path) -> Iterator[Path]:
    try:
        yield var
    finally:
        cluster = Cluster(var)
        with suppress(FileNotFoundError):
            cluster.stop()
            shutil.rmtree(cluster.home)
            shutil.rmtree(cluster.socket)  # where it could not be in the home


type Command = subprocess.Popen[str]


@pytest.fixture
def client(var: Path) -> Iterator[Callable[[], Command]]:
    """A function that starts a command which uses the store until it reads a line; none outlives the test."""
    started: list[Command] = []

    def start() -> Command:
        pipe = subprocess.PIPE
        command = subprocess.Popen([sys.executable, "-c", CLIENT, var], cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
        started.append(command)
        return command

    yield start
    for command in started:
        command.kill()
        command.communicate()


def said(command: Command) -> list[str]:
    assert command.stdout is not None
    return command.stdout.readline().split()


def leave(command: Command) -> int:
    command.communicate("\n", timeout=60)
    return command.returncode


def postmaster(cluster: Cluster) -> int:
    return int((cluster.data / "postmaster.pid").read_text().split()[0])


def runs(cluster: Cluster) -> bool:
    try:
        psycopg.connect(cluster.conninfo()).close()
    except psycopg.OperationalError:
        return False
    return True


def seconds(act: Callable[[], object]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def one(conninfo: str, query: str) -> object:
    with psycopg.connect(conninfo) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_a_first_start_makes_a_store_with_postgis(var: Path) -> None:
    cluster = Cluster(var)
    with cluster.running() as conninfo:
        assert str(one(conninfo, "SELECT PostGIS_Lib_Version()")).startswith("3.")
        assert one(conninfo, "SELECT unaccent('Forêt')") == "Foret"
        assert one(conninfo, "SELECT lower('ÉTÉ')") == "été"
        asked = {"server_encoding": "UTF8", "data_checksums": "on", "listen_addresses": "", "fsync": "on", "jit": "off"}
        assert {name: one(conninfo, f"SHOW {name}") for name in asked} == asked
    assert (cluster.home / "made-for").read_text() == f"{var.resolve()}\n"


def test_it_starts_in_two_seconds_and_is_shared_in_a_twentieth(var: Path) -> None:
    """Bounds of the design for a start and for joining a running server; the best of several on a busy machine."""
    cluster = Cluster(var)
    starts, joins = [], []
    for _ in range(3):
        running = cluster.running()
        starts.append(seconds(running.__enter__))
        for _ in range(5):
            joining = cluster.running()
            joins.append(seconds(joining.__enter__))
            joining.__exit__(None, None, None)
        running.__exit__(None, None, None)

    assert min(starts) <= 2.0
    assert min(joins) <= 0.05


def test_only_its_owner_can_reach_it(made: Path) -> None:
    cluster = Cluster(made)

    with cluster.running():
        folders = (cluster.data.stat(), cluster.socket.stat())
        (sockets,) = cluster.socket.glob(".s.PGSQL.*[0-9]")
        assert [oct(folder.st_mode & 0o777) for folder in folders] == ["0o700", "0o700"]
        assert {folder.st_uid for folder in folders} == {sockets.stat().st_uid} != {0}
        assert (cluster.data.stat().st_uid == os.geteuid()) is (os.geteuid() != 0)


def test_a_deep_folder_with_spaces_and_accents_under_a_closed_home_will_do(var: Path) -> None:
    """A socket's path has at most 107 bytes, and the server's account cannot enter a 0700 folder of root."""
    home = var / "logé l'été, à côté"
    home.mkdir(mode=0o700)
    deep = home / "/".join(["un dossier très profond"] * 8) / "var"
    assert len(os.fsencode(deep)) > 107

    for folder in removed(deep):
        with Cluster(folder).running() as conninfo:
            assert one(conninfo, "SELECT 1") == 1
            assert not runs(Cluster(var))


def as_nobody(var: Path, answers: "multiprocessing.Queue[object]") -> None:
    """Work with the store in `var` as an ordinary user."""
    user = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    cluster = Cluster(var)
    with cluster.running() as conninfo:
        answers.put((cluster.data, cluster.data.stat().st_uid, one(conninfo, "SELECT 1")))
        answers.put(len(os.fsencode(cluster.socket)))


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user is what all the other tests have run as")
@pytest.mark.parametrize("deep", [False, True], ids=["short", "deep"])
def test_an_ordinary_user_keeps_the_files_in_var(var: Path, deep: bool) -> None:
    user = pwd.getpwnam("nobody")
    os.chown(var, user.pw_uid, user.pw_gid)
    folder = var / "/".join(["un dossier très profond"] * 8) if deep else var
    forking = multiprocessing.get_context("fork")  # an interpreter under a closed home could not be started anew
    answers: multiprocessing.Queue[object] = forking.Queue()

    child = forking.Process(target=as_nobody, args=(folder, answers))
    child.start()

    assert answers.get(timeout=60) == (folder / "cluster" / "data", user.pw_uid, 1)
    assert answers.get(timeout=60) < 95  # type: ignore[operator]
    child.join(60)
    assert child.exitcode == 0
    shutil.rmtree(Path(tempfile.gettempdir()) / Cluster(folder).name, ignore_errors=True)


def test_commands_that_start_at_once_make_one_store(var: Path, client: Callable[[], Command]) -> None:
    commands = [client() for _ in range(AT_ONCE)]

    seen = [said(command) for command in commands]

    assert len({tuple(line) for line in seen}) == 1, "one cluster identifier, one server"
    assert len(seen[0]) == 3
    assert [leave(command) for command in commands] == [0] * AT_ONCE
    assert not runs(Cluster(var))
    assert not list(Cluster(var).home.glob("data.new-*"))


def test_the_last_to_leave_stops_the_server(made: Path, client: Callable[[], Command]) -> None:
    cluster = Cluster(made)
    first = client()
    assert said(first)
    second = client()
    assert said(second)

    assert leave(first) == 0
    assert runs(cluster)
    assert leave(second) == 0
    assert not runs(cluster)
    assert not (cluster.data / "postmaster.pid").exists(), "it was shut down, not abandoned"


def test_users_of_one_process_count_as_well(made: Path) -> None:
    cluster = Cluster(made)

    with cluster.running() as conninfo:
        with cluster.running():
            pass
        assert one(conninfo, "SELECT 1") == 1
    assert not runs(cluster)


def test_data_survive_a_kill_of_the_server(made: Path) -> None:
    """Its orphaned processes hold its shared memory for a moment: one of them is even busy with a long query."""
    cluster = Cluster(made)
    with cluster.running() as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n")
        busy = psycopg.connect(conninfo, autocommit=True)
        busy.pgconn.send_query(b"SELECT count(*) FROM generate_series(1, 1000000000)")
        os.kill(postmaster(cluster), signal.SIGKILL)

    with cluster.running() as conninfo:
        assert one(conninfo, "SELECT sum(n) FROM kept") == 500_500
    assert not runs(cluster)
    busy.close()


def test_a_command_at_work_gets_a_killed_server_back_but_not_a_stopped_one(made: Path) -> None:
    cluster = Cluster(made)
    with open_store(Settings(var=made, database_url=None)) as store:
        assert store.embedded
        os.kill(postmaster(cluster), signal.SIGKILL)
        with store.connect() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)

        assert cluster.stop()
        with pytest.raises(StoreUnavailable, match="does not answer"):
            store.connect()


def test_a_killed_command_leaves_the_server_to_the_next(made: Path, client: Callable[[], Command]) -> None:
    cluster = Cluster(made)
    killed = client()
    before = said(killed)
    killed.kill()
    killed.communicate()
    assert runs(cluster)

    follower = client()

    assert said(follower) == before
    assert leave(follower) == 0
    assert not runs(cluster)


def test_ctrl_c_stops_the_command_and_not_the_server(made: Path) -> None:
    """A terminal sends SIGINT to the whole group of the command."""
    cluster = Cluster(made)
    with cluster.running() as conninfo:
        command = [sys.executable, "-c", CLIENT, made]
        quiet = {"cwd": ROOT, "stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        # As in a terminal: tests that run in the background have SIGINT ignored, and their children with them.
        quiet["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
        cluster.stop()
        with subprocess.Popen(command, start_new_session=True, text=True, **quiet) as interrupted:  # type: ignore[call-overload]
            assert said(interrupted)
            os.killpg(interrupted.pid, signal.SIGINT)
            assert interrupted.wait(60) == -signal.SIGINT
        assert one(conninfo, "SELECT 1") == 1


def test_an_interrupted_creation_is_repaired(var: Path, client: Callable[[], Command]) -> None:
    """Killed for real while initdb works, then half a folder is left and initdb itself may still write to it."""
    cluster = Cluster(var)
    killed = client()
    deadline = time.monotonic() + 60
    while not list(cluster.home.glob("data.new-*/base")) and time.monotonic() < deadline:
        time.sleep(0.005)
    killed.kill()
    killed.communicate()
    assert list(cluster.home.glob("data.new-*"))
    assert not cluster.data.exists()

    with cluster.running() as conninfo:
        assert one(conninfo, "SELECT PostGIS_Lib_Version() IS NOT NULL") is True
    with cluster.running():
        pass
    assert not list(cluster.home.glob("data.new-*/PG_VERSION"))


def test_a_database_lost_between_creation_and_extensions_is_completed(made: Path) -> None:
    cluster = Cluster(made)
    with cluster.running() as conninfo:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute("DROP EXTENSION postgis")
        with cluster.running():
            assert one(conninfo, "SELECT PostGIS_Lib_Version() IS NOT NULL") is True
        with psycopg.connect(conninfo, dbname="postgres", autocommit=True) as connection:
            connection.execute("DROP DATABASE observatoire WITH (FORCE)")
        with cluster.running():
            assert one(conninfo, "SELECT PostGIS_Lib_Version() IS NOT NULL") is True


def test_a_pid_file_that_names_a_stranger_does_not_hinder(made: Path) -> None:
    """After a restart of the machine the number may be another process's, which must come to no harm."""
    cluster = Cluster(made)
    with cluster.running():
        owner = cluster.data.stat()
        lines = (cluster.data / "postmaster.pid").read_text().splitlines()
    account = {"user": owner.st_uid} if os.geteuid() == 0 else {}
    stranger = subprocess.Popen(["sleep", "100"], cwd="/", **account)  # type: ignore[call-overload]
    try:
        stale = cluster.data / "postmaster.pid"
        stale.write_text("\n".join([str(stranger.pid), *lines[1:], ""]))
        os.chown(stale, owner.st_uid, owner.st_gid)

        with cluster.running() as conninfo:
            assert one(conninfo, "SELECT 1") == 1

        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_stop_stops_whoever_uses_it(made: Path) -> None:
    cluster = Cluster(made)
    assert cluster.stop() is False, "it does not run yet"

    with cluster.running() as conninfo:
        user = psycopg.connect(conninfo)
        assert cluster.stop() is True
        with pytest.raises(psycopg.OperationalError):
            user.execute("SELECT 1")
        assert cluster.stop() is False


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user to be the squatter")
def test_a_folder_that_somebody_else_made_is_refused(made: Path) -> None:
    cluster = Cluster(made)
    with cluster.running():
        pass
    cluster.socket.rmdir()
    cluster.socket.mkdir()
    os.chown(cluster.socket, 12345, 12345)

    with pytest.raises(StoreUnavailable, match="belongs to another user"), cluster.running():
        pass


def installation(folder: Path, *, version: str, extensions: tuple[str, ...]) -> Path:
    """Make what looks like an installed PostgreSQL."""
    programs, share = folder / version / "bin", folder / version / "share"
    (share / "extension").mkdir(parents=True)
    programs.mkdir()
    for extension in extensions:
        (share / "extension" / f"{extension}.control").touch()
    answers = dict.fromkeys(processes.PROGRAMS, f"PostgreSQL {version}.1") | {"pg_config": str(share)}
    for name, answer in answers.items():
        (programs / name).write_text(f"#!/bin/sh\necho '{answer}'\n")
        (programs / name).chmod(0o755)
    return programs


@pytest.mark.parametrize(
    ("installed", "version", "text"),
    [
        ({}, None, "PostgreSQL with PostGIS was not found: install the packages postgresql and postgresql-postgis"),
        (
            {"16": ("unaccent",)},
            None,
            "PostgreSQL 16 is here without postgis: install the package postgresql-16-postgis-3",
        ),
        ({"16": ("postgis", "unaccent")}, 15, "the store was made by PostgreSQL 15, which is not here"),
    ],
    ids=["nothing", "no PostGIS", "other version"],
)
def test_one_line_says_what_to_install(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    installed: dict[str, tuple[str, ...]],
    version: int | None,
    text: str,
) -> None:
    for name, extensions in installed.items():
        installation(tmp_path, version=name, extensions=extensions)
    monkeypatch.setattr(processes, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(StoreUnavailable) as refused:
        processes.find(version)

    assert str(refused.value).startswith(text)
    assert "OBS_DATABASE_URL" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_postgresql_stops_the_command_and_leaves_nothing(var: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "DEBIAN", var / "none")
    monkeypatch.setenv("PATH", str(var))

    with pytest.raises(StoreUnavailable, match="postgresql-postgis"), Cluster(var).running():
        pass

    assert not Cluster(var).data.exists()


def test_the_newest_postgresql_that_has_postgis_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bare newer one comes first on the PATH, as its initdb and as what pg_config says."""
    for version in ("9", "16"):
        installation(tmp_path, version=version, extensions=processes.EXTENSIONS)
    bare = installation(tmp_path, version="17", extensions=())
    monkeypatch.setattr(processes, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", f"{bare}{os.pathsep}{os.environ['PATH']}")

    assert processes.find().folder == tmp_path / "16" / "bin"


def test_a_store_of_ones_own_is_used_and_no_cluster_made(var: Path, database: str) -> None:
    with open_store(Settings(var=var, database_url=SecretStr(database))) as store, store.connect() as connection:
        assert not store.embedded
        assert not connection.autocommit
        assert connection.execute("SELECT ST_AsText(ST_Point(1, 2))").fetchone() == ("POINT(1 2)",)
    assert not list(var.iterdir())
    assert not Cluster(var).home.exists()


def test_another_login_keeps_server_and_database_but_no_password_of_the_administrator(database: str) -> None:
    store = Store(admin=f"{database} password=s3cret", embedded=False)

    with_password, without = store.conninfo("obs_public", "anon"), store.conninfo("obs_public", None)

    assert "s3cret" not in with_password + without + repr(store)
    assert {"user": "obs_public", "password": "anon"}.items() <= psycopg.conninfo.conninfo_to_dict(
        with_password
    ).items()
    assert one(store.conninfo("observatoire", None), "SELECT current_database()") == one(
        database, "SELECT current_database()"
    )


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("postgresql://admin:s3cret@127.0.0.1:1/obs", StoreUnavailable),
        ("postgresql://admin:s3cret@[::1/obs", BadSettings),
        ("postgresql://admin:x@s3cret@127.0.0.1:1/obs", StoreUnavailable),
        ("postgresql://admin:1234/s3cret@127.0.0.1/obs", StoreUnavailable),
        ("host=127.0.0.1 port=1 pasword=s3cret", BadSettings),
    ],
    ids=["dead", "malformed", "at sign", "slash", "unknown word"],
)
def test_an_address_that_does_not_answer_is_said_without_its_password(
    var: Path, url: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "RETRY", 0.2)

    with pytest.raises(error) as refused, open_store(Settings(var=var, database_url=SecretStr(url))):
        pass

    assert "s3cret" not in str(refused.value)
    assert "database" in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_refused_login_is_not_tried_again(database: str) -> None:
    store = Store(admin=f"{database} user=nobody_of_that_name", embedded=False)

    def connect() -> None:
        with pytest.raises(StoreUnavailable, match="answers, but refuses"):
            store.connect()

    assert seconds(connect) < 1
