"""The doors to a load: a source that the city's file names, or any file with a mapping."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from psycopg import Connection

from observatoire.cities import City, SourceSettings
from observatoire.errors import BadInput, BadSettings, NotFound, SourceUnavailable, UnknownSource
from observatoire.intake.check import Checker
from observatoire.intake.files import source_file
from observatoire.intake.load import Progress, Summary, load, made, parsed
from observatoire.intake.locate import WGS84, Locator
from observatoire.intake.mapping import check_columns, check_map, make_parse
from observatoire.intake.options import Options, make_options
from observatoire.intake.registry import connector_of, source_of
from observatoire.intake.source import Connector, Context, Source, Table
from observatoire.layers.catalog import layer_of
from observatoire.layers.model import Layer
from observatoire.settings import Settings


def load_all(
    connection: Connection, city: City, *, settings: Settings, progress: Progress | None = None
) -> dict[str, Summary]:
    """Load all sources of a city, in the order of its file; see `load_source`."""
    return {name: load_source(connection, city, name, settings=settings, progress=progress) for name in city.sources}


def load_source(
    connection: Connection, city: City, name: str, *, settings: Settings, progress: Progress | None = None
) -> Summary:
    """Load one source of a city.

    Parameters
    ----------
    connection : psycopg.Connection
        Of the store's administrator, outside any transaction; the schema is ready.
    name : str
        The city's name for it; the items' keys are kept under this name.
    progress : callable, optional
        Told the number of rows read so far.

    Raises
    ------
    UnknownSource, SourceUnavailable, BadSource, BadSettings, StoreUnavailable
        Nothing of the load is kept.
    """
    try:
        wanted = city.sources[name]
    except KeyError:
        raise UnknownSource(f"{city.id} has no source {name!r}; expected one of {', '.join(city.sources)}") from None
    if wanted.source is None:
        return _load_mapped(connection, city, name, wanted, settings, progress)
    source = source_of(wanted.source)
    layer = layer_of(source.collection)
    if source.items is not None:
        return load(
            connection,
            layer,
            name,
            made(source.items(Context(city, wanted.options, connection))),
            check=Checker(layer, origin=source.origin, planned=source.planned),
            locate=Locator(city, layer.geometry, city.crs),
            progress=progress,
        )
    return _load_parsed(connection, city, name, source, wanted, settings, progress)


def load_file(
    connection: Connection,
    city: City,
    *,
    connector: str,
    collection: str,
    file: str,
    options: Options,
    settings: Settings,
    source: str | None = None,
    progress: Progress | None = None,
) -> Summary:
    """Load a file with a mapping.

    Parameters
    ----------
    connector : str
        `csv`, `geofile`, or a plugin's.
    file : str
        Path, or `-` for the standard input.
    source : str, optional
        Name under which the items' keys are kept: a replay is recognised by it. Default: the connector's.

    Raises
    ------
    NotFound, BadInput, BadSource, StoreUnavailable
        Nothing of the load is kept.
    """
    layer = layer_of(collection)
    options = _limited(options, settings)
    check_map(layer, options)
    reader = connector_of(connector)
    opened: Path | BinaryIO = Path(file)
    if file == "-":
        if not reader.streams:
            raise BadInput(f"file: connector {connector} needs a file, not a pipe")
        opened = sys.stdin.buffer
    elif not Path(file).exists() or Path(file).is_dir():
        raise NotFound(f"file: no file {Path(file).name}")
    return _load_table(connection, city, layer, source or connector, _read(reader, opened, options), options, progress)


def _load_mapped(
    connection: Connection, city: City, name: str, wanted: SourceSettings, settings: Settings, progress: Progress | None
) -> Summary:
    if wanted.connector is None or wanted.collection is None:
        raise BadSettings(f"{city.id}: sources.{name}: expected `source`, or `connector` and `collection`")
    layer = layer_of(wanted.collection)
    options = _limited(_city_options(city, name, wanted.options), settings)
    check_map(layer, options)
    table = _read(connector_of(wanted.connector), source_file(name, wanted, settings), options)
    return _load_table(connection, city, layer, name, table, options, progress)


def _load_table(
    connection: Connection,
    city: City,
    layer: Layer,
    source: str,
    table: Table,
    options: Options,
    progress: Progress | None,
) -> Summary:
    check_columns(table.columns, list(options.map.values()), options.drop)
    # What happens is reported by somebody; what has no instant (a division, a cell) is drawn by an administration.
    origin = options.origin or ("reported" if layer.time_field else "administrative")
    return load(
        connection,
        layer,
        source,
        parsed(table.records, make_parse(layer, options, city.zone)),
        check=Checker(layer, origin=origin, planned=options.planned),
        locate=Locator(city, layer.geometry, table.crs or options.crs or WGS84),
        progress=progress,
    )


def _load_parsed(
    connection: Connection,
    city: City,
    name: str,
    source: Source,
    wanted: SourceSettings,
    settings: Settings,
    progress: Progress | None,
) -> Summary:
    assert source.parse is not None, source.id
    layer = layer_of(source.collection)
    options = _limited(_city_options(city, name, wanted.options, source.options), settings)
    table = _read(connector_of(source.connector or "csv"), source_file(name, wanted, settings), options)
    columns = tuple(source.column(column) for column in table.columns)
    check_columns(columns, source.columns, ())
    records = (
        record
        if not isinstance(record.row, Mapping)
        else record._replace(row=dict(zip(columns, record.row.values(), strict=True)))
        for record in table.records
    )
    return load(
        connection,
        layer,
        name,
        parsed(records, source.parse),
        check=Checker(layer, origin=source.origin, planned=source.planned),
        locate=Locator(city, layer.geometry, table.crs or options.crs or WGS84),
        progress=progress,
    )


def _read(connector: Connector, file: Path | BinaryIO, options: Options) -> Table:
    if connector.read is None:
        raise BadInput(f"connector: {connector.id} asks a service; expected one that reads a file")
    try:
        return connector.read(file, options)
    except OSError as error:
        raise SourceUnavailable(f"file: it cannot be opened: {error.strerror}") from None


def _limited(options: Options, settings: Settings) -> Options:
    return options.model_copy(update={"max_row_bytes": settings.max_row_bytes})


def _city_options(city: City, name: str, values: Mapping[str, Any], base: Options | None = None) -> Options:
    try:
        return make_options(dict(values), base)
    except BadInput as error:
        raise BadSettings(f"{city.id}: sources.{name}.options.{error}") from None
