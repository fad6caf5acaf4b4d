"""A forecast from the store: what is read, what is written, and what a second time changes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from pyproj import Transformer

from observatoire.cities import City, ForecastSettings, read_city
from observatoire.errors import BadInput
from observatoire.forecasts.made import StoreForecast
from observatoire.forecasts.store import forecast_and_write, forecast_store, keep, parse_moment
from observatoire.layers.catalog import catalog, layer_of
from observatoire.risk.grid import Grid
from observatoire.store.database import Store
from observatoire.store.forecasts import latest, summary
from observatoire.store.occurrences import local_midnight, read_events, read_grid
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare
from processes.risk_forecast import geojson

pytestmark = pytest.mark.integration

WEST, SOUTH, SIDE = 890_000.0, 6_245_000.0, 2_500.0  # m, EPSG:2154: a square of 10 × 10 cells
AS_OF = "2024-12-01"


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
        fill(connection, events(3_000, seed=1))
        yield connection


def events(n: int, *, seed: int) -> pd.DataFrame:
    """Two years of reports around one place, to the microsecond, and a tenth that patrols discovered."""
    rng = np.random.default_rng(seed)
    near = rng.normal([WEST + 800, SOUTH + 1_700], 250, (n, 2))
    far = rng.uniform([WEST, SOUTH], [WEST + SIDE, SOUTH + SIDE], (n, 2))
    xy = np.where(rng.random(n)[:, None] < 0.7, near, far)
    dates = pd.Timestamp("2022-12-01", tz="UTC") + pd.to_timedelta(rng.integers(0, 731 * 86_400_000_000, n), unit="us")
    origin = np.where(rng.random(n) < 0.9, "reported", "discovered")
    return pd.DataFrame({"x": xy[:, 0], "y": xy[:, 1], "date": dates, "origin": origin})


def fill(connection: psycopg.Connection, frame: pd.DataFrame) -> None:
    with connection.transaction(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE data.signalements")
        cursor.execute(
            "CREATE TEMP TABLE given (k text, x float8, y float8, date timestamptz, origin text) ON COMMIT DROP"
        )
        with cursor.copy("COPY given FROM STDIN") as copy:
            for k, row in enumerate(frame.itertuples()):
                copy.write_row((str(k), row.x, row.y, row.date, row.origin))
        cursor.execute(
            "INSERT INTO data.signalements (id, geom, date, nature, origin, source, source_key, load_id) SELECT "
            "k::int, ST_SetSRID(ST_MakePoint(x, y), 2154), date, 'tag', origin, 't', k, 1 FROM given"
        )


def forecast(connection: psycopg.Connection, city: City, **options: Any) -> StoreForecast:
    as_of = options.pop("as_of", AS_OF)
    return forecast_store(connection, city, "signalements", 7, as_of=parse_moment(as_of, city), **options)


def kept(connection: psycopg.Connection) -> dict[str, tuple[Any, ...]]:
    rows = connection.execute(
        "SELECT cell_id, id, expected, lower, upper, probability, rank, answer, debut, fin, origin, precision, "
        "source_key, ST_AsText(geom) FROM data.risque ORDER BY id"
    )
    return {row[0]: row[1:] for row in rows}


def value(connection: psycopg.Connection, query: str) -> Any:
    row = connection.execute(query).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


# ------------------------------------------------------------------------------------------------------------- reading
def test_events_are_the_reported_rows_to_the_bit_and_the_microsecond(connection: psycopg.Connection) -> None:
    read = read_events(connection, layer_of("signalements"))
    xy, dates = read.xy, read.dates

    rows = connection.execute(
        "SELECT ST_X(geom), ST_Y(geom), date FROM data.signalements WHERE origin = 'reported' ORDER BY date"
    ).fetchall()
    found = sorted(zip(*xy.T.tolist(), dates.to_pydatetime(), strict=True), key=lambda row: row[2])
    assert found == [tuple(row) for row in rows]


def test_an_audience_is_read_through_its_own_view(connection: psycopg.Connection) -> None:
    exact = read_events(connection, layer_of("signalements"), schema="obs_planner").xy
    rounded = read_events(connection, layer_of("signalements"), schema="obs_public").xy

    assert len(exact) == len(rounded)
    assert len(np.unique(exact, axis=0)) > len(np.unique(rounded, axis=0))
    assert np.abs(np.diff(np.unique(rounded[:, 0]))).min() >= 200


def test_an_empty_collection_gives_no_events(connection: psycopg.Connection) -> None:
    read = read_events(connection, layer_of("faits"))

    assert read.xy.shape == (0, 2)
    assert len(read.dates) == 0


@pytest.mark.parametrize("target", ["divisions", "mailles"])
def test_what_has_no_dated_points_cannot_be_a_target(connection: psycopg.Connection, target: str) -> None:
    with pytest.raises(BadInput, match="target: expected a collection of dated points"):
        read_events(connection, layer_of(target))


def test_the_grid_is_that_of_the_store_and_otherwise_covers_the_divisions(
    connection: psycopg.Connection, city: City
) -> None:
    covering = read_grid(connection, city, events=np.empty((0, 2)))
    assert covering.n_cells == 100
    connection.execute(
        "INSERT INTO data.mailles (id, cell_id, cote, geom, source, source_key, load_id, origin) VALUES "
        "(1, 'here', 250, ST_MakeEnvelope(%s, %s, %s, %s, 2154), 't', 'here', 1, 'derived')",
        [WEST + 13, SOUTH + 7, WEST + 263, SOUTH + 257],
    )
    try:
        stored = read_grid(connection, city, events=np.empty((0, 2)))
    finally:
        connection.execute("TRUNCATE data.mailles")

    assert stored.cell_id.tolist() == ["here"]
    assert (stored.x_min[0], stored.y_min[0]) == (WEST + 13, SOUTH + 7)


def test_a_grid_over_the_reports_does_not_know_those_after_the_origin(
    connection: psycopg.Connection, city: City
) -> None:
    over = city.model_copy(update={"grid": city.grid.model_copy(update={"over": "signalements"})})
    read = read_events(connection, layer_of("signalements"))
    xy, dates = read.xy, read.dates
    origin = pd.Timestamp("2023-01-01", tz="Europe/Paris")

    early = forecast(connection, over, as_of="2023-01-01").grid

    known = Grid.of_events(xy[np.asarray(dates < origin)], cell=250, crs="EPSG:2154")
    assert early.cell_id.tolist() == known.cell_id.tolist()


# ------------------------------------------------------------------------------------------------------------ forecast
def test_events_after_the_origin_change_nothing(connection: psycopg.Connection, city: City) -> None:
    before = forecast(connection, city, as_of="2024-06-01").forecast
    fill(
        connection,
        events(3_000, seed=1).assign(x=lambda f: np.where(f["date"] < "2024-05-31T22:00Z", f["x"], WEST + 10)),
    )
    try:
        after = forecast(connection, city, as_of="2024-06-01").forecast
    finally:
        fill(connection, events(3_000, seed=1))

    pd.testing.assert_frame_equal(before.frame, after.frame)
    assert before.card == after.card


def test_where_a_row_lies_on_the_disk_changes_nothing(connection: psycopg.Connection, city: City) -> None:
    before = forecast(connection, city).forecast
    fill(connection, events(3_000, seed=1).sample(frac=1, random_state=3))
    try:
        after = forecast(connection, city).forecast
    finally:
        fill(connection, events(3_000, seed=1))

    pd.testing.assert_frame_equal(before.frame, after.frame)


def test_by_default_the_origin_is_the_midnight_after_the_last_report(
    connection: psycopg.Connection, city: City
) -> None:
    made = forecast(connection, city, as_of=None)

    last = value(connection, "SELECT max(date) FROM data.signalements WHERE origin = 'reported'")
    midnight = made.forecast.frame["as_of"].iloc[0].tz_convert("Europe/Paris")
    assert midnight.time().isoformat() == "00:00:00"
    assert timedelta() < midnight - last <= timedelta(days=1)


def test_the_origin_is_never_ahead_even_if_the_data_are(connection: psycopg.Connection, city: City) -> None:
    fill(connection, events(300, seed=1).assign(date=lambda f: f["date"] + pd.Timedelta(days=36_500)))
    try:
        made = forecast(connection, city, as_of=None)
    finally:
        fill(connection, events(3_000, seed=1))

    now = pd.Timestamp.now("UTC")
    assert timedelta() <= now - made.forecast.frame["as_of"].iloc[0] < timedelta(days=1)


def test_an_origin_that_lies_ahead_is_refused(connection: psycopg.Connection, city: City) -> None:
    with pytest.raises(BadInput, match="as_of: expected a moment that has been"):
        forecast(connection, city, as_of=(datetime.now(UTC) + timedelta(hours=1)).isoformat())


def test_midnight_is_the_city_s_also_when_clocks_change(city: City) -> None:
    noon = datetime(2024, 3, 31, 12, tzinfo=UTC)

    assert local_midnight(noon, city, after=False).isoformat() == "2024-03-31T00:00:00+01:00"
    assert local_midnight(noon, city, after=True).isoformat() == "2024-04-01T00:00:00+02:00"


def test_a_part_of_the_city_is_forecast_on_its_own_cells(connection: psycopg.Connection, city: City) -> None:
    whole = forecast(connection, city).grid
    west, south = Transformer.from_crs(2154, 4326, always_xy=True).transform(WEST - 100, SOUTH - 100)
    east, north = Transformer.from_crs(2154, 4326, always_xy=True).transform(WEST + 1_240, SOUTH + SIDE + 500)

    part = forecast(connection, city, bbox=(west, south, east, north)).grid

    assert 30 < part.n_cells < 70  # about half: the lattice of Lambert-93 is turned a little against the meridians
    assert set(part.cell_id) < set(whole.cell_id)
    assert part.x_min.mean() < whole.x_min.mean()
    with pytest.raises(BadInput, match="bbox: no cell"):
        forecast(connection, city, bbox=(0.0, 0.0, 1.0, 1.0))


# ------------------------------------------------------------------------------------------------------------- writing
def test_what_is_kept_is_what_was_forecast(connection: psycopg.Connection, city: City, database: str) -> None:
    card = forecast_and_write(
        Store(database, embedded=False), city, ForecastSettings(target="signalements", horizon_days=7), as_of=AS_OF
    )

    frame = forecast(connection, city).forecast.frame.set_index("cell_id")
    rows = kept(connection)
    assert len(rows) == 100
    for cell, (
        _,
        expected,
        lower,
        upper,
        probability,
        rank,
        answer,
        start,
        end,
        origin,
        precision,
        key,
        _,
    ) in rows.items():
        assert (expected, lower, upper, probability, rank, answer) == tuple(frame.loc[cell].drop("as_of"))
        assert (start, end) == ("2024-12-01T00:00:00+01:00", "2024-12-08T00:00:00+01:00")
        assert (origin, precision) == ("derived", "day")
        assert key == f"signalements/2024-11-30T23:00:00+00:00/7/{cell}"
    assert sorted(row[5] for row in rows.values()) == list(range(1, 101))
    assert value(connection, "SELECT card FROM obs.forecasts") == card
    assert card["answer"] in ("count", "model")
    assert summary(card)["pai2"]["flat"] == 1


def test_the_same_forecast_twice_changes_nothing_but_the_list_of_loads(
    connection: psycopg.Connection, city: City
) -> None:
    made = forecast(connection, city)
    keep(connection, city, made)
    before, version = (
        kept(connection),
        value(connection, "SELECT version FROM obs.versions WHERE collection = 'risque'"),
    )

    keep(connection, city, made)

    assert kept(connection) == before
    assert value(connection, "SELECT version FROM obs.versions WHERE collection = 'risque'") == version
    assert value(connection, "SELECT count(*) FROM obs.forecasts") == 1
    assert connection.execute(
        "SELECT read, inserted, updated, unchanged, quarantined FROM obs.loads ORDER BY id DESC LIMIT 1"
    ).fetchone() == (100, 0, 0, 100, 0)


def test_a_forecast_made_again_on_other_cells_replaces_the_first(connection: psycopg.Connection, city: City) -> None:
    keep(connection, city, forecast(connection, city))
    version = value(connection, "SELECT version FROM obs.versions WHERE collection = 'risque'")

    keep(connection, city, forecast(connection, city, cell=500))

    assert len(kept(connection)) == 25
    assert value(connection, "SELECT count(*) FROM obs.forecasts") == 1
    assert value(connection, "SELECT version FROM obs.versions WHERE collection = 'risque'") > version


def test_forecasts_of_other_origins_stay(connection: psycopg.Connection, city: City) -> None:
    keep(connection, city, forecast(connection, city))
    keep(connection, city, forecast(connection, city, as_of="2024-11-24"))
    try:
        assert value(connection, "SELECT count(*) FROM data.risque") == 200
        assert value(connection, "SELECT count(DISTINCT id) FROM data.risque") == 200
    finally:
        connection.execute("DELETE FROM data.risque WHERE as_of < '2024-11-25'")
        connection.execute("DELETE FROM obs.forecasts WHERE as_of < '2024-11-25'")


def test_screens_show_the_city_s_own_forecast_whatever_else_was_asked_for(
    connection: psycopg.Connection, city: City
) -> None:
    keep(connection, city, forecast(connection, city))
    other = forecast_store(connection, city, "signalements", 14, as_of=parse_moment(AS_OF, city))
    keep(connection, city, other)
    try:
        shown = connection.execute(*latest(city)).fetchone()
        without = connection.execute(*latest(city.model_copy(update={"forecasts": ()}))).fetchone()
    finally:
        connection.execute("DELETE FROM data.risque WHERE source_key LIKE '%/14/%'")
        connection.execute("DELETE FROM obs.forecasts WHERE horizon_days = 14")

    assert shown is not None
    assert shown[0]["horizon_days"] == 7
    assert without is not None


def test_an_abstention_is_kept_as_unknown_not_as_zero(connection: psycopg.Connection, city: City) -> None:
    fill(connection, events(120, seed=2))  # about one a week
    try:
        made = forecast(connection, city)
        card = keep(connection, city, made)
    finally:
        fill(connection, events(3_000, seed=1))

    assert card["answer"] == "abstains"
    assert {row[1:7] for row in kept(connection).values()} == {(None, None, None, None, None, "abstains")}
    properties = [feature["properties"] for feature in geojson(made)["features"]]
    assert {p["rank"] for p in properties} == {p["expected"] for p in properties} == {None}
    shown = summary(card)
    assert shown["expected_hits_top2"] is None
    assert shown["flat_rate_per_km2"] > 0


@pytest.mark.parametrize(
    ("rows", "options", "code"),
    [
        (events(1, seed=3), {"as_of": None}, "short-history"),
        (events(3_000, seed=3), {"cell": 1_000.0}, "few-cells"),
        (events(3_000, seed=3), {"as_of": "2026-01-01"}, "stale-data"),
        (events(3_000, seed=3), {"as_of": "2023-02-01"}, "short-history"),
    ],
    ids=["one event", "few cells", "long after", "nine weeks"],
)
def test_too_little_in_the_store_is_an_abstention(
    connection: psycopg.Connection, city: City, rows: pd.DataFrame, options: dict[str, Any], code: str
) -> None:
    fill(connection, rows)
    try:
        made = forecast(connection, city, **options)
    finally:
        fill(connection, events(3_000, seed=1))

    assert (made.forecast.answer, made.forecast.card["code"]) == ("abstains", code)
    assert made.forecast.frame["expected"].isna().all()


def test_where_all_is_at_one_place_that_place_comes_first(connection: psycopg.Connection, city: City) -> None:
    fill(connection, events(3_000, seed=3).assign(x=WEST + 800, y=SOUTH + 1_700))
    try:
        made = forecast(connection, city)
    finally:
        fill(connection, events(3_000, seed=1))

    first = int(made.forecast.frame["rank"].to_numpy().argmin())
    assert first == made.grid.locate([[WEST + 800, SOUTH + 1_700]])[0]
    assert made.forecast.frame["expected"].iloc[first] > 20


def test_what_the_store_cannot_forecast_from_is_said(connection: psycopg.Connection, city: City) -> None:
    with pytest.raises(BadInput, match="target: signalements has no reported item"):
        forecast(connection, city, nature="never-seen")
    with pytest.raises(BadInput, match="bbox: no cell"):
        forecast(connection, city, bbox=(0.0, 0.0, 1.0, 1.0))
    with pytest.raises(BadInput, match="the cell is larger than the area"):
        forecast(connection, city, cell=5_000.0)
    with pytest.raises(psycopg.Error, match="out of range"):  # what is no place cannot enter
        connection.execute("UPDATE data.signalements SET geom = ST_SetSRID(ST_MakePoint('NaN', 43), 2154) WHERE id = 1")
    with pytest.raises(psycopg.Error, match="SRID"):  # the column has the city's CRS: no other can enter
        connection.execute("UPDATE data.signalements SET geom = ST_SetSRID(ST_MakePoint(5, 43), 4326) WHERE id = 1")


def test_a_write_that_fails_leaves_what_was_there(connection: psycopg.Connection, city: City) -> None:
    made = forecast(connection, city)
    keep(connection, city, made)
    before, cards = kept(connection), value(connection, "SELECT card FROM obs.forecasts")
    broken = replace(made, forecast=replace(made.forecast, card=made.forecast.card | {"bad": object()}))

    with pytest.raises(TypeError):
        keep(connection, city, broken)

    assert kept(connection) == before
    assert value(connection, "SELECT card FROM obs.forecasts") == cards
