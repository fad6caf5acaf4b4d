"""What is kept of a source between two loads: its cursor, its contract, its age; and what a steward decides of it."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from observatoire.caller import Caller
from observatoire.cities import City, SourceSettings, read_city
from observatoire.data import root
from observatoire.errors import BadSource, ObsError, SourceUnavailable
from observatoire.intake.load import Summary
from observatoire.intake.options import Options, options_from_text
from observatoire.intake.registry import connectors
from observatoire.intake.run import load_file, load_source
from observatoire.intake.source import Connector, NotModified, Record, Table, digest
from observatoire.jobs.periodic import CityLoads, Purge
from observatoire.layers.catalog import catalog
from observatoire.layers.model import Audience
from observatoire.layers.rights import role
from observatoire.settings import Settings
from observatoire.store.duplicates import pairs
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare
from observatoire.store.sources import freshness, known_of, loads

pytestmark = pytest.mark.integration

Connection = psycopg.Connection[Any]
COLUMNS = ("num", "le", "type", "lon", "lat")
MAP = "id=num,date=le,nature=type,lon=lon,lat=lat"
ADDRESS = "https://data.example/reports"


@dataclass
class Service:
    """Rows numbered from 1; the cursor is the number of the last one given."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    asked: list[str | None] = field(default_factory=list)
    columns: tuple[str, ...] = COLUMNS
    cut_after: int | None = None

    def fetch(self, address: str, options: Options) -> Table:
        assert address == ADDRESS
        self.asked.append(options.since)
        begin = int(options.since or 0)
        if options.since is not None and begin == len(self.rows):
            raise NotModified
        return Table(self.columns, self._records(begin), cursor=lambda: str(len(self.rows)))

    def _records(self, begin: int) -> Iterator[Record]:
        for n, row in enumerate(self.rows[begin:], start=begin + 1):
            if n == self.cut_after:
                raise SourceUnavailable("the service went away")
            yield Record(n, dict(zip(self.columns, row, strict=True)), digest(*[v.encode() for v in row]))

    def add(self, count: int, nature: str = "tag") -> None:
        for _ in range(count):
            n = len(self.rows) + 1
            self.rows.append((f"K{n}", f"2026-01-{n % 28 + 1:02d}", nature, "5.37", f"43.{2500 + n % 1000}"))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    served = Service()
    monkeypatch.setitem(connectors(), "service", Connector("service", fetch=served.fetch))
    return served


@pytest.fixture(scope="module")
def prepared(database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    with psycopg.connect(database) as connection:
        city = read_city(root() / "cities" / "marseille.yml")
        prepare(connection, city, catalog().values(), passwords(tmp_path_factory.mktemp("var")))
    return database


@pytest.fixture
def store(prepared: str) -> Iterator[Connection]:
    with psycopg.connect(prepared) as connection:
        connection.execute(
            "TRUNCATE data.signalements, data.faits, obs.loads, obs.quarantine, obs.counters, obs.versions, "
            "obs.sources, obs.decisions, obs.sealed, obs.sealing_keys, obs.near_duplicates"
        )
        connection.commit()
        yield connection


@pytest.fixture(scope="module")
def city() -> City:
    """Marseille with a source that asks a service, and one that reads a file."""
    mapping = {"map": {"id": "num", "date": "le", "nature": "type", "lon": "lon", "lat": "lat"}}
    reports = {"connector": "service", "collection": "signalements", "address": ADDRESS, "options": mapping}
    export = {"connector": "csv", "collection": "signalements", "file": "export.csv", "options": mapping}
    return read_city(root() / "cities" / "marseille.yml").model_copy(
        update={
            "sources": {
                "reports": SourceSettings.model_validate(reports | {"max_age": "P2D"}),
                "export": SourceSettings.model_validate(export),
            }
        }
    )


def counts(summary: Summary) -> tuple[int, ...]:
    return tuple(summary.counts().values())


def reports(store: Connection, city: City, **others: Any) -> Summary:
    return load_source(store, city, "reports", settings=Settings(), **others)


def cursor(store: Connection, source: str = "reports") -> str | None:
    known = known_of(store, source, "signalements")
    store.rollback()
    return known and known.cursor


def test_a_load_begins_where_the_last_one_ended(store: Connection, city: City, service: Service) -> None:
    service.add(5)
    assert counts(reports(store, city)) == (5, 5, 0, 0, 0)
    service.add(3)
    assert counts(reports(store, city)) == (3, 3, 0, 0, 0)

    nothing = reports(store, city)

    assert (counts(nothing), nothing.modified) == ((0, 0, 0, 0, 0), False)
    assert service.asked == [None, "5", "8"]
    assert cursor(store) == "8"
    assert [(load.kind, load.since, load.read) for load in loads(store)] == [
        ("not-modified", "8", 0),
        ("load", "5", 3),
        ("load", None, 5),
    ]


def test_a_full_load_begins_anew(store: Connection, city: City, service: Service) -> None:
    service.add(5)
    reports(store, city)

    assert counts(reports(store, city, full=True)) == (5, 0, 0, 5, 0)
    assert service.asked == [None, None]


def test_a_load_that_is_cut_leaves_the_cursor_where_it_was(store: Connection, city: City, service: Service) -> None:
    service.add(5)
    reports(store, city)
    service.add(10)
    service.cut_after = 12

    with pytest.raises(SourceUnavailable):
        reports(store, city)

    assert cursor(store) == "5"
    assert store.execute("SELECT count(*) FROM data.signalements").fetchone() == (5,)
    store.rollback()
    service.cut_after = None
    assert counts(reports(store, city)) == (10, 10, 0, 0, 0)


def test_a_cursor_holds_for_what_was_asked_only(store: Connection, city: City, service: Service) -> None:
    """Another mapping may want rows that were read long ago."""
    service.add(5)

    def load(options: Options) -> Summary:
        return load_file(
            store, city, connector="service", collection="signalements", file=ADDRESS, options=options,
            settings=Settings(), source="reports",
        )  # fmt: skip

    assert load(options_from_text(map=MAP)).read == 5
    assert load(options_from_text(map=MAP)).read == 0
    assert load(options_from_text(map=MAP, codes=["nature:graffiti=tag"])).read == 5


def test_a_source_without_keys_is_read_whole_every_time(store: Connection, city: City, service: Service) -> None:
    """Alike rows are told apart by their rank, which the part of a source does not know."""
    service.rows = [("", "2026-01-02", "tag", "5.37", "43.30")] * 3 + [("", "2026-01-02", "bruit", "5.37", "43.30")]

    def load() -> Summary:
        return load_file(
            store, city, connector="service", collection="signalements", file=ADDRESS, settings=Settings(),
            options=options_from_text(map=MAP.replace("id=num", "id=*"), drop="num"), source="keyless",
        )  # fmt: skip

    assert counts(load()) == (4, 4, 0, 0, 0)
    service.rows.insert(0, ("", "2026-01-03", "tag", "5.37", "43.30"))
    assert counts(load()) == (5, 1, 0, 4, 0)
    assert service.asked == [None, None]


# --- the contract -----------------------------------------------------------------------------------------------------


def test_a_column_more_or_less_or_of_another_kind_stops_the_load(
    store: Connection, city: City, service: Service
) -> None:
    service.add(30)
    reports(store, city)
    known = known_of(store, "reports", "signalements")
    store.rollback()
    assert known is not None
    assert known.columns == {"num": "text", "le": "date", "type": "text", "lon": "number", "lat": "number"}
    service.rows = [(f"{n}", *row[1:]) for n, row in enumerate(service.rows)]

    with pytest.raises(BadSource, match=r"column 'num' was text, is integer\. Nothing was loaded.*--accept"):
        reports(store, city, full=True)

    assert store.execute("SELECT count(*), max(load_id) FROM data.signalements").fetchone() == (30, 1)
    store.rollback()
    assert reports(store, city, full=True, accept=True).inserted == 30
    assert reports(store, city, full=True).unchanged == 30


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ((*COLUMNS, "motif"), r"column not mapped: 'motif'.*new column 'motif'"),
        (COLUMNS[:4], r"no column 'lat'.*column 'lat' is gone"),
        (("num", "le", "type", "lon", "latitude"), r"new column 'latitude'; column 'lat' is gone"),
    ],
)
def test_what_changed_is_said(
    store: Connection, city: City, service: Service, columns: tuple[str, ...], message: str
) -> None:
    service.add(3)
    reports(store, city)
    service.columns = columns
    service.rows = [(*row, "x")[: len(columns)] for row in service.rows]

    with pytest.raises(BadSource, match=message):
        reports(store, city, full=True)


def test_a_dropped_column_is_part_of_the_contract(store: Connection, city: City, tmp_path: Path) -> None:
    """`all-others` drops it; that it is new is a change of the source all the same."""
    file = tmp_path / "export.csv"

    def load(head: str, row: str, **others: bool) -> Summary:
        file.write_text(f"{head}\n{row}\n")
        return load_file(
            store, city, connector="csv", collection="signalements", file=str(file), settings=Settings(),
            options=options_from_text(map=MAP, drop="all-others"), source="export", **others,
        )  # fmt: skip

    load("num,le,type,lon,lat", "A,2026-01-02,tag,5.37,43.30")
    with pytest.raises(BadSource, match="new column 'temoin'"):
        load("num,le,type,lon,lat,temoin", "A,2026-01-02,tag,5.37,43.30,x")

    assert load("num,le,type,lon,lat,temoin", "A,2026-01-02,tag,5.37,43.30,x", accept=True).unchanged == 1
    with pytest.raises(BadSource, match="column 'temoin' is gone"):
        load("num,le,type,lon,lat", "A,2026-01-02,tag,5.37,43.30")


# --- lineage, age -----------------------------------------------------------------------------------------------------


def test_a_load_says_how_its_rows_were_had(store: Connection, city: City, tmp_path: Path) -> None:
    """The SHA-256 is that of `sha256sum`."""
    (tmp_path / "export.csv").write_bytes(b"num,le,type,x,y\nA,2026-01-02,tag,892390.22,6247035.26\n")

    load_file(
        store, city, connector="csv", collection="signalements", file=str(tmp_path / "export.csv"),
        settings=Settings(), options=options_from_text(map="id=num,date=le,nature=type,x=x,y=y"), source="export",
    )  # fmt: skip

    (load,) = loads(store)
    assert (load.id, load.source, load.connector, load.crs_found) == (1, "export", "csv", "EPSG:2154")
    assert load.file_sha256 == "0e649ddbb6981a3debc8886a94cb75b63e4ed802b15bbf8f4d0bf9df400cdc9b"
    assert (load.read, load.inserted) == (1, 1)


def test_a_source_is_stale_by_its_load_or_by_its_newest_item(store: Connection, city: City, service: Service) -> None:
    now = datetime.now(UTC)

    def item(days: float, key: str) -> None:
        when = (now - timedelta(days=days)).isoformat(timespec="seconds")
        service.rows.append((key, when, "tag", "5.37", "43.30"))

    item(3, "old")
    reports(store, city)
    (age,) = freshness(store)
    store.rollback()
    assert (age.stale, age.max_age) == (True, timedelta(days=2))
    assert age.age.total_seconds() == pytest.approx(3 * 86400, abs=120)

    item(1, "new")
    reports(store, city)
    assert [a.stale for a in freshness(store)] == [False]

    store.execute("UPDATE obs.sources SET loaded = now() - interval '49 hours'")
    assert [a.stale for a in freshness(store)] == [True]
    store.rollback()


def test_a_source_without_an_allowed_age_is_neither_stale_nor_fresh(
    store: Connection, city: City, tmp_path: Path
) -> None:
    (tmp_path / "export.csv").write_text("num,le,type,lon,lat\nA,2020-01-02,tag,5.37,43.30\n")
    load_source(store, city, "export", settings=Settings(data=tmp_path))

    assert [(a.source, a.stale) for a in freshness(store)] == [("export", None)]


@pytest.mark.parametrize(
    ("audience", "seen"),
    [
        ("public", [("signalements",)]),
        ("planner", [("faits",), ("signalements",)]),
        ("steward", [("reports", "faits"), ("export", "signalements")]),
    ],
)
def test_an_audience_reads_the_age_of_what_it_may_see(
    store: Connection, prepared: str, city: City, tmp_path: Path, audience: Audience, seen: list[tuple[str, ...]]
) -> None:
    (tmp_path / "export.csv").write_text("num,le,type,lon,lat\nA,2020-01-02,tag,5.37,43.30\n")
    load_source(store, city, "export", settings=Settings(data=tmp_path))
    store.execute("INSERT INTO obs.sources (source, collection, load_id, loaded, request) "
                  "VALUES ('reports', 'faits', 9, now(), '')")  # fmt: skip
    store.commit()
    names = "source, collection" if audience == "steward" else "collection"

    with psycopg.connect(make_conninfo(prepared, user=role(audience))) as theirs:
        found = theirs.execute(f"SELECT {names} FROM obs_freshness ORDER BY collection").fetchall()  # type: ignore[arg-type]

    assert found == seen


def test_the_nightly_job_loads_what_it_can_and_says_what_it_cannot(
    store: Connection, prepared: str, city: City, service: Service
) -> None:
    service.add(3)
    job = CityLoads(Caller(audience="admin", city=city, write=prepared))

    with pytest.raises(ObsError, match=r"^export: export: no file export\.csv"):
        asyncio.run(job.execute({"sources": ["export", "reports"]}))

    assert store.execute("SELECT count(*) FROM data.signalements").fetchone() == (3,)
    store.rollback()
    done = asyncio.run(job.execute({"sources": ["reports"]}))
    assert json.loads(done["loads"]) == {
        "reports": {"read": 0, "inserted": 0, "updated": 0, "unchanged": 0, "quarantined": 0}
    }
    assert asyncio.run(Purge(job.caller).execute({})) == {"sealed": b"0", "photos": b"0"}


# --- near duplicates --------------------------------------------------------------------------------------------------


def test_what_two_sources_tell_of_is_flagged_and_kept(store: Connection, city: City, tmp_path: Path) -> None:
    """0.0003° of latitude are 33 m, 0.001° 111 m; half an hour parts what is one from what is two."""
    file = tmp_path / "export.csv"

    def load(source: str, *rows: str) -> None:
        file.write_text("num,le,type,lon,lat\n" + "".join(f"{row}\n" for row in rows))
        load_file(
            store, city, connector="csv", collection="signalements", file=str(file), settings=Settings(),
            options=options_from_text(map=MAP), source=source,
        )  # fmt: skip

    load("nord", "A,2026-01-02 10:00,tag,5.37,43.3000", "B,2026-01-05,bruit,5.37,43.3000")
    load(
        "sud",
        "near,2026-01-02 10:25,tag,5.37,43.3003",
        "far,2026-01-02 10:25,tag,5.37,43.3010",
        "late,2026-01-02 10:35,tag,5.37,43.3003",
        "other,2026-01-02 10:25,voirie,5.37,43.3003",
        "day,2026-01-05 19:00,bruit,5.37,43.3000",
        "day-after,2026-01-06 00:30,bruit,5.37,43.3000",
        "twice,2026-01-09 10:00,tag,5.40,43.3000",
        "again,2026-01-09 10:00,tag,5.40,43.3000",
    )

    keys = dict(store.execute("SELECT id, source_key FROM data.signalements").fetchall())
    found = {(keys[pair.other], keys[pair.item]): round(pair.metres) for pair in pairs(store)}
    store.rollback()
    assert found == {("A", "near"): 33, ("B", "day"): 0, ("twice", "again"): 0}
    assert len(keys) == 10

    load("sud", "near,2026-01-02 11:00,tag,5.37,43.3003")
    assert ("A", "near") not in {(keys[pair.other], keys[pair.item]) for pair in pairs(store)}


# --- time -------------------------------------------------------------------------------------------------------------


def test_of_an_interval_both_ends_are_kept(store: Connection, city: City, tmp_path: Path) -> None:
    """A theft between Friday evening and Monday morning is known to the month at best, whatever the minutes say."""
    file = tmp_path / "mc.csv"
    file.write_text(
        "num,debut,fin,type,lon,lat\n"
        "A,2026-01-09 18:00,2026-01-12 08:00,tag,5.37,43.30\n"
        "B,2026-01-09 18:00,2026-01-09 18:40,tag,5.37,43.30\n"
        "C,2026-01-09,2026-01-09,tag,5.37,43.30\n"
        "D,2026-01-09 18:00,,tag,5.37,43.30\n"
        "E,2026-01-09 18:00,2026-01-09 17:00,tag,5.37,43.30\n"
        "F,2018-10,2018-10,tag,5.37,43.30\n"
    )

    summary = load_file(
        store, city, connector="csv", collection="signalements", file=str(file), settings=Settings(),
        options=options_from_text(map="id=num,date=debut,until=fin,nature=type,lon=lon,lat=lat"),
    )  # fmt: skip

    zone = ZoneInfo("Europe/Paris")
    rows = store.execute("SELECT source_key, precision, date, until FROM data.signalements ORDER BY source_key")
    found = {
        key: (precision, f"{date.astimezone(zone):%m-%d %H:%M}", until and f"{until.astimezone(zone):%m-%d %H:%M}")
        for key, precision, date, until in rows
    }
    assert summary.reasons == {"ends-before-start": 1}
    assert found == {
        "A": ("month", "01-09 18:00", "01-12 08:00"),
        "B": ("hour", "01-09 18:00", "01-09 18:40"),
        "C": ("day", "01-09 00:00", "01-10 00:00"),
        "D": ("minute", "01-09 18:00", None),
        "F": ("month", "10-01 00:00", "11-01 00:00"),
    }


@pytest.mark.realdata
def test_merseysides_file_loads_to_the_month(store: Connection, city: City) -> None:
    """66 359 rows in the file's own note, 11 686 of them anti-social behaviour, without a key."""
    data = Settings().data
    if data is None:
        pytest.skip("OBS_DATA is not set: the real file is not looked at")
    (file,) = data.rglob("merseyside_2018-10_2019-02.csv.gz")
    merseyside = city.model_copy(update={"extent": (-3.3, 53.2, -2.5, 53.8), "crs": "EPSG:2154"})
    options = options_from_text(
        map="id=*,date=Month,nature=Crime type,lon=Longitude,lat=Latitude", drop="all-others", tz="Europe/London",
        codes=["nature:Anti-social behaviour=tapage,Criminal damage and arson=degradation,Vehicle crime=vol-roulotte"],
    )  # fmt: skip

    def load() -> Summary:
        return load_file(
            store, merseyside, connector="csv", collection="faits", file=str(file), options=options,
            settings=Settings(), source="merseyside",
        )  # fmt: skip

    first = load()

    assert first.read == 66_359 == sum(first.counts().values()) - first.read
    natures = dict(
        store.execute("SELECT nature, count(*) FROM data.faits WHERE precision = 'month' GROUP BY nature").fetchall()
    )
    months = store.execute(
        "SELECT DISTINCT to_char(date AT TIME ZONE 'Europe/London', 'YYYY-MM-DD') FROM data.faits ORDER BY 1"
    ).fetchall()
    store.rollback()
    placed = 11_686 - natures["tapage"]  # those without a place are refused
    assert 0 <= placed <= first.reasons.get("no-position", 0) + first.reasons.get("outside-city", 0)
    assert [m for (m,) in months] == ["2018-10-01", "2018-11-01", "2018-12-01", "2019-01-01", "2019-02-01"]
    assert load().unchanged == first.inserted
