"""What a load reads and how its rows become items: from a source of the city's file, or from the words of a command."""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

from observatoire.cities import City, SourceSettings
from observatoire.errors import BadInput, BadSettings, NotFound, SourceUnavailable, UnknownSource
from observatoire.intake.check import Checker
from observatoire.intake.files import source_file
from observatoire.intake.mapping import OWN_KEY, Fields, check_map, fields_of, make_parse
from observatoire.intake.options import Options, make_options
from observatoire.intake.registry import connector_of, source_of
from observatoire.intake.source import Connector, Item, Row, Source, Table, digest
from observatoire.layers.catalog import layer_of
from observatoire.layers.model import Layer
from observatoire.settings import Settings

#: Options that say how far or how much is read, not what.
_NOT_ASKED = {"since", "max_row_bytes"}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How one source is read into its collection.

    Attributes
    ----------
    source : str
        Name under which its keys, cursor and contract are kept.
    place : callable
        Path, stream or address of what is read; asked for when it is read, for it may have to be fetched.
    wanted, dropped
        Columns that must be there; columns that may, or `all-others`.
    rename : callable
        Name of a column from what the header says.
    parse : callable
        Makes the parse of one load.
    fields : Fields or None
        What the parse is made of, where the table is mapped.
    named : bool
        Whether somebody named the source. One that has its connector's name only is whatever file is given, so that
        its contract holds for the same mapping only.
    max_age : timedelta or None
    key : callable or None
        Gives the source's own key of a row, empty where it has none; None: its parse alone does.
    whole : bool
        Whether the city says that each load holds all its rows.
    """

    layer: Layer
    source: str
    connector: Connector
    place: Callable[[], Path | BinaryIO | str]
    options: Options
    wanted: Sequence[str]
    dropped: Sequence[str] | str
    parse: Callable[[], Callable[[Row], Item]]
    check: Checker
    rename: Callable[[str], str] = str
    fields: Fields | None = None
    named: bool = True
    max_age: timedelta | None = None
    address: str = ""
    key: Callable[[Row], str] | None = None
    whole: bool = False

    @property
    def request(self) -> bytes:
        """Fingerprint of what is asked for: a cursor holds for the same request only."""
        asked = self.options.model_dump(mode="json", exclude=_NOT_ASKED)
        return digest(self.connector.id.encode(), self.address.encode(), json.dumps(asked, sort_keys=True).encode())

    @property
    def resumes(self) -> bool:
        """Whether it can be read from where the last load ended: not where alike rows are told apart by their rank."""
        return self.connector.fetch is not None and self.options.map.get("id") != OWN_KEY


def plan_source(city: City, name: str, settings: Settings) -> Plan:
    """Return the plan of a source of the city's file that reads rows.

    Raises
    ------
    UnknownSource, BadSettings, BadInput, UnknownLayer
    """
    wanted = source_settings(city, name)
    if wanted.source is not None:
        return _plan_registered(city, name, source_of(wanted.source), wanted, settings)
    if wanted.connector is None or wanted.collection is None:
        raise BadSettings(f"{city.id}: sources.{name}: expected `source`, or `connector` and `collection`")
    connector = connector_of(wanted.connector)
    plan = _plan_mapped(
        city, layer_of(wanted.collection), name, connector, _city_options(city, name, wanted.options), settings,
        place=_place(city, name, connector, wanted, settings),
    )  # fmt: skip
    return replace(plan, max_age=wanted.max_age, address=wanted.address or "", whole=wanted.whole)


def plan_file(
    city: City, *, connector: str, collection: str, file: str, options: Options, settings: Settings, source: str | None
) -> Plan:
    """Return the plan of a file, a pipe (`-`) or a service's address, with a mapping.

    Raises
    ------
    NotFound, BadInput, UnknownLayer
    """
    layer, reader = layer_of(collection), connector_of(connector)

    def place() -> Path | BinaryIO | str:
        if reader.fetch is not None:
            return file
        if file == "-":
            if not reader.streams:
                raise BadInput(f"file: connector {connector} needs a file, not a pipe")
            return sys.stdin.buffer
        if not Path(file).exists() or Path(file).is_dir():
            raise NotFound(f"file: no file {Path(file).name}")
        return Path(file)

    plan = _plan_mapped(city, layer, source or connector, reader, options, settings, place=place)
    return replace(plan, named=source is not None, address=file if reader.fetch is not None else "")


def source_settings(city: City, name: str) -> SourceSettings:
    """Return what the city's file says of a source, or raise `UnknownSource`."""
    try:
        return city.sources[name]
    except KeyError:
        raise UnknownSource(f"{city.id} has no source {name!r}; expected one of {', '.join(city.sources)}") from None


@dataclass(frozen=True)
class Opened:
    """A table that is being read, and the SHA-256 of its file where it is one."""

    table: Table
    sha256: bytes | None = None


def open_table(plan: Plan, since: str | None) -> Opened:
    """Open what a plan reads, from where the last load ended.

    Raises
    ------
    NotModified
        A service says that nothing is new.
    SourceUnavailable, BadSource, BadInput, NotFound
    """
    place = plan.place()
    try:
        if plan.connector.fetch is not None:
            return Opened(plan.connector.fetch(str(place), plan.options.model_copy(update={"since": since})))
        if plan.connector.read is None:
            raise BadInput(f"connector: {plan.connector.id} reads nothing")
        assert not isinstance(place, str)
        sha256 = _sha256(place) if isinstance(place, Path) and place.is_file() else None
        return Opened(plan.connector.read(place, plan.options), sha256)
    except OSError as error:
        raise SourceUnavailable(f"file: it cannot be opened: {error.strerror}") from None


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _plan_mapped(
    city: City,
    layer: Layer,
    source: str,
    connector: Connector,
    options: Options,
    settings: Settings,
    *,
    place: Callable[[], Path | BinaryIO | str],
) -> Plan:
    options = _limited(options, settings)
    check_map(layer, options)
    # What happens is reported by somebody; what has no instant (a division, a cell) is drawn by an administration.
    key, origin = options.map["id"], options.origin or ("reported" if layer.time_field else "administrative")
    return Plan(
        layer=layer, source=source, connector=connector, place=place, options=options,
        wanted=[column for column in options.map.values() if column != OWN_KEY], dropped=options.drop,
        parse=lambda: make_parse(layer, options, city.zone), fields=fields_of(layer, options, city.zone),
        check=Checker(layer, origin=origin, planned=options.planned),
        key=lambda row: "" if key == OWN_KEY else row[key].strip(),
    )  # fmt: skip


def _plan_registered(city: City, name: str, source: Source, wanted: SourceSettings, settings: Settings) -> Plan:
    if source.parse is None:
        raise BadInput(f"{name}: its items are made here, not read from rows")
    parse = source.parse
    layer = layer_of(source.collection)
    connector = connector_of(source.connector or "csv")
    return Plan(
        layer=layer, source=name, connector=connector, place=_place(city, name, connector, wanted, settings),
        options=_limited(_city_options(city, name, wanted.options, source.options), settings),
        wanted=source.columns, dropped=(), rename=source.column, parse=lambda: parse,
        check=Checker(layer, origin=source.origin, planned=source.planned),
        max_age=wanted.max_age, address=wanted.address or "", whole=wanted.whole,
        key=(lambda row: row[source.key]) if source.key else None,
    )  # fmt: skip


def _place(
    city: City, name: str, connector: Connector, wanted: SourceSettings, settings: Settings
) -> Callable[[], Path | str]:
    """Return where a city's source is: the address of a service, or its file."""

    def place() -> Path | str:
        if connector.fetch is None:
            return source_file(name, wanted, settings)
        if wanted.address is None:
            raise BadSettings(f"{city.id}: sources.{name}: connector {connector.id} asks a service; expected `address`")
        return wanted.address

    return place


def _limited(options: Options, settings: Settings) -> Options:
    return options.model_copy(update={"max_row_bytes": settings.max_row_bytes})


def _city_options(city: City, name: str, values: Mapping[str, Any], base: Options | None = None) -> Options:
    try:
        return make_options(dict(values), base)
    except BadInput as error:
        raise BadSettings(f"{city.id}: sources.{name}.options.{error}") from None
