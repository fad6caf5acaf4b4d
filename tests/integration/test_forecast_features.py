"""Hours, intervals, places and kept scores in forecasts of the store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from observatoire.cities import City, read_city
from observatoire.errors import BadInput, BadSettings
from observatoire.forecasts.made import StoreForecast
from observatoire.forecasts.store import forecast_store, parse_moment
from observatoire.layers.catalog import catalog, layer_of
from observatoire.risk.aoristic import Shift, aoristic
from observatoire.risk.forecast import forecast as pure
from observatoire.risk.kept import Rows
from observatoire.risk.places import Places
from observatoire.store.kept_scores import KeptScores
from observatoire.store.nearby import holders, read_places
from observatoire.store.occurrences import read_events, read_grid
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration

WEST, SOUTH, SIDE = 890_000.0, 6_245_000.0, 2_500.0  # m, EPSG:2154: a square of 10 × 10 cells
AS_OF = "2024-12-02"
CORNER = np.array([WEST, SOUTH])
BARS = CORNER + np.array([[600.0, 600.0], [1_900.0, 1_900.0], [700.0, 1_900.0]])
N = 4_000


@pytest.fixture(scope="module")
def city() -> City:
    return read_city(Path("cities/demo.yml"))


@pytest.fixture(scope="module")
def connection(database: str, city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        prepare(connection, city, catalog().values(), passwords(tmp_path_factory.mktemp("var")))
        connection.execute(
            "INSERT INTO data.divisions (id, code, nom, geom, source, source_key, load_id, origin) VALUES "
            "(1, 'A', 'A', ST_Multi(ST_MakeEnvelope(%s, %s, %s, %s, 2154)), 't', 'A', 1, 'administrative')",
            [WEST, SOUTH, WEST + SIDE, SOUTH + SIDE],
        )
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO data.lieux_sensibles (id, geom, code, nature, source, source_key, load_id, origin) VALUES "
                "(%s, ST_SetSRID(ST_MakePoint(%s, %s), 2154), %s, 'bar', 't', %s, 1, 'administrative')",
                [(k, x, y, f"b{k}", f"b{k}") for k, (x, y) in enumerate(BARS.tolist())],
            )
            cursor.executemany(
                "INSERT INTO data.faits "
                "(id, geom, date, until, nature, precision, origin, source, source_key, load_id) VALUES "
                " (%s, ST_SetSRID(ST_MakePoint(%s, %s), 2154), %s, %s, 'tapage', %s, 'reported', 't', %s, 1)",
                [(k, *row, str(k)) for k, row in enumerate(facts())],
            )
        yield connection


def facts() -> list[tuple[Any, ...]]:
    """Two years of nights near the bars and of days elsewhere: moments, intervals, and some of which a day is known."""
    rng = np.random.default_rng(3)
    night = rng.random(N) < 0.5
    near = BARS[rng.integers(0, len(BARS), N)] + rng.normal(0, 150, (N, 2))
    xy = np.where(night[:, None], near, CORNER + rng.uniform(0, SIDE, (N, 2)))
    day = pd.Timestamp("2022-12-01", tz="Europe/Paris") + pd.to_timedelta(rng.integers(0, 730, N), unit="D")
    moment = day + pd.to_timedelta(np.where(night, 22 * 60, 10 * 60) + rng.integers(0, 90, N), unit="min")
    kind = rng.choice(["second", "hour", "day"], N, p=[0.6, 0.3, 0.1])
    starts = day.where(kind == "day", moment)
    ends = pd.Series(moment + pd.Timedelta(hours=4)).where(kind == "hour")
    return [
        (x, y, start.to_pydatetime(), None if end is pd.NaT else end.to_pydatetime(), known)
        for (x, y), start, end, known in zip(xy.tolist(), starts, ends, kind.tolist(), strict=True)
    ]


def forecast(connection: psycopg.Connection, city: City, **options: Any) -> StoreForecast:
    return forecast_store(connection, city, "faits", 7, as_of=parse_moment(AS_OF, city), **options)


def test_between_which_moments_an_item_happened_is_read_as_the_city_s_time(connection: psycopg.Connection) -> None:
    read = read_events(connection, layer_of("faits"), zone="Europe/Paris")

    expected = pd.DataFrame(facts(), columns=["x", "y", "start", "until", "precision"])
    start = pd.DatetimeIndex(pd.to_datetime(expected["start"], utc=True)).tz_convert("Europe/Paris").tz_localize(None)
    until = pd.to_datetime(expected["until"], utc=True).dt.tz_convert("Europe/Paris").dt.tz_localize(None)
    until = until.fillna(pd.Series(start + pd.to_timedelta(np.where(expected["precision"] == "day", 24, 0), unit="h")))
    ours, theirs = (np.lexsort(rows.T) for rows in (read.xy, expected[["x", "y"]].to_numpy()))
    assert (read.start[ours] == start.to_numpy()[theirs]).all()
    assert (read.until[ours] == until.to_numpy()[theirs]).all()
    latest = np.where(expected["until"].notna(), until - pd.Timedelta(microseconds=1), start)
    known = read.dates.tz_convert("Europe/Paris").tz_localize(None).to_numpy()
    assert (known[ours] == latest.astype("datetime64[us]")[theirs]).all()


def test_a_shift_of_the_store_is_the_forecast_of_its_aoristic_weights(
    connection: psycopg.Connection, city: City
) -> None:
    night = forecast(connection, city, shift="21-05").forecast

    read = read_events(connection, layer_of("faits"), zone="Europe/Paris").ordered()
    grid = read_grid(connection, city, events=read.xy)
    same = pure(
        read.xy, read.dates, grid, as_of=pd.Timestamp(AS_OF, tz="Europe/Paris"), tz="Europe/Paris",
        weights=aoristic(read.start, read.until, Shift(21, 5)),
    )  # fmt: skip
    pd.testing.assert_frame_equal(night.frame, same.frame)
    assert night.card["shift"] == "21-05"
    bars = grid.locate(BARS)
    assert night.frame["rank"].to_numpy()[bars].max() < 20
    assert night.card["n_events"] == pytest.approx(N * (0.9 * 0.5 + 0.1 * 8 / 24), rel=0.05)


def test_places_of_the_store_are_those_that_stand_in_it(connection: psycopg.Connection, city: City) -> None:
    grid = read_grid(connection, city, events=np.empty((0, 2)))

    read = read_places(connection, grid, ["bar", "gare"], schema="obs_planner")

    same = Places.of(grid, {"bar": BARS, "gare": np.empty((0, 2))})
    assert read.names == same.names == ("bar.distance", "bar.density")
    assert read.numbers == {"bar": 3, "gare": 0}
    np.testing.assert_allclose(read.features, same.features, rtol=1e-12)


def test_what_places_do_is_told_beside_the_forecast(connection: psycopg.Connection, city: City) -> None:
    made = forecast(connection, city, shift="21-05", places=["bar", "gare"], schema="obs_coordination").forecast

    assert made.card["places"] == {"bar": 3, "gare": 0}
    told = {factor["name"]: factor for factor in made.card["factors"]}
    if made.answer != "model":
        assert told == {}
        return
    assert set(told) == {"bar.distance", "bar.density"}
    assert all(f["lower"] < f["ratio"] < f["upper"] for f in told.values())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"places": ["revenu"]}, "places: type 'revenu' is not allowed; .*traits of residents are never used"),
        ({"places": ["commerce"]}, "places: no collection holds 'commerce'; expected one of .*bar"),
        ({"shift": "night"}, "shift: expected two different hours such as 21-05"),
        ({"shift": "21-21"}, "shift: expected two different hours"),
    ],
)
def test_a_feature_that_cannot_be_used_is_named(
    connection: psycopg.Connection, city: City, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(BadInput, match=said):
        forecast(connection, city, **options)


def test_a_place_is_used_only_where_its_collection_may_be_read() -> None:
    assert {"bar", "ecole", "arret-bus", "lampadaire"} <= set(holders("obs_planner"))
    assert all(layer.visible_to("public") for layers in holders("obs_public").values() for layer in layers)


def test_a_city_may_not_ask_for_traits_of_residents(tmp_path: Path) -> None:
    text = Path("cities/demo.yml").read_text("utf-8")
    path = tmp_path / "town.yml"
    path.write_text(text.replace("places: [arret-bus", "places: [revenu"), "utf-8")

    with pytest.raises(BadSettings, match=r"forecasts\.0\.places.*'revenu' is not allowed"):
        read_city(path)


class Counted(KeptScores):
    """Counts what it is asked."""

    found, made = 0, 0

    def get(self, name: str) -> Rows | None:
        rows = super().get(name)
        self.found += rows is not None
        return rows

    def put(self, name: str, rows: Rows) -> None:
        self.made += 1
        super().put(name, rows)


def test_kept_scores_give_the_same_forecast_to_the_byte(
    connection: psycopg.Connection, city: City, database: str
) -> None:
    kept = Counted(lambda: psycopg.connect(database))
    plain = forecast(connection, city).forecast

    first, second = (forecast(connection, city, kept=kept).forecast for _ in range(2))
    assert (kept.made, kept.found) == (1, 1)
    near = forecast(connection, city, kept=kept, places=["bar"]).forecast
    week = "SET date = date - interval '7 days', until = until - interval '7 days'"
    moved = connection.execute(f"UPDATE data.faits {week} WHERE id = 1")
    assert moved.rowcount == 1
    other = forecast(connection, city, kept=kept).forecast

    assert (kept.made, kept.found) == (3, 1)  # other places, and one event elsewhere, are another past
    for made in (first, second):
        assert made.frame.to_csv() == plain.frame.to_csv()
        assert made.card == plain.card
    assert near.card["pai"] != plain.card["pai"]
    assert other.card["n_events"] == plain.card["n_events"]
