"""One forecast of a served city: 2 400 000 occurrences in the store, all cells, skill measured on 52 past weeks.

`python tests/bench/bench_risk_served.py [--facts N] [--rounds N]`. The rows are drawn by PostgreSQL from a seed, over
three years, four fifths of them around sixty places; the cells are the land's 250 m. What is timed is `forecast_store`,
as a child of a job calls it, libraries loaded: with all past periods to score and, as after the nightly job, with their
scores kept.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from observatoire.cities import City, read_city
from observatoire.forecasts.made import StoreForecast
from observatoire.forecasts.store import forecast_store, parse_moment
from observatoire.layers.catalog import catalog, layer_of
from observatoire.risk import town
from observatoire.store.cluster import Cluster
from observatoire.store.kept_scores import KeptScores
from observatoire.store.occurrences import read_events
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

AS_OF = "2026-01-05"
SIDE = 15_500.0  # m: 62 × 62 cells, 3 844, 240 km²

FACTS = """
INSERT INTO data.faits (id, geom, date, nature, origin, source, source_key, load_id)
SELECT n, ST_SetSRID(ST_MakePoint(
    CASE WHEN near THEN least(greatest(x + spread * random_normal(), west), west + side)
         ELSE west + side * random() END,
    CASE WHEN near THEN least(greatest(y + spread * random_normal(), south), south + side)
         ELSE south + side * random() END), 2154),
  timestamptz '2026-01-05 00:00+01' - random() * interval '1092 days', 'tapage', 'reported', 't', n::text, 1
FROM (SELECT n, random() < 0.8 AS near, 1 + floor(60 * random() ^ 2)::int AS place FROM generate_series(1, %(n)s) n) e
JOIN (SELECT p, 80 + 400 * random() AS spread, %(west)s + %(side)s * random() AS x, %(south)s + %(side)s * random() AS y
      FROM generate_series(1, 60) p) places ON p = place,
  (SELECT %(west)s::float8 AS west, %(south)s::float8 AS south, %(side)s::float8 AS side) ground
"""
# PostgreSQL 15 has no normal variates: Box and Muller's.
NORMAL = """
CREATE OR REPLACE FUNCTION pg_temp.random_normal() RETURNS float8 LANGUAGE sql VOLATILE AS
'SELECT sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random())'
"""


def fill(connection: psycopg.Connection, city: City, n: int, var: Path) -> None:
    """Make the store and draw the rows."""
    prepare(connection, city, catalog().values(), passwords(var))
    west, south = (round(c - SIDE / 2, -2) for c in town.CENTRE)
    connection.execute(
        "INSERT INTO data.divisions (id, code, nom, geom, source, source_key, load_id, origin) VALUES "
        "(1, 'A', 'A', ST_Multi(ST_MakeEnvelope(%s, %s, %s, %s, 2154)), 't', 'A', 1, 'administrative')",
        [west, south, west + SIDE, south + SIDE],
    )
    connection.execute(NORMAL)
    connection.execute("SELECT setseed(0.5)")
    connection.execute("ALTER TABLE data.faits DISABLE TRIGGER USER")
    for name in ("geom", "geom_rounded"):  # a forecast reads the table from end to end, and they are long in making
        connection.execute(f"DROP INDEX data.faits_{name}")
    facts = FACTS.replace("random_normal()", "pg_temp.random_normal()")
    connection.execute(facts, {"n": n, "west": west, "south": south, "side": SIDE})
    connection.execute("ALTER TABLE data.faits ENABLE TRIGGER USER")
    connection.execute("ANALYZE data.faits")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--facts", type=int, default=2_400_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    city = read_city(Path("cities/demo.yml"))
    with tempfile.TemporaryDirectory(prefix="obs-bench-") as folder, Cluster(Path(folder)).running() as conninfo:
        with psycopg.connect(make_conninfo(conninfo), autocommit=True) as connection:
            fill(connection, city, options.facts, Path(folder))
        kept = KeptScores(lambda: psycopg.connect(conninfo))
        with psycopg.connect(conninfo) as connection:
            made, cold = forecasts(connection, city, options.rounds, None)
            same, warm = forecasts(connection, city, options.rounds, kept)
    print(f"{made.forecast.card['n_events']} events, {made.grid.n_cells} cells, {made.forecast.answer}")
    same_bytes = same.forecast.frame.equals(made.forecast.frame) and same.forecast.card == made.forecast.card
    print(f"the same with kept scores, to the byte: {same_bytes}")
    for name, times in (("nothing kept", cold), ("scores kept by the nightly job", warm)):
        read, took, cpu = (statistics.median(column) for column in zip(*times[1:], strict=True))
        print(f"{name}: {took:.1f} s (processor of this process {cpu:.1f} s); reading alone {read:.1f} s")


def forecasts(
    connection: psycopg.Connection, city: City, rounds: int, kept: KeptScores | None
) -> tuple[StoreForecast, list[tuple[float, float, float]]]:
    """Return the last forecast and, by round, what reading takes alone, a forecast, and its processor time, s."""
    times = []
    for _ in range(rounds + 1):
        begun = time.perf_counter()
        read_events(connection, layer_of("faits"))
        read = time.perf_counter() - begun
        begun, worked = time.perf_counter(), time.process_time()
        made = forecast_store(connection, city, "faits", 7, as_of=parse_moment(AS_OF, city), kept=kept)
        times.append((read, time.perf_counter() - begun, time.process_time() - worked))
        print("reading {:.1f} s, forecast {:.1f} s, processor {:.1f} s".format(*times[-1]), flush=True)
    return made, times


if __name__ == "__main__":
    main()
