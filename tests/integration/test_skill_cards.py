"""Skill cards from the store: what is read, what is kept, what a page may hold, and who may see it."""

import re
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import psycopg
import pytest

from observatoire.cities import City, read_city
from observatoire.errors import BadInput
from observatoire.forecasts.evaluation import evaluate_and_keep, evaluate_store
from observatoire.forecasts.skill_plots import plots
from observatoire.forecasts.store import forecast_store, keep, parse_moment
from observatoire.layers.catalog import catalog, layer_of
from observatoire.risk.skill_schema import schema
from observatoire.store.labelled import read_labelled
from observatoire.store.occurrences import read_events
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare
from observatoire.store.skill_cards import last_card, reference_to_last

pytestmark = pytest.mark.integration

WEST, SOUTH, SIDE = 890_000.0, 6_245_000.0, 2_500.0  # m, EPSG:2154: a square of 10 × 10 cells


@pytest.fixture(scope="module")
def city() -> City:
    return read_city(Path("cities/demo.yml"))


@pytest.fixture(scope="module")
def connection(database: str, city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        prepare(connection, city, catalog().values(), passwords(tmp_path_factory.mktemp("var")))
        for k in range(2):
            connection.execute(
                "INSERT INTO data.divisions (id, code, nom, geom, source, source_key, load_id, origin) VALUES "
                "(%s, %s, %s, ST_Multi(ST_MakeEnvelope(%s, %s, %s, %s, 2154)), 't', %s, 1, 'administrative')",
                [k + 1, "AB"[k], "AB"[k], WEST + k * SIDE / 2, SOUTH, WEST + (k + 1) * SIDE / 2, SOUTH + SIDE, "AB"[k]],
            )
        _fill(connection, 2_500)
        yield connection


def _fill(connection: psycopg.Connection, n: int) -> None:
    rng = np.random.default_rng(1)
    near = rng.normal([WEST + 800, SOUTH + 1_700], 250, (n, 2))
    far = rng.uniform([WEST, SOUTH], [WEST + SIDE, SOUTH + SIDE], (n, 2))
    xy = np.where(rng.random(n)[:, None] < 0.7, near, far)
    dates = pd.Timestamp("2023-12-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 366 * 86_400, n), unit="s")
    with connection.cursor() as cursor:
        for k in range(n):
            cursor.execute(
                "INSERT INTO data.signalements "
                "(id, geom, date, nature, origin, precision, source, source_key, load_id) "
                "VALUES (%s, ST_SetSRID(ST_MakePoint(%s, %s), 2154), %s, %s, %s, %s, 't', %s, 1)",
                [k, *xy[k].tolist(), dates[k], ("tag", "bruit")[k % 2], "discovered" if k % 10 == 0 else "reported",
                 "day" if k % 3 == 0 else "second", str(k)],
            )  # fmt: skip


def test_what_is_evaluated_is_what_is_forecast(connection: psycopg.Connection) -> None:
    read = read_labelled(connection, layer_of("signalements"))
    events = read_events(connection, layer_of("signalements"))
    xy, dates = events.xy, events.dates

    order = np.lexsort((xy[:, 1], xy[:, 0], dates))
    assert read.xy.tolist() == xy[order].tolist()
    assert read.dates.tolist() == dates[order].tolist()
    assert read.sources == {"discovered": 250, "reported": 2250}
    assert 0.6 < read.timed.mean() < 0.7


def test_a_card_is_kept_and_the_next_forecast_carries_it(connection: psycopg.Connection, city: City) -> None:
    assert reference_to_last(connection, "signalements", 7) is None

    card = evaluate_and_keep(connection, city, "signalements", 7)
    made = forecast_store(connection, city, "signalements", 7, as_of=parse_moment("2024-11-01", city))
    forecast = keep(connection, city, made)

    row = connection.execute(*last_card("signalements")).fetchone()
    assert row is not None
    jsonschema.validate(row[0], schema())
    assert row[0] == card
    assert set(row[1]) == {"fr", "en"}
    assert forecast["skill_card"]["href"] == "/fiches/signalements?horizon=7"
    assert forecast["skill_card"]["computed"].startswith(card["computed"][:16])
    assert [part["name"] for part in card["parts"]["district"]] == ["A", "B"]
    assert card["data"]["sources"]["discovered"] == 250


def test_the_same_night_twice_keeps_one_card(connection: psycopg.Connection, city: City) -> None:
    for _ in range(2):
        evaluate_and_keep(connection, city, "signalements", 7)

    (n,) = connection.execute("SELECT count(*) FROM obs.skill_cards WHERE horizon_days = 7").fetchone() or (0,)
    assert n == 1


def test_plots_need_no_style_and_say_what_they_show(connection: psycopg.Connection, city: City) -> None:
    """The policy of our pages allows no style attribute or element and no script; a plot has a title and a text."""
    card = evaluate_store(connection, city, "signalements", origins=10)

    for language in ("fr", "en"):
        drawn = plots(card, language)
        assert set(drawn) == {"hit_curve", "reliability", "coverage", "series"}
        for name, svg in drawn.items():
            assert not re.search(
                r"style|script|href=\"(?!#)|#0[1-5]0[1-5]0[1-5]|javascript", svg.replace("xlink:href", "href")
            ), name
            assert f'aria-labelledby="{name}-title {name}-desc"' in svg
            assert re.search(rf'<desc id="{name}-desc">[^<]{{10,}}</desc>', svg)
    assert plots(card, "fr") == plots(card, "fr")


def test_some_natures_only(connection: psycopg.Connection, city: City) -> None:
    card = evaluate_store(connection, city, "signalements", natures=("tag",), origins=10)

    assert card["natures"] == ["tag"]
    assert [part["name"] for part in card["parts"]["nature"]] == ["tag"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"as_of": parse_moment("2999-01-01", read_city(Path("cities/demo.yml")))}, "as_of"),
        ({"step_days": 3}, "step"),
        ({"natures": ("eclairage",)}, "no reported item"),
        ({"cell": 100_000.0}, "cell"),
    ],
)
def test_what_cannot_be_evaluated_is_refused(
    connection: psycopg.Connection, city: City, options: dict, said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        evaluate_store(connection, city, "signalements", **options)


def test_what_has_no_dated_points_is_refused(connection: psycopg.Connection, city: City) -> None:
    with pytest.raises(BadInput, match="collection: expected a collection of dated points"):
        evaluate_store(connection, city, "divisions")
