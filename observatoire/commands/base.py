"""What all commands share: the store opened and ready, results as text or JSON, progress on standard error."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Annotated, Any

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from observatoire.cities import city
from observatoire.layers.catalog import catalog
from observatoire.settings import settings
from observatoire.store.database import Store, open_store
from observatoire.store.roles import passwords
from observatoire.store.schema import prepare

console = Console(stderr=True, highlight=False)


class Format(StrEnum):
    """How a result is written."""

    text = "text"
    json = "json"


Output = Annotated[Format, typer.Option("-o", "--output", help="text, or json for programs")]


def show(result: Mapping[str, Any], output: Format, *, text: str) -> None:
    """Write a result on standard output: the mapping as JSON, or `text` for a person."""
    if output is Format.json:
        sys.stdout.write(json.dumps(result, ensure_ascii=False, default=str) + "\n")
    else:
        sys.stdout.write(text + "\n")


@contextmanager
def ready_store(*, patient: bool = False) -> Iterator[tuple[Store, psycopg.Connection]]:
    """Open the store of this process's city, bring it to the state that the catalogue asks for, give a connection.

    Parameters
    ----------
    patient : bool
        Wait `OBS_STORE_WAIT_S` for a database that does not answer: a service may be started before it.
    """
    waits = {"patience": settings().store_wait_s} if patient else {}
    with open_store(settings(), **waits) as store, store.connect() as connection:
        prepare(connection, city(), catalog().values(), passwords(settings().var))
        yield store, connection


@contextmanager
def counting(what: str) -> Iterator[Callable[[int], None]]:
    """Show a running count of rows while `what` is done; nothing where standard error is not a terminal."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.completed:,.0f} rows"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda n: progress.update(task, completed=n)


@contextmanager
def stepping(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """Show how many of a known number of steps are done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)

        def step(done: int, total: int, message: str) -> None:
            progress.update(task, completed=done, total=total, description=f"{what}: {message}" if message else what)

        yield step
