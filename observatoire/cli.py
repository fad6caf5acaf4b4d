"""`obs`: the command line. Exit codes are those of sysexits.h, from the classes of observatoire/errors.py."""

import json
import logging
import signal
import sys
from types import FrameType

import typer

from observatoire import __version__
from observatoire.commands.bench_forecast import bench_forecast
from observatoire.commands.demo import demo
from observatoire.commands.forecast import forecast
from observatoire.commands.load import duplicates, load, loads
from observatoire.commands.plugin import plugin
from observatoire.commands.publish import publish
from observatoire.commands.quarantine import purge, quarantine, retention, sealed, sealing_key
from observatoire.commands.serve import render, serve
from observatoire.commands.store import doctor, init, key, stop
from observatoire.commands.worker import worker
from observatoire.errors import ObsError, internal

app = typer.Typer(
    name="obs", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
    help="An observatory of public tranquillity: load, forecast, serve.",
)  # fmt: skip
for command in (
    init, load, loads, duplicates, quarantine, sealed, sealing_key, purge, retention, forecast, serve, worker, stop,
    key, render, doctor, demo, publish,
):  # fmt: skip
    app.command(no_args_is_help=False)(command)
app.command("bench-forecast")(bench_forecast)
app.add_typer(plugin, name="plugin")


@app.command()
def version() -> None:
    """Say which version this is."""
    sys.stdout.write(f"observatoire {__version__}\n")


def fail(message: str, code: int, kind: str) -> int:
    """Say what went wrong on standard error, as JSON where `-o json` was asked for; return the exit code."""
    wants_json = any(a in ("-o=json", "-ojson", "--output=json") for a in sys.argv) or any(
        a in ("-o", "--output") and b == "json" for a, b in zip(sys.argv, sys.argv[1:], strict=False)
    )
    text = json.dumps({"error": kind, "detail": message}, ensure_ascii=False) if wants_json else f"obs: {message}"
    sys.stderr.write(text + "\n")
    return code


def end(number: int, _: FrameType | None) -> None:
    """Leave in order on SIGTERM: transactions are rolled back, the store's last user stops it."""
    sys.exit(128 + number)


def main() -> None:
    """Run `obs`; nothing of an unexpected exception is shown but its reference."""
    signal.signal(signal.SIGTERM, end)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    try:
        app()
    except ObsError as error:
        sys.exit(fail(str(error), error.exit_code, error.type))
    except BrokenPipeError:
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        sys.exit(fail(internal(error), 70, "internal"))


if __name__ == "__main__":
    main()
