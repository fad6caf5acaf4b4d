"""What leaves for everybody: facts by square and month, and the ledger of forecasts."""

from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256

import psycopg
import pytest

from observatoire.cities import City, ForecastSettings, read_city
from observatoire.data import root
from observatoire.forecasts.ledger import cells_digest
from observatoire.forecasts.store import forecast_and_write, forecast_store
from observatoire.intake.load import Summary
from observatoire.intake.run import load_source
from observatoire.layers.catalog import catalog
from observatoire.layers.nomenclature import codes
from observatoire.settings import Settings
from observatoire.store.database import Store
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def city() -> City:
    return read_city(root() / "tests" / "cities" / "small.yml")


@pytest.fixture(scope="module")
def store(database: str, city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database, autocommit=True) as connection:
        prepare(connection, city, catalog().values(), passwords(tmp_path_factory.mktemp("var")))
        for name in ("divisions", "mailles", "signalements", "faits", "faits-publics"):
            load_source(connection, city, name, settings=Settings())
        yield connection


def again(store: psycopg.Connection, city: City) -> Summary:
    return load_source(store, city, "faits-publics", settings=Settings())


def released(store: psycopg.Connection) -> list[tuple[object, ...]]:
    return store.execute("SELECT source_key, nombre, load_id FROM data.faits_publics ORDER BY source_key").fetchall()


def test_no_public_place_counts_fewer_than_five_and_it_counts_what_it_holds(store: psycopg.Connection) -> None:
    """Counted again by PostGIS from the facts themselves; half-open squares meet no fact on their edge (0.1 m)."""
    natures = [[theme, list(codes(f"faits/{theme}"))] for theme in ("biens", "tranquillite")]
    wrong = 0
    for theme, of_theme in natures:
        rows = store.execute(
            "SELECT p.nombre, (SELECT count(*) FROM data.faits f WHERE f.nature = ANY(%s) AND f.date >= p.date "
            "AND f.date < p.fin AND ST_Intersects(f.geom, ST_Buffer(p.geom, -0.01, 'join=mitre'))), p.surface, "
            "ST_Area(p.geom) / 1e6 FROM data.faits_publics p WHERE p.theme = %s",
            [of_theme, theme],
        ).fetchall()
        assert rows
        assert min(n for n, *_ in rows) >= 5
        assert all(said == pytest.approx(is_) for *_, said, is_ in rows)
        wrong += sum(n - counted for n, counted, *_ in rows)
    assert 0 <= wrong <= 5


def test_every_fact_of_a_published_month_is_counted_once(store: psycopg.Connection) -> None:
    months = store.execute(
        "SELECT sum(nombre), (SELECT count(*) FROM data.faits f WHERE f.date >= p.date AND f.date < p.fin) "
        "FROM data.faits_publics p GROUP BY date, fin"
    ).fetchall()

    assert len(months) == 23  # two years, without their first and last month, which are not whole
    assert all(shown == held for shown, held in months)


def test_a_published_month_never_changes_even_where_a_fact_comes_late(store: psycopg.Connection, city: City) -> None:
    before = released(store)
    store.execute(
        "INSERT INTO data.faits (id, geom, source, source_key, load_id, origin, date, nature) SELECT 9999999, geom, "
        "'late', 'k', 1, 'reported', '2026-03-15T12:00:00Z', 'rixe' FROM data.faits ORDER BY id LIMIT 1"
    )

    assert again(store, city).read == 0
    assert released(store) == before


def test_a_forecast_is_sealed_once_by_the_digest_of_its_cells(
    store: psycopg.Connection, city: City, database: str
) -> None:
    wanted = ForecastSettings(target="signalements", horizon_days=7)
    as_of = "2026-06-01"
    forecast_and_write(Store(database, embedded=False), city, wanted, as_of=as_of)
    sealed = store.execute("SELECT * FROM data.previsions").fetchall()

    forecast_and_write(Store(database, embedded=False), city, wanted, as_of=as_of)

    assert store.execute("SELECT * FROM data.previsions").fetchall() == sealed
    row = store.execute("SELECT reference, etape, empreinte, mailles, debut, a_temps FROM data.previsions").fetchone()
    cells = store.execute(
        "SELECT cell_id, expected, lower, upper FROM data.risque WHERE as_of = '2026-05-31T22:00:00Z'"
    ).fetchall()
    text = "".join(sorted(",".join([c, *("" if v is None else repr(v) for v in n)]) + "\n" for c, *n in cells))
    now = datetime.now(UTC)
    begin = datetime(2026, 5, 31, 22, tzinfo=UTC)
    assert row == (
        "signalements-2026-06-01-7",
        "scellee",
        sha256(text.encode()).hexdigest(),
        len(cells),
        begin,
        now <= begin,
    )


def test_the_digest_changes_with_any_cell(store: psycopg.Connection, city: City) -> None:
    made = forecast_store(store, city, "signalements", 7, as_of=datetime(2026, 5, 31, 22, tzinfo=UTC))
    first = cells_digest(made)

    made.forecast.frame.loc[0, "expected"] += 1e-12

    assert cells_digest(made) != first
