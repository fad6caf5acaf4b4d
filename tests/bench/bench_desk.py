"""The desk on a city of 2 400 000 facts: first map, features drawn, screens that listen, an event on a screen.

`make bench-desk`. The demo city, its districts, streets, works and reports as `make demo` loads them, with 2 400 000
facts of five years in place of its own; our server with one worker, asked by coordination; Chromium, software WebGL.

    python tests/bench/bench_desk.py [--url postgresql://…] [--rows 2400000] [--rounds 5] [-o json]
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import servers
from bench_events import LISTENERS, measured
from bench_items import about, administrator, drop
from bench_tiles import SEED
from playwright.sync_api import Browser, Page, sync_playwright
from psycopg.conninfo import make_conninfo

from observatoire.alerting import round_of
from observatoire.cities import City, read_city
from observatoire.data import root
from observatoire.intake.run import load_source
from observatoire.layers.catalog import catalog
from observatoire.settings import Settings
from observatoire.store import schema
from observatoire.store.keys import create_key
from observatoire.store.roles import passwords

SOURCES = ("divisions", "mailles", "troncons", "signalements", "chantiers", "evenements", "pannes-eclairage")
DAYS = 5 * 365
LAST = datetime(2026, 11, 22, 23, tzinfo=UTC)  # as the demo city's other data
FLAGS = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox"]
WINDOWS = (1, 7, 30)  # days that the situation offers
#: Milliseconds since the page was asked for: once facts are to be seen, and once nothing is left to draw.
SEEN = """
() => {
  const map = document.querySelector("#map")?.map;
  if (!map?.getSource("faits") || !map.isSourceLoaded("faits")) return null;
  return map.queryRenderedFeatures().some(({ source }) => source === "faits") ? performance.now() : null;
}
"""
DRAWN = """
() => (document.querySelector("#map")?.dataset.state === "idle" && document.querySelector("#map").map.getSource("faits")
  ? performance.now() : null)
"""
#: Notes when the name of each source comes to stand on the screen, ms since 1970: one clock with the store.
WATCH = """
() => {
  window.seen = {};
  const look = () => {
    for (const { textContent: name } of document.querySelectorAll("tbody th a")) window.seen[name] ??= Date.now();
  };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}
"""
HELD = """
() => Object.entries(document.querySelector("#map").map.getStyle().sources)
  .filter(([id]) => ["faits", "signalements"].includes(id)).reduce((n, [, { data }]) => n + data.features.length, 0)
"""


@dataclass(frozen=True)
class Stage:
    """A served city: the database's address, the server's, a key each."""

    database: str
    url: str
    keys: dict[str, str]
    environment: dict[str, str]


@contextmanager
def staged(url: str, folder: Path, rows: int) -> Iterator[Stage]:
    """Make the city in a database of its own and serve it; drop it at the end."""
    city = read_city(root() / "cities" / "demo.yml")
    with psycopg.connect(url, autocommit=True) as server, ExitStack() as stack:
        drop(server)
        server.execute("CREATE DATABASE obs_bench")
        stack.callback(drop, server)
        address = make_conninfo(url, dbname="obs_bench")
        keys = fill(address, folder, city, rows)
        environment = {
            "OBS_DATABASE_URL": address, "OBS_VAR": str(folder), "OBS_CITY": "cities/demo.yml",
            "OBS_RATE_PER_SECOND": "1000000",
        }  # fmt: skip
        target, log = "observatoire.server.app:create_app", folder / "ours.log"
        ours = stack.enter_context(servers.served("ours", target, environment, {}.get, "--factory", log=log))
        yield Stage(address, ours.url, keys, environment)


def fill(address: str, folder: Path, city: City, rows: int) -> dict[str, str]:
    """Load the city and the facts, judge the alert rules; return keys."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION postgis")
        connection.execute("CREATE EXTENSION unaccent")
        schema.prepare(connection, city, catalog().values(), passwords(folder))
    settings = Settings(var=folder, city=root() / "cities" / "demo.yml")
    with psycopg.connect(address) as connection:
        for name in SOURCES:
            load_source(connection, city, name, settings=settings)
    start, step = LAST - timedelta(days=DAYS), f"{DAYS * 86_400 / rows:.6f} s"
    seed = SEED.replace("INSERT INTO obs.versions (collection, version) VALUES ('faits', 1);", "")
    with psycopg.connect(address, autocommit=True) as connection:
        for statement in seed.format(rows=rows, start=start, step=step).split(";"):
            connection.execute(statement.encode())
        keys = {audience: create_key(connection, audience, "bench") for audience in ("coordination", "steward")}
    with psycopg.connect(address) as connection:
        round_of(connection, city)
    return keys


# ------------------------------------------------------------------------------------------------------------ screens
def arrive(browser: Browser, stage: Stage, path: str, audience: str = "coordination") -> Page:
    """Open a screen as somebody who has never been there: nothing in the cache."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="fr-FR")
    page = context.new_page()
    page.add_init_script(f"sessionStorage.setItem('observatoire.key', {json.dumps(stage.keys[audience])})")
    page.goto(f"{stage.url}{path}", wait_until="commit")
    return page


def first_map(browser: Browser, stage: Stage, days: int) -> dict[str, float]:
    """Return when the first map was drawn, s, and how many events it holds in the end."""
    page = arrive(browser, stage, f"/pro/?days={days}")
    seen = page.wait_for_function(SEEN, timeout=120_000, polling=50).json_value()
    still = page.wait_for_function(DRAWN, timeout=120_000, polling=50).json_value()
    page.wait_for_timeout(2_000)  # for what comes after the first map
    page.wait_for_function(DRAWN, timeout=120_000, polling=50)
    held = page.evaluate(HELD)
    page.context.close()
    return {"seconds": seen / 1e3, "still": still / 1e3, "held": held}


def maps(browser: Browser, stage: Stage, rounds: int) -> dict[str, Any]:
    """Return the first map by window: medians and the slowest, and the most events that any held."""
    first_map(browser, stage, 1)  # the server's own first time
    found = {}
    for days in WINDOWS:
        taken = [first_map(browser, stage, days) for _ in range(rounds)]
        seconds = [one["seconds"] for one in taken]
        found[f"{days} d"] = {
            "median": statistics.median(seconds), "slowest": max(seconds),
            "still": statistics.median(one["still"] for one in taken), "held": max(one["held"] for one in taken),
        }  # fmt: skip
        told(found)
    return found


def told(part: dict[str, Any]) -> None:
    """Say on standard error what is known so far."""
    print(json.dumps(part), file=sys.stderr, flush=True)


def on_screen(browser: Browser, stage: Stage, rounds: int) -> float:
    """Return the longest time from the end of a load, as the store says it, to its row on the screen of sources, s."""
    page = arrive(browser, stage, "/pro/sources", "steward")
    page.wait_for_selector("[data-line=open]", timeout=60_000)
    page.evaluate(WATCH)
    delays = []
    for number in range(rounds):
        ended = loaded(stage, f"bench-{number}")
        seen = page.wait_for_function("(name) => window.seen[name]", arg=f"bench-{number}", timeout=30_000).json_value()
        delays.append(seen / 1e3 - ended)
    page.context.close()
    return max(delays)


def loaded(stage: Stage, source: str) -> float:
    """Load one operator's event as a source of its own; return when its load ended, s since 1970."""
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "event.csv"
        file.write_text(f"num,le,type,lon,lat\n{source},2026-03-02T12:00:00+01:00,depot,5.37,43.30\n", "utf-8")
        command = [
            sys.executable, "-m", "observatoire.cli", "load", "--connector", "csv", "--collection", "videoprotection",
            "--file", str(file), "--source", source, "--map", "id=num,date=le,nature=type,lon=lon,lat=lat",
        ]  # fmt: skip
        subprocess.run(command, env=os.environ | stage.environment, check=True, capture_output=True, timeout=120)
    with psycopg.connect(stage.database) as connection:
        row = connection.execute(
            "SELECT extract(epoch FROM finished) FROM obs.loads WHERE source = %s", [source]
        ).fetchone()
    assert row is not None
    return float(row[0])


# ---------------------------------------------------------------------------------------------------------------- run
def run(url: str, options: argparse.Namespace) -> dict[str, Any]:
    """Measure all."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        stage = stack.enter_context(staged(url, Path(name), options.rows))
        told({"served": stage.url})
        found: dict[str, Any] = {
            "about": about(argparse.Namespace(rows=options.rows, rounds=options.rounds, seconds=0))
        }
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            found["maps"] = maps(browser, stage, options.rounds)
            found["event"] = on_screen(browser, stage, options.rounds)
            browser.close()
        told({"event": found["event"]})
        found["listeners"] = asyncio.run(measured(stage.url, stage.keys["coordination"]))
        return found | {"goals": goals(found)}


def goals(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return each goal with what was reached."""
    alone, beside = found["listeners"]
    listed = [
        *((f"first map, {window}: s", one["median"], 3.0) for window, one in found["maps"].items()),
        ("features drawn, the most", max(one["held"] for one in found["maps"].values()), 20_000),
        ("a load on the screen, the slowest: s", found["event"], 2.0),
        (f"p95 of an item request beside {LISTENERS} screens / alone", beside / alone, 1.2),
    ]
    return [{"goal": f"{name} ≤ {bound:g}", "reached": round(v, 3), "held": v <= bound} for name, v, bound in listed]


def text(found: dict[str, Any]) -> str:
    """Return what was found as lines."""
    lines = [", ".join(f"{name} {value}" for name, value in found["about"].items())]
    lines += [
        f"{window}: first map {one['median']:.2f} s (slowest {one['slowest']:.2f}; nothing left to draw "
        f"{one['still']:.2f}), {one['held']} events drawn"
        for window, one in found["maps"].items()
    ]
    lines += [f"{'held  ' if g['held'] else 'MISSED'} {g['goal']}: {g['reached']}" for g in found["goals"]]
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="PostgreSQL address of an administrator; a database is made and dropped")
    parser.add_argument("--rows", type=int, default=2_400_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("-o", choices=["text", "json"], default="text")
    options = parser.parse_args()
    with administrator(options.url) as url:
        found = run(url, options)
    print(json.dumps(found, indent=2) if options.o == "json" else text(found))


if __name__ == "__main__":
    main()
