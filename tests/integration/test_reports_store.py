"""Reports in a real store: taken once whatever is killed, without a word of theirs, followed, moderated, forgotten."""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import psycopg
import pytest
from PIL import Image
from psycopg.conninfo import make_conninfo

from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.errors import StoreUnavailable
from observatoire.layers.catalog import catalog
from observatoire.reports.errors import Conflict, Gone, NoReport, Refused, TooMany
from observatoire.reports.moderation import Clerk, decide, held, open_reports, photo, set_status
from observatoire.reports.near import near
from observatoire.reports.purge import purge
from observatoire.reports.report import Given
from observatoire.reports.secret import Secret
from observatoire.reports.submit import Receipt, submit
from observatoire.reports.terms import Terms
from observatoire.reports.tracking import WITNESSES, delete, speak, tracked
from observatoire.store.cluster import Cluster
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = [
    pytest.mark.integration,
    # The child of the fork uses nothing that a thread of this process may hold.
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]

FULL = os.environ.get("OBS_PROVE") == "full"
KILLS = 40 if FULL else 4
CITY: City = read_city(root() / "cities" / "demo.yml")
TERMS = Terms(CITY, Secret(bytes(range(32))), photo_bytes=6_000_000, per_hour=0)
LON, LAT = 5.3651, 43.2893
GOOD = Given(nature="tag", lon=LON, lat=LAT, answers={"support": "mur"})

Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def ready(database: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    with psycopg.connect(database) as connection:
        prepare(connection, CITY, catalog().values(), passwords(tmp_path_factory.mktemp("var")))
    return database


@pytest.fixture
def store(ready: str) -> Iterator[Connection]:
    with psycopg.connect(ready) as connection:
        yield connection


def send(store: Connection, given: Given = GOOD, **options: Any) -> Receipt:
    return submit(store, TERMS, given, **({"door": "app", "host": "192.0.2.1"} | options))


def counted(store: Connection, query: str, *given: Any) -> int:
    with store.transaction():
        row = store.execute(query.encode(), given).fetchone()
    assert row is not None
    return int(row[0])


def picture() -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG", comment=b"CANARY")
    return out.getvalue()


# ------------------------------------------------------------------------------------------------------- what is kept
def test_a_report_is_an_item_that_everyone_sees_rounded(store: Connection) -> None:
    """The public square's centre is a multiple of 200 m in the city's CRS, within 100·√2 m of the place."""
    receipt = send(store)

    with store.transaction():
        row = store.execute(
            "SELECT reference, nature, origin, precision, source, "
            "ST_X(geom)::int %% 200, ST_Y(geom)::int %% 200, ST_Distance(geom, ST_Transform("
            "ST_SetSRID(ST_MakePoint(%s, %s), 4326), 2154)) FROM obs_public.signalements NATURAL JOIN "
            "(SELECT reference, source FROM data.signalements) AS s WHERE reference = %s",
            [LON, LAT, receipt.reference],
        ).fetchone()
    assert row is not None
    assert row[:7] == (receipt.reference, "tag", "reported", "minute", "habitants", 0, 0)
    assert 0 < row[7] <= 141.5
    assert receipt.date.second == 0


def test_the_loads_say_where_reports_came_from(store: Connection) -> None:
    send(store)

    with store.transaction():
        loads = store.execute("SELECT id, read, inserted FROM obs.loads WHERE source = 'habitants'").fetchall()
    assert len(loads) == 1
    assert loads[0][1] == loads[0][2] == counted(
        store, "SELECT count(*) FROM data.signalements WHERE load_id = %s", loads[0][0]
    )  # fmt: skip


POISON = (
    "Zuleika Quilp crie au 12 rue Paradis, appt 4", "rappeler Mme Bargemon au ０６.12.34.56.78",
    "zuleika (at) exemple point fr fait du tapage", "voiture AB-123-CD garée sur le dépôt sauvage",
    "2 84 05 13 055 123 41 encombrants", "FR76 3000 6000 0112 3456 7890 189 poubelles pleines",
    "<script>alert('Quilp')</script> tag", "musique forte ' OR 1=1; DROP TABLE obs.reports; --",
    "\ud800 graffiti Quilp",
)  # fmt: skip


def test_no_word_of_a_description_is_anywhere_in_the_store(store: Connection, cluster: Cluster, ready: str) -> None:
    before = counted(store, "SELECT count(*) FROM obs.reports")
    for text in POISON:
        send(store, replace(GOOD, nature="autre", answers={}, description=text, address="12 rue Zuleika"))

    bindir = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
    dump = subprocess.run([f"{bindir}/pg_dump", ready], capture_output=True, text=True, check=True).stdout
    logs = "\n".join(file.read_text("utf-8", "replace") for file in (cluster.data / "log").glob("*.log"))
    words = (
        "Zuleika",
        "zuleika",
        "Quilp",
        "Bargemon",
        "34.56",
        "AB-123",
        "055 123",
        "3000 6000",
        "<script",
        "DROP TABLE o",
    )
    assert counted(store, "SELECT count(*) FROM obs.reports") == before + len(POISON)
    assert "COPY obs.reports" in dump
    assert [word for word in words if word in dump or word in logs] == []
    coded = {row[0] for row in store.execute("SELECT coded FROM obs.reports WHERE coded IS NOT NULL")}
    store.rollback()
    assert coded >= {"bruit", "depot-sauvage", "ordures", "tag"}


def test_no_address_of_a_network_is_in_the_store(store: Connection, ready: str) -> None:
    limited = replace(TERMS, per_hour=100)
    receipt = submit(store, limited, GOOD, door="app", host="203.0.113.77")
    speak(store, limited, receipt.reference, "me-too", key=None, host="203.0.113.78", token=None)

    bindir = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=True).stdout.strip()
    dump = subprocess.run([f"{bindir}/pg_dump", ready], capture_output=True, text=True, check=True).stdout
    assert "203.0.113" not in dump
    assert receipt.token not in dump


# ------------------------------------------------------------------------------------------------------------- once
def test_200_parallel_retries_while_connections_are_killed_make_one_report_each(ready: str) -> None:
    """20 keys, ten senders each; sessions of the store are ended under them; each sender tries until it is answered."""
    keys = [f"parallel-key-{n:04d}" for n in range(20)]
    over = threading.Event()
    named = make_conninfo(ready, application_name="sender")

    def persist(key: str) -> tuple[str, str, str]:
        while True:
            try:
                with psycopg.connect(named) as connection:
                    receipt = send(connection, replace(GOOD, idempotency_key=key))
                    return key, receipt.reference, receipt.token
            except (StoreUnavailable, psycopg.OperationalError):
                time.sleep(0.01)

    def harass() -> int:
        rng, killed = random.Random(7), 0
        with psycopg.connect(ready, autocommit=True) as admin:
            while not over.wait(0.03):
                pids = admin.execute("SELECT pid FROM pg_stat_activity WHERE application_name = 'sender'").fetchall()
                if pids:
                    admin.execute("SELECT pg_terminate_backend(%s)", rng.choice(pids))
                    killed += 1
        return killed

    with ThreadPoolExecutor(21) as pool:
        killer = pool.submit(harass)
        answers = list(pool.map(persist, keys * 10))
        over.set()
        assert killer.result() > 0

    assert len(answers) == 200
    assert len(set(answers)) == len({reference for _, reference, _ in answers}) == len(keys)
    with psycopg.connect(ready) as connection:
        references = [reference for _, reference, _ in set(answers)]
        for table in ("obs.reports", "data.signalements"):
            assert counted(connection, f"SELECT count(*) FROM {table} WHERE reference = ANY(%s)", references) == 20


def test_a_sender_that_is_killed_and_begins_anew_makes_each_report_once(ready: str) -> None:
    keys = [f"killed-key-{n:05d}" for n in range(60)]
    rng = random.Random(11)
    for _ in range(KILLS):
        pid = os.fork()
        if pid == 0:
            with psycopg.connect(ready) as connection:
                for key in keys:
                    send(connection, replace(GOOD, idempotency_key=key))
            os._exit(0)
        time.sleep(rng.uniform(0.02, 0.4))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    with psycopg.connect(ready) as connection:
        references = {send(connection, replace(GOOD, idempotency_key=key)).reference for key in keys}
        counts = {
            table: counted(connection, f"SELECT count(*) FROM {table} WHERE reference = ANY(%s)", list(references))
            for table in ("obs.reports", "data.signalements")
        }

    assert len(references) == 60
    assert counts == {"obs.reports": 60, "data.signalements": 60}


def test_a_key_that_was_used_for_another_report_is_refused(store: Connection) -> None:
    first = send(store, replace(GOOD, idempotency_key="the-same-key-0001"))
    again = send(store, replace(GOOD, idempotency_key="the-same-key-0001", description="other words"))

    assert (again.reference, again.token, again.new) == (first.reference, first.token, False)
    with pytest.raises(Conflict) as refused:
        send(store, replace(GOOD, lon=5.3701, idempotency_key="the-same-key-0001"))
    assert refused.value.field == "idempotency_key"


def test_too_many_from_one_network_wait_and_nothing_is_counted_twice(store: Connection) -> None:
    few = replace(TERMS, per_hour=3)
    now = datetime(2031, 5, 4, 10, 15, tzinfo=UTC)
    keyed = [replace(GOOD, idempotency_key=f"limited-key-{n:04d}") for n in range(4)]
    for given in keyed[:3]:
        submit(store, few, given, door="app", host="198.51.100.7", now=now)

    again = submit(store, few, keyed[0], door="app", host="198.51.100.7", now=now)
    with pytest.raises(TooMany) as refused:
        submit(store, few, keyed[3], door="app", host="198.51.100.99", now=now)

    assert not again.new
    assert refused.value.headers == {"Retry-After": str(45 * 60 + 1)}
    assert submit(store, few, keyed[3], door="app", host="198.51.101.7", now=now).new
    with pytest.raises(TooMany):
        submit(store, few, replace(GOOD, idempotency_key="limited-key-0009"), door="app", host="198.51.100.7", now=now)
    assert submit(
        store, few, replace(GOOD, idempotency_key="limited-key-0009"), door="app", host="198.51.100.7",
        now=now + timedelta(minutes=45),
    ).new  # fmt: skip


# ------------------------------------------------------------------------------------------------------- the place
@pytest.mark.parametrize(
    ("lon", "lat", "words"),
    [(2.35, 48.85, "outside the city"), (43.29, 5.37, "swapped"), (5.37, -43.29, "outside the city")],
)
def test_a_place_outside_the_city_is_refused_with_its_limits(
    store: Connection, lon: float, lat: float, words: str
) -> None:
    with pytest.raises(Refused) as refused:
        send(store, replace(GOOD, lon=lon, lat=lat))

    assert refused.value.field == "lon, lat"
    assert words in str(refused.value)
    assert "5.23 ≤ lon ≤ 5.5" in refused.value.text.fr


def test_a_street_is_as_good_as_a_position_and_is_not_kept(store: Connection) -> None:
    """The middle of a straight street of 400 m, 200 m from each end."""
    with store.transaction():
        for n, x in enumerate((893_000, 893_200), 1):
            store.execute(
                "INSERT INTO data.troncons (id, code, voie, nature, depart, arrivee, geom, source, source_key, "
                "load_id, "
                "origin) VALUES (%s, %s, 'Rue de l''Écluse', 'desserte', 1, 2, ST_SetSRID(ST_MakeLine("
                "ST_MakePoint(%s, 6247000), ST_MakePoint(%s, 6247000)), 2154), 't', %s, 1, 'administrative')",
                [n, f"T{n}", x, x + 200, f"T{n}"],
            )
    receipt = send(store, replace(GOOD, lon=None, lat=None, address="14 bis, rue de l'ecluse, 3e étage"))

    with store.transaction():
        row = store.execute(
            "SELECT ST_X(geom)::int, ST_Y(geom)::int, accuracy FROM data.signalements WHERE reference = %s",
            [receipt.reference],
        ).fetchone()
    assert row == (893_200, 6_247_000, 200.0)
    with pytest.raises(Refused) as refused:
        send(store, replace(GOOD, lon=None, lat=None, address="rue de nulle part"))
    assert refused.value.field == "address"
    assert "nulle part" not in str(refused.value)


# ------------------------------------------------------------------------------------------------------- followed
def test_everyone_sees_the_status_and_only_the_token_shows_the_rest(store: Connection) -> None:
    receipt = send(store, replace(GOOD, photo=picture()))

    public = tracked(store, receipt.reference).document()
    mine = tracked(store, receipt.reference, receipt.token).document()

    assert "owner" not in public
    assert public["status"] == "received"
    assert public["photo"] is None
    assert set(public["can"]) == {"me-too", "follow"}
    assert mine["owner"]["answers"] == {"support": "mur"}
    assert mine["owner"]["photo"] == "held"
    assert "delete" in mine["can"]
    assert {k: v for k, v in mine.items() if k not in ("owner", "can")} == {
        k: v for k, v in public.items() if k != "can"
    }
    for reference, token in ((receipt.reference, "A" * 22), ("SIG-2026-9999999", receipt.token), ("x", None)):
        with pytest.raises(NoReport):
            tracked(store, reference, token)


def test_a_device_says_me_too_once(store: Connection) -> None:
    reference = send(store).reference
    for key in ("a-device-of-mine-1", "a-device-of-mine-1", "a-device-of-mine-2"):
        found = speak(store, TERMS, reference, "me-too", key=key, host="192.0.2.1", token=None)

    assert found.me_too == 2
    for host in ("192.0.2.9", "192.0.2.10"):  # one network, no key: once a day
        found = speak(store, TERMS, reference, "me-too", key=None, host=host, token=None)
    assert found.me_too == 3


def test_not_fixed_opens_a_closed_report_once_and_reaches_the_city(store: Connection) -> None:
    receipt = send(store)

    def not_fixed(device: int, token: str | None = None) -> str | None:
        key = f"device-number-{device:04d}"
        return speak(store, TERMS, receipt.reference, "not-fixed", key=key, host="", token=token).status

    with pytest.raises(Conflict):
        not_fixed(1, receipt.token)
    set_status(store, receipt.reference, "done", by="coordination", reason="repare")
    assert not_fixed(1, receipt.token) == "received"
    first = open_reports(store).first[0]
    assert (first.reference, first.not_fixed) == (receipt.reference, 1)
    assert first.reopened is not None
    set_status(store, receipt.reference, "closed", by="coordination", reason="rien-trouve")
    assert not_fixed(2, receipt.token) == "closed"
    assert tracked(store, receipt.reference).not_fixed == 2
    assert [event.reason for event in tracked(store, receipt.reference).history] == [
        None, "repare", "pas-regle", "rien-trouve",
    ]  # fmt: skip


def test_residents_without_the_token_open_it_together(store: Connection) -> None:
    reference = send(store).reference
    set_status(store, reference, "done", by="coordination")
    said = [
        speak(store, TERMS, reference, "not-fixed", key=f"neighbour-of-it-{n}", host="", token=None).status
        for n in range(WITNESSES)
    ]

    assert said == ["done"] * (WITNESSES - 1) + ["received"]


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("status", {"status": "fixed"}),
        ("reason", {"status": "closed"}),
        ("reason", {"status": "closed", "reason": "repare"}),
        ("reason", {"status": "done", "reason": "parce que"}),
        ("planned_for", {"status": "planned"}),
        ("planned_for", {"status": "done", "planned_for": datetime(2040, 1, 1, tzinfo=UTC).date()}),
        ("planned_for", {"status": "planned", "planned_for": datetime(2020, 1, 1, tzinfo=UTC).date()}),
    ],
)
def test_a_status_is_honest_or_refused(store: Connection, field: str, change: dict[str, Any]) -> None:
    reference = send(store).reference

    with pytest.raises(Refused) as refused:
        set_status(store, reference, by="coordination", **change)

    assert refused.value.field == field
    assert tracked(store, reference).status == "received"


def test_a_deleted_report_is_gone_and_a_late_retry_does_not_bring_it_back(store: Connection) -> None:
    given = replace(GOOD, photo=picture(), idempotency_key="to-be-deleted-001")
    receipt = send(store, given)
    speak(store, TERMS, receipt.reference, "me-too", key="somebody-elses-key", host="", token=None)
    for wrong in (None, "A" * 22):
        with pytest.raises(NoReport):
            delete(store, receipt.reference, wrong)

    delete(store, receipt.reference, receipt.token)

    for table in ("data.signalements", "obs.report_voices", "obs.public_reports"):
        assert counted(store, f"SELECT count(*) FROM {table} WHERE reference = %s", receipt.reference) == 0
    for again in (lambda: send(store, given), lambda: tracked(store, receipt.reference, receipt.token)):
        with pytest.raises(Gone):
            again()
    assert counted(store, "SELECT count(*) FROM obs.report_photos p JOIN obs.reports r ON r.id = p.report "
                          "WHERE r.reference = %s", receipt.reference) == 0  # fmt: skip


# ------------------------------------------------------------------------------------------------------- moderated
ONE, OTHER = Clerk("coordination", b"one"), Clerk("coordination", b"other")


def publish(store: Connection, reference: str) -> None:
    for by in (ONE, OTHER):
        decide(store, reference, publish=True, reason=None, by=by)


def test_a_photo_is_shown_to_nobody_before_it_was_looked_at(store: Connection) -> None:
    receipt = send(store, replace(GOOD, photo=picture()))
    with store.transaction():
        row = store.execute(
            "SELECT p.body FROM obs.report_photos p JOIN obs.reports r ON r.id = p.report WHERE r.reference = %s",
            [receipt.reference],
        ).fetchone()
    assert row is not None
    assert not [mark for mark in (b"JFIF", b"CANARY", b"\xff\xd8\xff") if mark in bytes(row[0])[:2_000]]

    with pytest.raises(NoReport):
        photo(store, TERMS.secret, receipt.reference, staff=False)
    seen = photo(store, TERMS.secret, receipt.reference, staff=True)
    assert Image.open(BytesIO(seen)).size == (256, 256)
    assert b"CANARY" not in seen
    assert receipt.reference in [one.reference for one in held(store, ONE).first]
    with pytest.raises(Refused):
        decide(store, receipt.reference, publish=False, reason=None, by=ONE)
    publish(store, receipt.reference)
    assert photo(store, TERMS.secret, receipt.reference, staff=False) == seen
    with pytest.raises(Conflict):
        decide(store, receipt.reference, publish=False, reason="personne", by=ONE)


def test_a_photo_is_published_by_two_keys_and_never_by_one(store: Connection) -> None:
    """Two keys of one audience are two persons; the same key twice is one."""
    receipt = send(store, replace(GOOD, photo=picture()))
    decide(store, receipt.reference, publish=True, reason=None, by=ONE)

    with pytest.raises(Conflict):
        decide(store, receipt.reference, publish=True, reason=None, by=ONE)
    with pytest.raises(NoReport):
        photo(store, TERMS.secret, receipt.reference, staff=False)
    seen = [next(h for h in held(store, by).first if h.reference == receipt.reference) for by in (ONE, OTHER)]
    assert [(h.first, h.mine) for h in seen] == [("coordination", True), ("coordination", False)]

    decide(store, receipt.reference, publish=True, reason=None, by=OTHER)

    assert photo(store, TERMS.secret, receipt.reference, staff=False)
    assert receipt.reference not in [h.reference for h in held(store, ONE).first]


def test_one_key_refuses_what_another_would_publish(store: Connection) -> None:
    receipt = send(store, replace(GOOD, photo=picture()))
    decide(store, receipt.reference, publish=True, reason=None, by=ONE)
    decide(store, receipt.reference, publish=False, reason="plaque", by=OTHER)

    with pytest.raises(NoReport):
        photo(store, TERMS.secret, receipt.reference, staff=True)


def test_a_refused_photo_is_gone_at_once(store: Connection) -> None:
    receipt = send(store, replace(GOOD, photo=picture()))
    decide(store, receipt.reference, publish=False, reason="personne", by=ONE)

    with pytest.raises(NoReport):
        photo(store, TERMS.secret, receipt.reference, staff=True)
    owner = tracked(store, receipt.reference, receipt.token).owner
    assert owner is not None
    assert (owner["photo"], owner["photo_reason"]) == ("rejected", "personne")


def test_photos_live_thirty_days_at_most(store: Connection) -> None:
    receipt = send(store, replace(GOOD, photo=picture()))
    publish(store, receipt.reference)
    of_it = "report = (SELECT id FROM obs.reports WHERE reference = %s)"
    longer = f"UPDATE obs.report_photos SET purge_after = received + interval '31 days' WHERE {of_it}"
    older = (
        "UPDATE obs.report_photos SET received = received - interval '31 days', "
        f"purge_after = purge_after - interval '31 days' WHERE {of_it}"
    )
    with pytest.raises(psycopg.errors.CheckViolation), store.transaction():
        store.execute(longer.encode(), [receipt.reference])
    with store.transaction():
        store.execute(older.encode(), [receipt.reference])

    with pytest.raises(NoReport):
        photo(store, TERMS.secret, receipt.reference, staff=True)
    with store.transaction(), store.cursor() as cursor:
        assert purge(cursor) == 1
    assert counted(store, f"SELECT count(*) FROM obs.report_photos WHERE {of_it}", receipt.reference) == 0


def test_yesterdays_salt_is_thrown_away(store: Connection) -> None:
    with store.transaction(), store.cursor() as cursor:
        cursor.execute("INSERT INTO obs.report_salts VALUES (current_date - 2, decode(repeat('00', 32), 'hex'))")
        cursor.execute(
            "INSERT INTO obs.report_rates VALUES (now() - interval '3 hours', decode(repeat('00', 32), 'hex'), 1)"
        )
        purge(cursor)

    assert counted(store, "SELECT count(*) FROM obs.report_salts WHERE day < current_date - 1") == 0
    assert counted(store, "SELECT count(*) FROM obs.report_rates WHERE hour < now() - interval '2 hours'") == 0


# ------------------------------------------------------------------------------------------------------- near
def test_what_is_near_is_measured_from_rounded_positions(store: Connection) -> None:
    """Two reports in one square of 200 m are equally far, wherever in it they are: distances give no place away."""
    lon, lat = 5.41, 43.33
    ones = [
        send(store, replace(GOOD, nature="voirie", lon=lon + d, lat=lat, answers={"quoi": "trou"})) for d in (0, 1e-5)
    ]
    found = near(store, lon + 0.001, lat, nature="voirie", radius=400)

    distances = {one["reference"]: one["distance"] for one in found["reports"]}
    assert distances.keys() == {one.reference for one in ones}
    assert len(set(distances.values())) == 1
    assert near(store, lon, lat, nature="bruit", radius=400)["reports"] == []
    set_status(store, ones[0].reference, "done", by="coordination")
    assert len(near(store, lon, lat, nature="voirie", radius=400)["reports"]) == 1


def test_authorised_works_of_today_are_told_before_anything_is_sent(store: Connection) -> None:
    insert = (
        "INSERT INTO data.chantiers (id, reference, titre, nature, debut, fin, emprise, statut, geom, "
        "source, source_key, "
        "load_id, origin) VALUES (%s, %s, 'Conduite d''eau', 'eau', now() + %s::interval, now() + %s::interval, "
        "'trottoir', %s, ST_Multi(ST_Buffer(ST_Transform(ST_SetSRID(ST_MakePoint(5.43, 43.31), 4326), 2154), 10)), "
        "'t', %s, 1, 'administrative')"
    )
    with store.transaction():
        store.execute(insert, [1, "C-1", "-2 days", "3 days", "en-cours", "C-1"])
        store.execute(insert, [2, "C-2", "-2 days", "3 days", "annule", "C-2"])
        store.execute(insert, [3, "C-3", "-20 days", "-10 days", "autorise", "C-3"])

    (work,) = near(store, 5.43, 43.31, nature=None, radius=250)["works"]

    assert (work["title"], work["distance"]) == ("Conduite d'eau", 0)
    assert work["from"] < datetime.now(UTC).isoformat() < work["until"]
