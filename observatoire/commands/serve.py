"""`obs serve`, `obs render`."""

import logging
from typing import Annotated

import typer
import uvicorn

from observatoire.commands.base import Format, Output, console, ready_store, show
from observatoire.errors import BadSettings
from observatoire.layers.render import render as render_files
from observatoire.settings import settings


def address() -> tuple[str, int]:
    """Return host and port of `OBS_BIND`."""
    host, _, port = settings().bind.rpartition(":")
    if not host or not port.isdigit() or not 0 <= int(port) < 65536:
        raise BadSettings(f"OBS_BIND: expected address:port, got {settings().bind!r}")
    return host.strip("[]"), int(port)


def run_server() -> None:
    """Serve until interrupted."""
    host, port = address()
    logging.basicConfig(level=settings().log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    uvicorn.run(
        "observatoire.server.app:create_app", factory=True, host=host, port=port, log_level="warning",
        server_header=False, timeout_graceful_shutdown=5,
    )  # fmt: skip


def serve() -> None:
    """Serve the city that is loaded."""
    with ready_store(patient=True):
        console.print(f"serving on http://{settings().bind}")
        run_server()


def render(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail where a generated file is stale")
    ] = False,
    output: Output = Format.text,
) -> None:
    """Write the generated files (`pygeoapi-config.yml`) from the catalogue."""
    changed = render_files(check=check)
    show({"stale" if check else "written": changed}, output, text="\n".join(changed) or "all generated files are fresh")
    if check and changed:
        raise BadSettings(f"stale generated files: {', '.join(changed)}; run `obs render`")
