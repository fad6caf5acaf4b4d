"""`obs plugin`: packages that add to the observatory what a city or a partner knows."""

from pathlib import Path
from typing import Annotated

import typer

from observatoire.commands.base import Format, Output, show
from observatoire.hooks import manager
from observatoire.template import make_package

plugin = typer.Typer(no_args_is_help=True, help="Packages that add layers, sources, connectors and processes.")


@plugin.command()
def new(
    name: Annotated[str, typer.Argument(help="Id of its collection and its source, such as bancs")],
    *,
    into: Annotated[Path, typer.Option(help="Folder in which the package's own is made")] = Path(),
    output: Output = Format.text,
) -> None:
    """Make a package with a layer, a source, a process and tests that pass."""
    folder = make_package(name, into)
    text = f"{folder} made; `pip install -e {folder}` beside the observatory, then run its tests"
    show({"folder": str(folder)}, output, text=text)


@plugin.command(name="list")
def list_(*, output: Output = Format.text) -> None:
    """Show the packages whose hooks the observatory calls."""
    found = {name: str(getattr(part, "__name__", type(part).__module__)) for name, part in manager().list_name_plugin()}
    show({"plugins": found}, output, text="\n".join(f"{name}: {where}" for name, where in sorted(found.items())))
