"""What the QGIS tests share: a served city whose content is known exactly, and QGIS as a program of its own Python."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import psycopg
import pytest

from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.layers.catalog import catalog
from observatoire.layers.ddl import columns
from observatoire.layers.model import Audience, Layer
from observatoire.layers.nomenclature import codes
from observatoire.store import schema
from observatoire.store.keys import create_key
from observatoire.store.roles import passwords

#: QGIS's own Python: the scripts are not ours to import.
PYTHON = "/usr/bin/python3"
SCRIPTS = Path(__file__).parent / "scripts"
collect_ignore_glob = ["scripts/*", "inside"]

#: 20 000 reports an hour apart, of all natures, over the city; 50 occurrences; two divisions; a row of cells, one for
#: each class of the forecast and one without a value.
SEED = """
SELECT setseed(0.7);
INSERT INTO data.signalements (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT i, ST_Transform(ST_SetSRID(ST_MakePoint(5.24 + 0.25 * random(), 43.19 + 0.18 * random()), 4326), 2154), 'test',
       i::text, 1, 'reported', 'second', 'R' || lpad(i::text, 5, '0'),
       timestamptz '2024-01-01 00:00Z' + i * interval '1 hour', (%(natures)s::text[])[1 + i %% %(n)s]
FROM generate_series(1, 20000) AS i;
INSERT INTO data.faits (id, geom, source, source_key, load_id, origin, precision, reference, date, nature)
SELECT id, geom, source, source_key, load_id, origin, precision, 'F' || reference, date, 'tapage'
FROM data.signalements WHERE id <= 50;
INSERT INTO data.divisions (id, geom, source, source_key, load_id, origin, precision, code, nom)
SELECT i, ST_Multi(ST_Transform(ST_MakeEnvelope(5.24 + 0.1 * i, 43.2, 5.34 + 0.1 * i, 43.36, 4326), 2154)), 'test',
       i::text, 1, 'administrative', 'day', 'D' || i, 'Division ' || i FROM generate_series(0, 1) AS i;
INSERT INTO data.mailles (id, geom, source, source_key, load_id, origin, precision, cell_id, cote)
SELECT i, ST_MakeEnvelope(882000 + 2500 * i, 6240000, 884500 + 2500 * i, 6242500, 2154), 'test', i::text, 1, 'derived',
       'day', 'C' || i, 2500 FROM generate_series(0, 5) AS i;
INSERT INTO data.risque (id, geom, source, source_key, load_id, origin, precision, as_of, debut, fin, target, cell_id,
                         probability, answer)
SELECT m.id, m.geom, 'test', m.source_key, 1, 'derived', 'day', '2026-01-01 00:00Z', '2026-01-01', '2026-01-08',
       'signalements', m.cell_id, p.value, CASE WHEN p.value IS NULL THEN 'abstains' ELSE 'count' END
FROM data.mailles AS m
JOIN (VALUES (0, 0.02), (1, 0.1), (2, 0.2), (3, 0.4), (4, 0.7), (5, NULL)) AS p (id, value) USING (id);
"""
SEEDED = ("signalements", "faits", "divisions", "mailles", "risque")
#: A small geometry of each type near the middle of the city: QGIS tells the type of a layer from its items.
SHAPES = {
    "Point": "ST_MakePoint(5.36, 43.28)",
    "LineString": "ST_MakeLine(ST_MakePoint(5.36, 43.28), ST_MakePoint(5.361, 43.281))",
    "Polygon": "ST_MakeEnvelope(5.36, 43.28, 5.361, 43.281)",
    "MultiPolygon": "ST_Multi(ST_MakeEnvelope(5.36, 43.28, 5.361, 43.281))",
}
VALUES = {"text": "'x'", "timestamptz": "'2026-01-01'", "date": "'2026-01-01'", "boolean": "true"}


def one_item(layer: Layer, srid: int) -> str:
    """Return the statement that gives a collection one item, all its columns filled; codes by the first of them."""
    filled = {
        name: f"'{next(iter(codes(branch)))}'"
        if (branch := layer.properties[name].codes if name in layer.properties else None)
        else VALUES.get(kind, "1")
        for name, kind in columns(layer).items()
    } | {"source": "'test'", "source_key": "'1'", "load_id": "1", "origin": "'administrative'", "precision": "'day'"}
    shape = f"ST_Transform(ST_SetSRID({SHAPES[layer.geometry]}, 4326), {srid})"
    names, given = ", ".join(filled), ", ".join(filled.values())
    return f"INSERT INTO data.{layer.table} ({layer.id_field}, geom, {names}) VALUES (1, {shape}, {given})"


@dataclass(frozen=True)
class Served:
    """Our server on a store whose content is known.

    Attributes
    ----------
    url : str
        `http://127.0.0.1:port`.
    keys : dict
        A key per audience; none for the public.
    city : City
        The city that is served.
    database : str
        The administrator's connection string.
    log : Path
        The server's access log.
    """

    url: str
    keys: dict[str, str]
    city: City
    database: str
    log: Path

    def get(self, path: str, audience: Audience = "public", **headers: str) -> httpx.Response:
        """Ask as an audience."""
        key = {"X-API-Key": self.keys[audience]} if audience in self.keys else {}
        return httpx.get(f"{self.url}{path}", headers=key | headers, timeout=60)

    def value(self, query: str) -> Any:
        """Return the only value of a query."""
        with psycopg.connect(self.database) as connection:
            row = connection.execute(query).fetchone()  # type: ignore[call-overload]
        return row[0]

    def requests(self) -> list[str]:
        """Return the requests answered so far, as `path?query`."""
        return re.findall(r'"GET (\S+) HTTP', self.log.read_text())


@pytest.fixture(scope="module")
def served(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The small city, seeded, served on a port of its own."""
    folder = tmp_path_factory.mktemp("served")
    path = root() / "tests" / "cities" / "small.yml"
    city = read_city(path)
    natures = [line.value for line in catalog()["signalements"].style.classes]
    with psycopg.connect(database) as connection:
        schema.prepare(connection, city, catalog().values(), passwords(folder))
        psycopg.ClientCursor(connection).execute(SEED, {"natures": natures, "n": len(natures)})
        for layer in catalog().values():
            if layer.id not in SEEDED:
                connection.execute(one_item(layer, city.srid).encode())
            connection.execute("INSERT INTO obs.versions (collection, version) VALUES (%s, 1)", [layer.id])
        keys = {audience: create_key(connection, audience, "qgis") for audience in ("planner", "coordination")}
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    log = folder / "server.log"
    environment = {
        "OBS_DATABASE_URL": database, "OBS_VAR": str(folder), "OBS_CITY": str(path), "OBS_BIND": f"127.0.0.1:{port}",
    }  # fmt: skip
    command = [sys.executable, "-m", "uvicorn", "observatoire.server.app:create_app", "--factory"]
    with log.open("w") as out:
        server = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", str(port)], env=os.environ | environment, stdout=out, stderr=out
        )
    found = Served(f"http://127.0.0.1:{port}", keys, city, database, log)
    try:
        until = monotonic() + 120
        while not _answers(found):
            if server.poll() is not None or monotonic() > until:
                raise AssertionError(f"not served:\n{log.read_text()[-4000:]}")
            sleep(0.2)
        yield found
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def _answers(served: Served) -> bool:
    try:
        return served.get("/health").status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def qgis(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """Runs a script of `scripts/` in QGIS, each time in a new profile, without a screen; returns what it found."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    if subprocess.run([PYTHON, "-c", "import qgis.core"], env=clean, capture_output=True).returncode:
        pytest.skip("QGIS is not installed: apt-get install qgis python3-qgis")

    def run(script: str, *arguments: object) -> dict[str, Any]:
        home = tmp_path_factory.mktemp("profile")
        home.chmod(0o700)
        folders = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"), str(home))
        done = subprocess.run(
            [PYTHON, "-X", "faulthandler", str(SCRIPTS / script), *map(str, arguments)],
            env=clean | folders | {"QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
        found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return found

    return run
