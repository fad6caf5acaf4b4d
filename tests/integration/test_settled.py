"""A refused row that its source corrects leaves the quarantine: by its key, in the transaction that lets it in."""

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from observatoire.cities import City, SourceSettings, read_city
from observatoire.data import root
from observatoire.intake import load as intake_load
from observatoire.intake.load import Summary
from observatoire.intake.quarantine import closings, entries, totals
from observatoire.intake.run import load_source
from observatoire.intake.sealed import make_key
from observatoire.layers.catalog import catalog
from observatoire.settings import Settings
from observatoire.store import refused
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = [
    pytest.mark.integration,
    # The child of the fork uses nothing that a thread of this process may hold.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

Connection = psycopg.Connection[Any]
Load = Callable[..., Summary]
HEAD = "num,ref,le,type,lon,lat\n"
MAP = {"id": "num", "reference": "ref", "date": "le", "nature": "type", "lon": "lon", "lat": "lat"}


def row(key: str, *, le: str = "2026-01-02", nature: str = "tag", lon: str = "5.37", ref: str = "R1") -> str:
    return f"{key},{ref},{le},{nature},{lon},43.30\n"


GOOD, OTHER = row("A"), row("B")
BAD_DATE, BAD_CODE, OUTSIDE = row("A", le="31/02/2026"), row("A", nature="ovni"), row("A", lon="7.37")


@pytest.fixture(scope="module")
def city() -> City:
    def reports(key: str) -> SourceSettings:
        options = {"map": MAP | {"id": key}, "drop": ["num"] if key == "*" else []}
        return SourceSettings.model_validate(
            {"connector": "csv", "collection": "signalements", "file": "export.csv", "options": options}
        )

    return read_city(root() / "cities" / "marseille.yml").model_copy(
        update={"sources": {"reports": reports("num"), "keyless": reports("*")}}
    )


@pytest.fixture(scope="module")
def prepared(database: str, city: City, tmp_path_factory: pytest.TempPathFactory) -> str:
    with psycopg.connect(database) as connection:
        prepare(connection, city, catalog().values(), passwords(tmp_path_factory.mktemp("var")))
    return database


@pytest.fixture
def store(prepared: str, tmp_path: Path) -> Iterator[Connection]:
    """An empty store, where refused rows are sealed."""
    with psycopg.connect(prepared) as connection:
        connection.execute(
            "TRUNCATE data.signalements, obs.loads, obs.quarantine, obs.counters, obs.versions, obs.sources, "
            "obs.decisions, obs.sealed, obs.sealing_keys"
        )
        connection.commit()
        make_key(connection, tmp_path / "steward.key")
        yield connection


@pytest.fixture
def load(store: Connection, city: City, tmp_path: Path) -> Load:
    def loading(*rows: str, source: str = "reports", whole: bool = False) -> Summary:
        (tmp_path / "export.csv").write_text(HEAD + "".join(rows))
        return load_source(store, city, source, settings=Settings(data=tmp_path), whole=whole)

    return loading


def told(store: Connection) -> list[tuple[str, str, int | None]]:
    """Return reason, state and closing load of every entry, in the order in which they were met."""
    found = [(e.reason, e.state, e.settled) for e in entries(store, closed=True)]
    ids = store.execute("SELECT reason, coalesce(closed, 'open'), settled FROM obs.quarantine ORDER BY id").fetchall()
    store.rollback()
    assert sorted(found, key=str) == sorted(ids, key=str)
    return ids


def still_open(store: Connection) -> int:
    found = sum(t.rows for t in totals(store))
    assert len(entries(store)) == found
    store.rollback()
    return found


def sealed(store: Connection) -> int:
    found = store.execute("SELECT count(*) FROM obs.sealed").fetchone()
    store.rollback()
    assert found is not None
    return int(found[0])


def whole(store: Connection) -> list[Any]:
    found = store.execute("SELECT * FROM obs.quarantine ORDER BY id").fetchall()
    store.rollback()
    return found


@pytest.mark.parametrize("wrong", [BAD_DATE, BAD_CODE, OUTSIDE], ids=["parse", "check", "place"])
def test_a_corrected_row_closes_the_entry_of_its_key(store: Connection, load: Load, wrong: str) -> None:
    load(wrong, OTHER)
    assert (still_open(store), sealed(store)) == (1, 1)

    summary = load(GOOD, OTHER)

    assert (summary.inserted, summary.settled) == (1, 1)
    assert [state for _, *state in told(store)] == [["corrected", 2]]
    assert (still_open(store), sealed(store)) == (0, 0)
    assert [(c.state, c.entries) for c in closings(store)] == [("corrected", 1)]
    assert whole(store)[0][-2] is None  # the fingerprint of its key is forgotten


def test_the_same_row_refused_again_changes_nothing(store: Connection, load: Load) -> None:
    load(BAD_DATE)
    before = whole(store)

    assert load(BAD_DATE).settled == 0

    assert whole(store) == before
    assert sealed(store) == 1


def test_a_row_that_is_wrong_otherwise_has_one_open_entry(store: Connection, load: Load) -> None:
    load(BAD_DATE)

    assert load(BAD_CODE).settled == 1

    assert told(store) == [("bad-date", "superseded", 2), ("unknown-code", "open", None)]
    assert sealed(store) == 1
    load(GOOD)
    assert told(store) == [("bad-date", "superseded", 2), ("unknown-code", "corrected", 3)]


def test_a_row_that_is_wrong_once_more_is_open_again(store: Connection, load: Load) -> None:
    for rows in (BAD_DATE, GOOD, BAD_DATE):
        load(rows)
    assert told(store) == [("bad-date", "open", None)]
    assert sealed(store) == 1

    load(GOOD)

    assert told(store) == [("bad-date", "corrected", 4)]


def test_a_row_that_stays_in_the_file_beside_its_correction_stays_open(store: Connection, load: Load) -> None:
    """Two rows of one key, in either order: what the source still gives wrong is still refused."""
    for rows in ((BAD_DATE, GOOD), (GOOD, BAD_DATE), (BAD_DATE, GOOD)):
        load(*rows)
        assert told(store) == [("bad-date", "open", None)]

    load(GOOD)

    assert told(store) == [("bad-date", "corrected", 4)]


def test_two_wrong_rows_of_one_key_are_two_entries(store: Connection, load: Load) -> None:
    load(BAD_DATE, BAD_CODE)
    assert still_open(store) == 2

    load(GOOD, BAD_CODE)
    assert told(store) == [("bad-date", "corrected", 2), ("unknown-code", "open", None)]
    load(GOOD)

    assert still_open(store) == 0


def test_a_row_that_a_later_one_of_its_key_superseded_is_closed_once_it_is_not_given(
    store: Connection, load: Load
) -> None:
    twice = (row("A", ref="R1"), row("A", ref="R2"))
    load(*twice)
    before = whole(store)
    load(*twice)
    assert whole(store) == before
    assert told(store) == [("superseded", "open", None)]

    load(twice[1])

    assert told(store) == [("superseded", "corrected", 3)]


def test_another_key_and_another_source_close_nothing(store: Connection, load: Load) -> None:
    load(BAD_DATE)

    load(OTHER)
    load(GOOD, source="keyless")

    assert told(store) == [("bad-date", "open", None)]


@pytest.mark.parametrize(
    ("wrong", "right", "source"),
    [
        (BAD_DATE, GOOD, "keyless"),
        ("A,R1,2026-01-02\n", GOOD, "reports"),
        (row("06 12 34 56 78"), row("06 12 34 56 79x"), "reports"),
        (row(""), GOOD, "reports"),
    ],
    ids=["a source without keys", "cut", "a person's key", "empty"],
)
def test_a_row_without_a_key_waits_until_the_source_is_said_to_be_whole(
    store: Connection, load: Load, wrong: str, right: str, source: str
) -> None:
    load(wrong, source=source)
    assert [r[-2] for r in whole(store)] == [None]
    load(GOOD, source=source)
    assert still_open(store) == 1

    assert load(GOOD, source=source, whole=True).settled == 1

    assert [state for _, *state in told(store)] == [["gone", 3]]
    assert sealed(store) == 0


def test_a_whole_load_leaves_what_it_refuses(store: Connection, load: Load) -> None:
    load(BAD_DATE, row("C", nature="ovni"))

    assert load(BAD_DATE, whole=True).settled == 1

    assert told(store) == [("bad-date", "open", None), ("unknown-code", "gone", 2)]


def test_no_key_is_in_the_quarantine_in_plain(store: Connection, load: Load) -> None:
    load(row("SECRET-77", nature="ovni"))

    kept = store.execute("SELECT q::text, encode(key_digest, 'escape') FROM obs.quarantine q").fetchall()

    assert "SECRET-77" not in str(kept)
    assert store.execute(
        "SELECT key_digest = sha256(convert_to(E'reports\\x1fsignalements\\x1fSECRET-77', 'UTF8')) FROM obs.quarantine"
    ).fetchone() == (True,)


def test_an_entry_from_before_keys_were_kept_gets_its_key_when_it_is_refused_again(
    store: Connection, load: Load
) -> None:
    load(BAD_DATE)
    store.execute("UPDATE obs.quarantine SET key_digest = NULL")
    store.commit()

    load(BAD_DATE)
    load(GOOD)

    assert told(store) == [("bad-date", "corrected", 3)]


def test_a_row_that_a_steward_keeps_out_is_closed_by_its_correction(store: Connection, load: Load) -> None:
    load(BAD_DATE)
    store.execute(
        "INSERT INTO obs.decisions (source, collection, row_digest, field, meant) "
        "SELECT source, collection, row_digest, '', 'stays-out' FROM obs.quarantine"
    )
    store.commit()
    load(BAD_DATE)

    load(GOOD)

    assert told(store) == [("bad-date", "superseded", 2), ("stays-out", "corrected", 3)]


def test_an_entry_is_closed_when_its_sealed_row_is_long_purged(store: Connection, load: Load) -> None:
    load(BAD_DATE)
    store.execute("UPDATE obs.sealed SET sealed = now() - interval '8 days', purge_after = now() - interval '1 day'")
    store.commit()
    load(BAD_DATE)
    assert (sealed(store), still_open(store)) == (0, 1)

    load(GOOD)

    assert told(store) == [("bad-date", "corrected", 3)]


def test_a_source_with_nothing_open_is_not_looked_at_twice(
    store: Connection, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One statement a load, none a batch: neither where nothing is open, nor where all that is open is met again."""
    closing: list[str] = []
    close = refused._close
    monkeypatch.setattr(refused, "_close", lambda *given: closing.append(given[1]) or close(*given))

    load(GOOD, OTHER)
    load(GOOD, row("C", nature="ovni"))
    load(GOOD, row("C", nature="ovni"))
    assert closing == []
    load(GOOD, row("C"))

    assert closing == ["accepted", "corrected", "superseded"]


def test_a_load_killed_while_it_closes_leaves_them_open(
    store: Connection, load: Load, city: City, prepared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after each statement in turn; the same command again closes what one clean run closes."""
    bad = [row(f"K{n}", nature="ovni") for n in range(8)]
    load(*bad)
    before = whole(store)
    (tmp_path / "export.csv").write_text(HEAD + "".join(row(f"K{n}") for n in range(6)) + bad[6])
    close = refused._close

    def killed(last: str, *given: Any) -> int:
        done = close(*given)
        if given[1] == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    for last in ("accepted", "corrected", "superseded"):
        pid = os.fork()
        if pid == 0:
            try:
                monkeypatch.setattr(refused, "_close", partial(killed, last))
                with psycopg.connect(prepared) as own:
                    load_source(own, city, "reports", settings=Settings(data=tmp_path))
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
        assert whole(store) == before

    summary = load_source(store, city, "reports", settings=Settings(data=tmp_path))

    assert (summary.load_id, summary.settled) == (2, 6)  # a killed load leaves no number either
    assert told(store) == [("unknown-code", "corrected", 2)] * 6 + [("unknown-code", "open", None)] * 2


def test_the_batches_of_a_first_load_close_as_one_does(
    store: Connection, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(*(row(f"K{n}", nature="ovni") for n in range(30)))
    monkeypatch.setattr(intake_load, "BATCH", 7)

    summary = load(*(row(f"K{n}", nature="ovni" if n % 10 == 3 else "tag") for n in range(30)))

    assert (summary.inserted, summary.settled, still_open(store)) == (27, 27, 3)
