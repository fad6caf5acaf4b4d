"""`obs demo`: what `make demo` does after installing: load, forecast, keys, each step once; then serve and work."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import psycopg
import typer

from observatoire.cities import ForecastSettings, city
from observatoire.commands.base import console, counting, ready_store, stepping
from observatoire.commands.serve import run_server
from observatoire.intake.run import load_source
from observatoire.layers.model import AUDIENCES
from observatoire.settings import settings
from observatoire.store.database import Store
from observatoire.store.keys import digest, fresh_key


@dataclass(frozen=True)
class Demo:
    """What the welcome says."""

    title: str
    simulated: bool
    keys_file: Path
    keys: dict[str, str]


def set_up(store: Store, connection: psycopg.Connection) -> Demo:
    """Load what is not loaded yet, forecast what is not forecast yet, make sure of the keys."""
    from observatoire.alerting import round_of  # late, as the next
    from observatoire.forecasts.store import forecast_and_write, rehearse  # late: scikit-learn takes seconds to load

    loaded = {
        name for (name,) in connection.execute("SELECT DISTINCT source FROM obs.loads WHERE finished IS NOT NULL")
    }
    connection.rollback()
    for name in city().sources:
        if name in loaded:
            console.print(f"[green]✓[/green] {name}: loaded before (`obs load {name}` reads it again)")
            continue
        with counting(f"loading {name}") as progress:
            summary = load_source(connection, city(), name, settings=settings(), progress=progress)
        counts = ", ".join(f"{n:,} {what}" for what, n in summary.counts().items())
        console.print(f"[green]✓[/green] {name}: {counts}")
    for wanted in city().forecasts:
        cards(connection, wanted)
        row = connection.execute("SELECT 1 FROM obs.forecasts WHERE target = %s LIMIT 1", [wanted.target]).fetchone()
        connection.rollback()
        if row:
            console.print(f"[green]✓[/green] forecast of {wanted.target}: made before (`obs forecast` makes it again)")
            continue
        with stepping(f"forecasting {wanted.target}") as progress:
            card = forecast_and_write(store, city(), wanted, progress=progress)
            rehearse(store, city(), wanted, before=datetime.fromisoformat(card["as_of"]))
        console.print(f"[green]✓[/green] forecast of {wanted.target}: {card['words']['en']}")
    done = round_of(connection, city())
    console.print(f"[green]✓[/green] alerts: {done['opened'] + done['kept']} open")
    path = settings().var / "demo-keys.json"
    return Demo(city().title.in_("en"), city().simulated, path, demo_keys(connection, path))


def cards(connection: psycopg.Connection, wanted: ForecastSettings) -> None:
    """Make the skill card of a forecast where there is none yet; later the night does."""
    from observatoire.forecasts.evaluation import evaluate_and_keep  # late: scikit-learn takes seconds to load
    from observatoire.store.skill_cards import reference_to_last

    known = reference_to_last(connection, wanted.target, wanted.horizon_days)
    connection.rollback()
    if known is None:
        with stepping(f"skill card of {wanted.target}") as progress:
            evaluate_and_keep(connection, city(), wanted.target, wanted.horizon_days, progress=progress)
    console.print(f"[green]✓[/green] skill card of {wanted.target}")


def demo_keys(connection: psycopg.Connection, path: Path) -> dict[str, str]:
    """Return one key per audience, kept in `path` (readable by its owner only) and known to the store."""
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    keys: dict[str, str] = {audience: kept.get(audience) or fresh_key() for audience in AUDIENCES}
    if keys != kept:
        path.touch(mode=0o600)
        path.write_text(json.dumps(keys, indent=1) + "\n", "utf-8")
    with connection.transaction(), connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO obs.keys (digest, audience, label) VALUES (%s, %s, 'demo') ON CONFLICT (digest) DO NOTHING",
            [(digest(key), audience) for audience, key in keys.items()],
        )
    return keys


def demo(
    *, load_only: Annotated[bool, typer.Option("--no-serve", help="Load and forecast, then stop")] = False
) -> None:
    """Make the store, load the city, forecast, write keys, serve: all that `make demo` does after installing."""
    with ready_store() as (store, connection):
        done = set_up(store, connection)
        welcome(done)
        connection.close()
        if not load_only:
            with one_worker():
                run_server()
    console.print("stopped; the data are kept")


#: `obs worker`, which the kernel ends with the thread that started it (prctl(2), PR_SET_PDEATHSIG = 1, SIGTERM = 15).
_WORKER = """
import ctypes, os, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, 15)
if os.getppid() != int(sys.argv.pop()):
    sys.exit()
from observatoire.cli import main
main()
"""
AGAIN = 2.0  # s before a worker that died is replaced


@contextmanager
def one_worker() -> Iterator[None]:
    """Have a worker beside the server: a program of its own, replaced where it dies, stopped with the server."""
    keeper = Keeper([sys.executable, "-c", _WORKER, "worker", str(os.getpid())])
    keeper.start()
    try:
        yield
    finally:
        keeper.stop()


class Keeper(threading.Thread):
    """Keeps a program running: starts it, and again `AGAIN` seconds after it ended, until it is told to stop."""

    def __init__(self, command: list[str]) -> None:
        super().__init__(name="keeper", daemon=True)
        self._command = command
        self._leaving = threading.Event()
        self._lock = threading.Lock()
        self.program: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start the program as often as it takes."""
        while program := self._begun():
            code = program.wait()
            if self._leaving.wait(AGAIN):
                return
            console.print(f"[yellow]the worker ended (exit code {code}); starting another[/yellow]")

    def _begun(self) -> "subprocess.Popen[bytes] | None":
        with self._lock:
            if self._leaving.is_set():
                return None
            self.program = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)
            return self.program

    def stop(self) -> None:
        """End the program: asked first, killed after 10 s."""
        with self._lock:
            self._leaving.set()
            program = self.program
        if program is None:
            return
        program.terminate()
        try:
            program.wait(10)
        except subprocess.TimeoutExpired:
            program.kill()
            program.wait()


def welcome(done: Demo) -> None:
    """Print the addresses and the keys."""
    base = settings().url or f"http://{settings().bind}"
    console.print(f"\n[bold]{done.title}[/bold]" + ("  [yellow](simulated data)[/yellow]" if done.simulated else ""))
    for name, path in (("start", "/"), ("desk", "/pro/"), ("OGC API", "/api"), ("health", "/health")):
        console.print(f"  {name:8} {base}{path}")
    console.print(f"  keys     {done.keys_file}  (header X-API-Key)")
    for audience, key in done.keys.items():
        console.print(f"    {audience:13} {key}")
    console.print("Ctrl-C stops all; the data are kept.\n")
