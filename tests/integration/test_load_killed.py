"""A killed load, and a store killed under a load: the same command again gives what one clean run gives.

The loads ask a service that gives a cursor: rows, quarantine and cursor are there together, or not at all.
"""

import os
import random
import shutil
import signal
import tempfile
import time
import traceback
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from etl.connectors.csv import read
from observatoire.cities import read_city
from observatoire.data import root
from observatoire.errors import ObsError
from observatoire.intake.load import BATCH, Provenance
from observatoire.intake.options import Options, options_from_text
from observatoire.intake.registry import connectors
from observatoire.intake.run import load_file
from observatoire.intake.source import Connector, Table
from observatoire.layers.catalog import catalog
from observatoire.settings import Settings
from observatoire.store.cluster import Cluster, furnish
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = [
    pytest.mark.integration,
    # The child of the fork uses nothing that a thread of this process may hold.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

FULL = os.environ.get("OBS_PROVE") == "full"
ROWS, BAD = 60_000, 783
BATCHES = ROWS // BATCH
MERGE = 2.0  # s, about what the statements after the last batch take; a load that ends before is not killed
LOADER_KILLS, STORE_KILLS = (50, 10) if FULL else (5, 2)  # of each export

CITY = read_city(root() / "cities" / "marseille.yml")
OPTIONS = options_from_text(map="id=num,date=le,nature=type,lon=lon,lat=lat")


def fetch(address: str, options: Options) -> Table:
    """Give the rows of the export after the cursor; the cursor is the number of the last one."""
    table = read(Path(address), options)
    given = islice(table.records, int(options.since or 0), None)
    return Table(table.columns, given, cursor=lambda: str(ROWS))


@pytest.fixture(scope="module", autouse=True)
def service() -> Iterator[None]:
    """A service whose rows go on while the next are read, as those of a file do."""
    connectors()["service"] = Connector("service", fetch=fetch)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Provenance, "of_a_file", True)
        yield
    del connectors()["service"]


class Loader:
    """A process of its own that loads `export` and says how far it is.

    A fork of this one, for a fresh interpreter would spend most of its short life with imports.
    """

    def __init__(self, conninfo: str, export: Path) -> None:
        said, say = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(said)
            os._exit(load_and_say(conninfo, export, say))
        os.close(say)
        self.said = os.fdopen(said)

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> tuple[int, str]:
        """Return its exit code, negative where it was killed, and the last line that it said."""
        with self.said:
            lines = self.said.read().splitlines()
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status), lines[-1] if lines else ""


def load_and_say(conninfo: str, export: Path, say: int) -> int:
    """Run in the fork: must not return into pytest, whatever happens."""
    try:
        with psycopg.connect(conninfo) as connection, os.fdopen(say, "w", 1) as out:
            try:
                load_file(
                    connection,
                    CITY,
                    connector="service",
                    collection="signalements",
                    file=str(export),
                    options=OPTIONS,
                    settings=Settings(),
                    progress=lambda n: print(n, file=out),
                )
            except ObsError as error:
                print(error, file=out)
                return error.exit_code
    except BaseException:
        traceback.print_exc()
        return 99
    return 0


@pytest.fixture(scope="module")
def own_cluster() -> Iterator[Cluster]:
    """A cluster of this module alone, for it is killed."""
    with tempfile.TemporaryDirectory(prefix="obs-kill-") as var:
        cluster = Cluster(Path(var))
        try:
            with cluster.running():
                yield cluster
        finally:
            cluster.stop()
            shutil.rmtree(cluster.home)


@pytest.fixture(scope="module", params=["keys once", "keys twice"])
def export(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`ROWS` rows, `BAD` of them refused, some keys twice or none: what goes on while rows are read stays, or goes."""
    twice = request.param == "keys twice"
    rng = random.Random(6)
    bad = set(rng.sample(range(ROWS), BAD))
    path = tmp_path_factory.mktemp("export") / "export.csv"
    with path.open("w") as out:
        out.write("num,le,type,lon,lat\n")
        for n in range(ROWS):
            key = n - 1 if twice and n % 97 == 1 and not {n, n - 1} & bad else n
            nature = "ovni" if n in bad else "tag"
            out.write(f"{key},2024-01-{n % 28 + 1:02d},{nature},{5.3 + n % 100 / 1000},{43.25 + n % 70 / 1000}\n")
    return path


def fresh(cluster: Cluster, name: str) -> str:
    """Return the address of a new prepared database."""
    with psycopg.connect(cluster.conninfo(), autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    conninfo = make_conninfo(cluster.conninfo(), dbname=name)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        furnish(connection)
    with psycopg.connect(conninfo) as connection:
        prepare(connection, CITY, catalog().values(), passwords(cluster.var))
    return conninfo


def content(conninfo: str) -> dict[str, list[Any]]:
    queries = {
        "items": "SELECT count(*), md5(string_agg(s::text, '|' ORDER BY id)) FROM data.signalements s",
        "quarantine": "SELECT * FROM obs.quarantine ORDER BY id",
        "sources": "SELECT source, load_id, cursor, columns::text, newest FROM obs.sources",
        "loads": "SELECT id, source, collection, read, inserted, updated, unchanged, quarantined FROM obs.loads",
        "counters": "SELECT * FROM obs.counters ORDER BY name",
        "versions": "SELECT collection, version FROM obs.versions",
    }
    with psycopg.connect(conninfo) as connection:
        return {name: connection.execute(sql.SQL(query)).fetchall() for name, query in queries.items()}


def wait_for(loader: Loader, batches: int, pause: float) -> None:
    """Wait until the loader has staged some batches, then `pause` seconds more."""
    for _ in range(batches):
        loader.said.readline()
    time.sleep(pause)


def moment(rng: random.Random) -> tuple[int, float]:
    """Return after how many batches to kill, and how long after the last: half of the kills fall on the merge."""
    if rng.random() < 0.5:
        return rng.randint(1, BATCHES - 1), rng.uniform(0, 0.15)
    return BATCHES, rng.uniform(0, MERGE)


def load_whole(conninfo: str, export: Path) -> None:
    assert Loader(conninfo, export).wait()[0] == 0


@pytest.fixture(scope="module")
def clean(own_cluster: Cluster, export: Path) -> dict[str, list[Any]]:
    """What one undisturbed run leaves."""
    conninfo = fresh(own_cluster, "clean")
    load_whole(conninfo, export)
    left = content(conninfo)
    assert len([row for row in left["quarantine"] if "unknown-code" in row]) == BAD
    assert [row[2] for row in left["sources"]] == [str(ROWS)]
    return left


def test_a_killed_loader_leaves_no_trace(own_cluster: Cluster, export: Path, clean: dict[str, list[Any]]) -> None:
    conninfo = fresh(own_cluster, "killed")
    untouched = content(conninfo)
    rng = random.Random(1)
    killed = 0
    for _ in range(LOADER_KILLS):
        loader = Loader(conninfo, export)
        wait_for(loader, *moment(rng))
        loader.kill()
        killed += loader.wait()[0] == -signal.SIGKILL
        settle(conninfo)
        assert content(conninfo) in (untouched, clean)
        if content(conninfo) == clean:
            conninfo = fresh(own_cluster, "killed")
    assert killed >= LOADER_KILLS // 4  # those between batches cannot have ended before

    load_whole(conninfo, export)

    assert content(conninfo) == clean


def settle(conninfo: str) -> None:
    """Wait until the server has noticed that its client is gone."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        for _ in range(400):
            others = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
            ).fetchone()
            if others == (0,):
                return
            time.sleep(0.05)
    raise AssertionError("a session of a killed loader lives on")


def revive(cluster: Cluster) -> None:
    """Start the killed server again, once the system has done away with its process."""
    for _ in range(200):
        if cluster.revive():
            return
        time.sleep(0.05)
    raise AssertionError("the killed server lives on")


def test_a_killed_store_leaves_no_trace(own_cluster: Cluster, export: Path, clean: dict[str, list[Any]]) -> None:
    conninfo = fresh(own_cluster, "crashed")
    untouched = content(conninfo)
    rng = random.Random(2)
    stopped = 0
    for _ in range(STORE_KILLS):
        loader = Loader(conninfo, export)
        wait_for(loader, *moment(rng))
        postmaster = int((own_cluster.data / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        code, said = loader.wait()
        revive(own_cluster)
        assert code in {0, 69}  # it may just have finished
        if code == 69:
            assert said.startswith("the store went away while signalements was loaded; nothing was kept")
            stopped += 1
        assert content(conninfo) in (untouched, clean)
        if content(conninfo) == clean:
            conninfo = fresh(own_cluster, "crashed")
    assert stopped > 0

    load_whole(conninfo, export)

    assert content(conninfo) == clean


def test_a_replay_after_all_that_changes_nothing(
    own_cluster: Cluster, export: Path, clean: dict[str, list[Any]]
) -> None:
    """By the cursor, which leaves nothing to read, and without it, which reads all again."""
    conninfo = make_conninfo(own_cluster.conninfo(), dbname="clean")
    kept = ("items", "quarantine", "versions")

    load_whole(conninfo, export)
    by_cursor = content(conninfo)
    with psycopg.connect(conninfo) as connection:
        connection.execute("UPDATE obs.sources SET cursor = NULL")
    load_whole(conninfo, export)
    whole = content(conninfo)

    assert {n: by_cursor[n] for n in kept} == {n: whole[n] for n in kept} == {n: clean[n] for n in kept}
    assert [row[3] for row in whole["loads"]] == [ROWS, 0, ROWS]
