"""Alerts in a store: opened once, kept as long as they last, closed after, told to their audience, muted by it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from observatoire.alerting import judge_store, round_of
from observatoire.alerts.rules import Rules
from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.layers.catalog import catalog
from observatoire.store.alerts import ACKNOWLEDGE, MUTE, open_alerts
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

Connection = psycopg.Connection[Any]
NOW = datetime(2025, 6, 20, 12, tzinfo=UTC)
WORDS = {"fr": "{n}", "en": "{n}"}
RULES = Rules.model_validate(
    {
        "rules": [
            {
                "id": "many", "kind": "count", "title": {"fr": "m", "en": "m"}, "collection": "signalements",
                "theme": "espace-public/proprete", "at_least": 4, "radius": 100, "window": "P2D",
                "audience": ["coordination"], "reason": WORDS,
            },
            {
                "id": "late", "kind": "late", "title": {"fr": "l", "en": "l"}, "audience": ["steward"],
                "reason": {"fr": "{subject}", "en": "{subject}"},
            },
        ]
    }
).rules  # fmt: skip


@pytest.fixture(scope="module")
def city() -> City:
    return read_city(root() / "tests" / "cities" / "small.yml")


@pytest.fixture
def store(database: str, city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    var: Path = tmp_path_factory.getbasetemp() / "alerts-var"
    with psycopg.connect(database) as connection:
        prepare(connection, city, catalog().values(), passwords(var))
        connection.execute("TRUNCATE data.signalements, obs.alerts, obs.alert_mutes, obs.sources, obs.alert_rounds")
        connection.commit()
        yield connection
        connection.rollback()


def report(store: Connection, *moments: datetime, x: float = 893_000.0, nature: str = "tag") -> None:
    for moment in moments:
        store.execute(
            "INSERT INTO data.signalements (id, geom, source, source_key, load_id, origin, date, nature) SELECT "
            "coalesce(max(id), 0) + 1, ST_SetSRID(ST_MakePoint(%s, 6247000), 2154), 't', "
            "(coalesce(max(id), 0) + 1)::text, 1, 'reported', %s, %s FROM data.signalements",
            [x, moment, nature],
        )
    store.commit()


def hours_ago(*hours: float) -> list[datetime]:
    return [NOW - timedelta(hours=h) for h in hours]


def test_an_alert_opens_once_lasts_and_closes(store: Connection, city: City) -> None:
    report(store, *hours_ago(1, 2, 3, 4))
    report(store, *hours_ago(1, 2, 3, 4), x=899_000.0, nature="bruit")

    first = round_of(store, city, now=NOW, rules=RULES)
    again = round_of(store, city, now=NOW, rules=RULES)
    (alert,) = open_alerts(store, "coordination")
    report(store, NOW + timedelta(days=5))
    after = round_of(store, city, now=NOW + timedelta(days=6), rules=RULES)

    assert (first["opened"], first["kept"]) == (1, 0)
    assert (again["opened"], again["kept"]) == (0, 1)
    assert alert["reason"] == {"fr": "4", "en": "4"}
    assert alert["evidence"] == [1, 2, 3, 4]
    assert after["closed"] == 1
    assert open_alerts(store, "coordination") == []
    assert [a["id"] for a in open_alerts(store, "coordination", since=datetime(2020, 1, 1, tzinfo=UTC))] == [
        alert["id"]
    ]


def test_an_alert_that_lasts_is_told_to_every_shift(store: Connection, city: City) -> None:
    """It was there before the last shift ended: it is open all the same."""
    report(store, *hours_ago(1, 2, 3, 4))
    round_of(store, city, now=NOW, rules=RULES)

    told = open_alerts(store, "coordination", since=datetime.now(UTC) + timedelta(days=7))

    assert [alert["rule"] for alert in told] == ["many"]


def test_one_that_moves_a_little_stays_the_same_and_stays_acknowledged(store: Connection, city: City) -> None:
    report(store, *hours_ago(1, 2, 3, 4))
    round_of(store, city, now=NOW, rules=RULES)
    (alert,) = open_alerts(store, "coordination")
    store.execute(ACKNOWLEDGE, {"id": alert["id"], "audience": "coordination"})
    report(store, *hours_ago(0.1, 0.2, 0.3, 0.4, 0.5), x=893_060.0)

    done = round_of(store, city, now=NOW, rules=RULES)
    (later,) = open_alerts(store, "coordination")

    assert (done["opened"], done["kept"]) == (0, 1)
    assert later["id"] == alert["id"]
    assert later["figures"] == {"n": 9}
    assert later["acknowledged_by"] == "coordination"


def test_what_cannot_be_judged_is_left_as_it_is(store: Connection, city: City) -> None:
    report(store, *hours_ago(1, 2, 3, 4))
    round_of(store, city, now=NOW, rules=RULES)
    store.execute("TRUNCATE data.signalements")
    store.commit()

    done = round_of(store, city, now=NOW, rules=RULES)

    assert done["not_judged"] == ["many"]
    assert len(open_alerts(store, "coordination")) == 1
    assert store.execute("SELECT not_judged->'many'->>'en' FROM obs.alert_rounds").fetchone() == (
        "no data of this collection",
    )


def test_each_audience_is_told_its_own_and_touches_its_own(store: Connection, city: City) -> None:
    report(store, *hours_ago(1, 2, 3, 4))
    store.execute(
        "INSERT INTO obs.sources (source, collection, load_id, loaded, max_age, request) "
        "VALUES ('allo', 'signalements', 1, %s, '1 day', '')",
        [NOW - timedelta(days=400)],
    )
    store.commit()
    round_of(store, city, now=NOW, rules=RULES)

    told = {a: [x["rule"] for x in open_alerts(store, a)] for a in ("coordination", "steward", "citizen", "public")}
    (alert,) = open_alerts(store, "coordination")
    by_another = store.execute(ACKNOWLEDGE, {"id": alert["id"], "audience": "steward"}).fetchall()

    assert told == {"coordination": ["many"], "steward": ["late"], "citizen": [], "public": []}
    assert by_another == []


def test_a_mute_is_of_one_audience_and_ends(store: Connection, city: City) -> None:
    report(store, *hours_ago(1, 2, 3, 4))
    round_of(store, city, now=NOW, rules=RULES)
    (alert,) = open_alerts(store, "coordination")
    given = {"id": alert["id"], "audience": "coordination", "whole": False}

    store.execute(MUTE, given | {"until": datetime.now(UTC) + timedelta(hours=1)})
    (muted,) = open_alerts(store, "coordination")
    store.execute(MUTE, given | {"until": datetime.now(UTC) - timedelta(hours=1)})
    (heard,) = open_alerts(store, "coordination")

    assert muted["muted_until"] is not None
    assert heard["muted_until"] is None


def test_nothing_after_the_moment_is_looked_at(store: Connection, city: City) -> None:
    report(store, *hours_ago(1, 2), *(NOW + timedelta(hours=h) for h in (1, 2)))

    judged = judge_store(store, city, now=NOW, rules=RULES)

    assert judged.alerts == []


def test_what_changes_is_rung_with_its_audience(store: Connection, city: City, database: str) -> None:
    with psycopg.connect(database, autocommit=True) as ear:
        ear.execute("LISTEN obs_events")
        report(store, *hours_ago(1, 2, 3, 4))
        round_of(store, city, now=NOW, rules=RULES)

        (note,) = ear.notifies(timeout=5, stop_after=1)

    assert '"kind" : "alert"' in note.payload
    assert '"audience" : ["coordination"]' in note.payload
