"""From a document of another platform to a clash: read by its connector, loaded, found by the shared function."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from zoneinfo import ZoneInfo

import psycopg
import pytest
import shapely

from observatoire.cities import City, SourceSettings, read_city
from observatoire.coordination.adequacy import adequacies
from observatoire.coordination.clash import clashes
from observatoire.coordination.question import Question
from observatoire.coordination.reader import Reader
from observatoire.data import root
from observatoire.intake.run import load_source
from observatoire.layers.catalog import catalog
from observatoire.settings import Settings
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare
from observatoire.works.exchange.datex_write import write_datex
from observatoire.works.model import Closure, Work
from observatoire.works.schedule import Schedule

pytestmark = pytest.mark.integration

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2030, 1, 1, tzinfo=UTC)
X, Y = 892_390.0, 6_247_035.0
WORKS_MAP = {
    name: name
    for name in ("id", "reference", "titre", "nature", "debut", "fin", "regle", "heure_debut", "heure_fin", "feries",
                 "exceptions", "emprise", "statut", "voie")
}  # fmt: skip
EVENTS_MAP = {name: name for name in ("id", "titre", "nature", "debut", "fin", "statut", "voie")} | {"reference": "id"}
CALENDAR = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//FR\r\nBEGIN:VEVENT\r\nUID:EV-1\r\nSUMMARY:Concert du port\r\n"
    b"CATEGORIES:Concert\r\nDTSTART:20300506T150000Z\r\nDTEND:20300506T210000Z\r\nGEO:43.2965;5.3700\r\n"
    b"END:VEVENT\r\nEND:VCALENDAR\r\n"
)


def work(name: str, shift: float, first: int) -> Work:
    schedule = Schedule(
        datetime(2030, 5, first, 8, tzinfo=PARIS), datetime(2030, 5, first + 4, 17, tzinfo=PARIS), "Europe/Paris",
        windows=((time(8), time(17)),), rule="FREQ=DAILY",
    )  # fmt: skip
    line = shapely.LineString([(X + shift, Y), (X + shift + 60, Y)])
    return Work(name, "eau", line, schedule, closure=Closure("chaussee-fermee"), title="Conduite")


@pytest.fixture(scope="module")
def city() -> Iterator[City]:
    """The demo city with two sources at a local service."""
    documents = {
        "/datex": write_datex(
            [work("A", 0, 6), work("B", 40, 8), work("C", 500, 8)], crs="EPSG:2154", made=NOW, publisher="t"
        ).data,
        "/ics": CALENDAR,
    }  # fmt: skip

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(documents[self.path])

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    sources = {
        "works": SourceSettings(
            connector="datex", collection="chantiers", address=f"{url}/datex",
            options={"map": WORKS_MAP, "drop": "all-others", "planned": True, "origin": "administrative"},
        ),
        "events": SourceSettings(
            connector="ics", collection="evenements", address=f"{url}/ics",
            options={"map": EVENTS_MAP, "drop": "all-others", "planned": True, "origin": "administrative",
                     "codes": {"nature": {"Concert": "concert"}}},
        ),
    }  # fmt: skip
    yield read_city(root() / "cities" / "demo.yml").model_copy(update={"sources": sources})
    server.shutdown()
    server.server_close()


def test_works_of_another_platform_are_loaded_and_their_clashes_found(
    database: str, city: City, tmp_path_factory: pytest.TempPathFactory
) -> None:
    var = tmp_path_factory.mktemp("var")
    with psycopg.connect(database) as connection:
        prepare(connection, city, catalog().values(), passwords(var))
        connection.commit()
        reader = Reader(connection, city, "planner")
        nothing = clashes(reader, Question()), adequacies(reader)
        connection.rollback()
        loads = {
            name: load_source(connection, city, name, settings=Settings(var=var)).counts() for name in city.sources
        }
        again = load_source(connection, city, "works", settings=Settings(var=var)).counts()
        report = clashes(Reader(connection, city, "planner"), Question(), now=NOW)

    assert (nothing[0]["counts"]["works"], nothing[1]["events"], nothing[1]["past"]) == (0, [], 0)
    assert {name: (c["read"], c["inserted"]) for name, c in loads.items()} == {"works": (3, 3), "events": (1, 1)}
    assert again["unchanged"] == again["read"] == 3
    said = {(f["rule"], f["severity"], f["subject"], *f["evidence"]) for f in report["findings"]}
    assert said == {
        ("works-same-place", "blocking", "A", "B"),
        ("works-side-by-side", "warning", "A", "B"),
        ("event", "blocking", "A", "EV-1"),
    }
    assert report["unreadable"] == []
    assert "school-entry" in {one["rule"] for one in report["not_checked"]}
