"""`obs load`, `obs loads`: rows in, and where they came from."""

from typing import Annotated

import typer

from observatoire.cities import city
from observatoire.commands.base import Format, Output, console, counting, ready_store, show
from observatoire.errors import BadInput
from observatoire.intake.load import Summary
from observatoire.intake.mapping import takes
from observatoire.intake.options import options_from_text
from observatoire.intake.run import load_file, load_source
from observatoire.layers.catalog import layer_of
from observatoire.settings import settings
from observatoire.store.alerts import call_round
from observatoire.store.duplicates import pairs
from observatoire.store.sources import Load
from observatoire.store.sources import loads as last_loads


def sentence(summary: Summary) -> str:
    """Return one line that accounts for every row."""
    text = (
        f"{summary.source}: {summary.read:,} read = {summary.inserted:,} inserted + {summary.updated:,} updated"
        f" + {summary.unchanged:,} unchanged + {summary.quarantined:,} quarantined"
    )
    if not summary.modified:
        return f"{summary.source}: nothing new since the last load: 0 read"
    if summary.reasons:
        text += " (" + ", ".join(f"{reason}: {n:,}" for reason, n in sorted(summary.reasons.items())) + ")"
    if summary.settled:
        text += f"; {summary.settled:,} entries of the quarantine closed"
    if summary.crs_found is not None:
        text += f"; the coordinates were found to be {summary.crs_found}"
    return text


def load(
    sources: Annotated[list[str] | None, typer.Argument(help="Sources of the city's file")] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All sources of the city, in their order")] = False,
    connector: Annotated[str, typer.Option(help="csv, geofile, …: load what is not a source of the city")] = "",
    collection: Annotated[str, typer.Option(help="Collection that the file goes into")] = "",
    file: Annotated[str, typer.Option(help="Path, - for standard input, or a service's address")] = "",
    mapping: Annotated[
        str, typer.Option("--map", help="property=column[,…]; id is the source's key, * where it has none")
    ] = "",
    codes: Annotated[list[str] | None, typer.Option(help="property:theirs=ours[,theirs=ours…], repeatable")] = None,
    drop: Annotated[str, typer.Option(help="Columns that are not taken, by name, comma-separated")] = "",
    crs: Annotated[str | None, typer.Option(help="EPSG:n of x and y; default: found from where they lie")] = None,
    tz: Annotated[str | None, typer.Option(help="Zone of times without offset; default: the city's")] = None,
    separator: Annotated[str | None, typer.Option(help="Default: found from the header")] = None,
    encoding: Annotated[str | None, typer.Option(help="Default: utf-8")] = None,
    decimal: Annotated[str | None, typer.Option(help="Decimal mark: . or ,")] = None,
    origin: Annotated[str | None, typer.Option(help="reported, discovered, sensor or administrative")] = None,
    layer: Annotated[str | None, typer.Option(help="Layer inside a GeoPackage")] = None,
    source: Annotated[str | None, typer.Option(help="Name under which the file's keys are kept")] = None,
    request: Annotated[list[str] | None, typer.Option(help="name=value: what a service is asked, repeatable")] = None,
    planned: Annotated[bool, typer.Option("--planned", help="Dates may lie ahead")] = False,
    full: Annotated[bool, typer.Option("--full", help="Begin anew, not where the last load ended")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="The source has changed, and that is right")] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="It holds all its rows: one that was refused and is not there is gone")
    ] = False,
    output: Output = Format.text,
) -> None:
    """Load sources of the city, or one file; every row is accounted for."""
    if connector:
        _load_one_file(
            connector, collection, file, output, source=source, full=full, accept=accept, whole=whole,
            options={
                "map": mapping, "codes": codes or (), "drop": drop, "crs": crs, "tz": tz, "separator": separator,
                "encoding": encoding,
                "decimal": decimal, "origin": origin, "layer": layer, "planned": planned,
                "request": request or (),
            },
        )  # fmt: skip
        return
    names = list(city().sources) if every else list(sources or ())
    if not names:
        raise BadInput(f"name a source ({', '.join(city().sources)}), or --all, or --connector with --file")
    done: dict[str, Summary] = {}
    with ready_store() as (_, connection):
        for name in names:
            with counting(name) as progress:
                done[name] = load_source(
                    connection,
                    city(),
                    name,
                    settings=settings(),
                    progress=progress,
                    full=full,
                    accept=accept,
                    whole=whole,
                )
            if output is Format.text:
                console.print(f"[green]✓[/green] {sentence(done[name])}")
        call_round(connection)
    total = {
        field: sum(s.counts()[field] for s in done.values())
        for field in ("read", "inserted", "updated", "unchanged", "quarantined")
    }
    result = total if len(done) == 1 else total | {"sources": {name: s.counts() for name, s in done.items()}}
    show(result, output, text=f"{total['read']:,} rows read, none lost")


def _load_one_file(
    connector: str,
    collection: str,
    file: str,
    output: Format,
    *,
    source: str | None,
    options: dict[str, object],
    full: bool,
    accept: bool,
    whole: bool,
) -> None:
    for name, value in (("--collection", collection), ("--file", file)):
        if not value:
            raise BadInput(f"{name}: needed with --connector")
    if not options["map"]:
        raise BadInput(
            f"--map: needed with --connector: property=column[,property=column…]; {collection} takes "
            f"{takes(layer_of(collection))}"
        )
    checked = options_from_text(**options)  # type: ignore[arg-type]
    with ready_store() as (_, connection), counting(file) as progress:
        summary = load_file(
            connection, city(), connector=connector, collection=collection, file=file, options=checked,
            settings=settings(), source=source, progress=progress, full=full, accept=accept, whole=whole,
        )  # fmt: skip
        call_round(connection)
    show(summary.counts(), output, text=sentence(summary))


def loads(
    source: Annotated[str | None, typer.Argument(help="Only this source")] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, help="Most loads shown")] = 20,
    output: Output = Format.text,
) -> None:
    """Show the last loads: where their rows came from, and what became of them."""
    with ready_store() as (_, connection):
        found = last_loads(connection, source=source, limit=limit)
    lines = [_line(load) for load in found]
    show({"loads": [vars_of(load) for load in found]}, output, text="\n".join(lines) or "nothing was loaded yet")


def duplicates(
    collection: Annotated[str | None, typer.Argument(help="Only this collection")] = None,
    *,
    limit: Annotated[int, typer.Option(min=1, help="Most pairs shown")] = 20,
    output: Output = Format.text,
) -> None:
    """Show the items that may be one: told of by two sources, or twice by one. None of them was dropped."""
    with ready_store() as (_, connection):
        found = pairs(connection, collection=collection, limit=limit)
    lines = [
        f"{p.collection}: {p.item} and {p.other}, {p.metres:.0f} m and {p.seconds / 60:.0f} min apart" for p in found
    ]
    show({"pairs": [vars_of(p) for p in found]}, output, text="\n".join(lines) or "no two items look like one")


def _line(load: Load) -> str:
    how = ", ".join(
        part
        for part in (
            load.kind,
            load.connector,
            load.file_sha256 and f"sha256 {load.file_sha256}",
            load.since and f"since {load.since}",
            load.crs_found and f"found {load.crs_found}",
        )
        if part
    )
    return (
        f"{load.id} {load.started:%Y-%m-%d %H:%M} {load.source} → {load.collection} ({how}): {load.read:,} read = "
        f"{load.inserted:,} inserted + {load.updated:,} updated + {load.unchanged:,} unchanged + "
        f"{load.quarantined:,} quarantined"
    )


def vars_of(entry: object) -> dict[str, object]:
    """Return the fields of a small dataclass."""
    return {name: getattr(entry, name) for name in getattr(entry, "__dataclass_fields__", {})}
