"""The doors to a load: a source that the city's file names, or any file or service with a mapping."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from psycopg import Connection
from psycopg.pq import TransactionStatus

from observatoire.cities import City
from observatoire.errors import BadSource
from observatoire.intake.check import Checker
from observatoire.intake.contract import Contract
from observatoire.intake.decisions import decisions_of
from observatoire.intake.express import Express
from observatoire.intake.load import Progress, Provenance, Summary, load, made, parsed
from observatoire.intake.locate import Locator
from observatoire.intake.mapping import check_columns
from observatoire.intake.options import Options
from observatoire.intake.plan import Plan, open_table, plan_file, plan_source, source_settings
from observatoire.intake.registry import source_of
from observatoire.intake.source import Context, NotModified, Record, Source, Table
from observatoire.layers.catalog import layer_of
from observatoire.settings import Settings
from observatoire.store.sources import SOURCE_LOCK, known_of


def load_all(
    connection: Connection, city: City, *, settings: Settings, progress: Progress | None = None
) -> dict[str, Summary]:
    """Load all sources of a city, in the order of its file; see `load_source`."""
    return {name: load_source(connection, city, name, settings=settings, progress=progress) for name in city.sources}


def load_source(
    connection: Connection,
    city: City,
    name: str,
    *,
    settings: Settings,
    progress: Progress | None = None,
    full: bool = False,
    accept: bool = False,
    whole: bool = False,
) -> Summary:
    """Load one source of a city, from where its last load ended.

    Parameters
    ----------
    connection : psycopg.Connection
        Of the store's administrator, outside any transaction; the schema is ready.
    name : str
        The city's name for it; the items' keys are kept under this name.
    progress : callable, optional
        Told the number of rows read so far.
    full : bool
        Begin anew, whatever was read before.
    accept : bool
        Record what the source has become as its contract.
    whole : bool
        It is read from its beginning and holds all its rows: one that was refused and is not there any more is gone
        from quarantine. So it is where the city says so.

    Raises
    ------
    UnknownSource, SourceUnavailable, BadSource, BadSettings, StoreUnavailable
        Nothing of the load is kept.
    """
    wanted = source_settings(city, name)
    if wanted.source is not None and (source := source_of(wanted.source)).items is not None:
        return _load_made(connection, city, name, source, progress)
    return load_plan(
        connection, city, plan_source(city, name, settings), progress=progress, full=full, accept=accept, whole=whole
    )


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
    full: bool = False,
    accept: bool = False,
    whole: bool = False,
) -> Summary:
    """Load a file, or what a service gives, with a mapping.

    Parameters
    ----------
    connector : str
        `csv`, `geofile`, or a plugin's.
    file : str
        Path, `-` for the standard input, or a service's address.
    source : str, optional
        Name under which the items' keys are kept: a replay is recognised by it. Default: the connector's.

    Raises
    ------
    NotFound, BadInput, BadSource, StoreUnavailable
        Nothing of the load is kept.
    """
    plan = plan_file(
        city, connector=connector, collection=collection, file=file, options=options, settings=settings, source=source
    )
    return load_plan(connection, city, plan, progress=progress, full=full, accept=accept, whole=whole)


def load_plan(
    connection: Connection,
    city: City,
    plan: Plan,
    *,
    progress: Progress | None = None,
    full: bool = False,
    accept: bool = False,
    whole: bool = False,
) -> Summary:
    """Load what a plan says; see `load_source`."""
    with _alone(connection, plan):
        known = known_of(connection, plan.source, plan.layer.id)
        decided = decisions_of(connection, plan.source, plan.layer.id)
        connection.rollback()
        same = known is not None and known.request == plan.request
        whole = whole or plan.whole
        since = known.cursor if known is not None and same and plan.resumes and not (full or whole) else None
        provenance = Provenance(
            connector=plan.connector.id, request=plan.request, since=since, max_age=plan.max_age, whole=whole
        )
        try:
            opened = open_table(plan, since)
        except NotModified:
            return _load_nothing(connection, city, plan, provenance)
        columns = tuple(plan.rename(column) for column in opened.table.columns)
        contract = Contract(columns)
        if known is not None and known.columns is not None and not accept and (plan.named or same):
            contract = Contract(columns, known.columns, known.accepted)
        _check_columns(plan, columns, contract)
        table = opened.table
        locate = Locator(city, plan.layer.geometry, table.crs or plan.options.crs)
        records = decided.apply(contract.watch(_renamed(table, columns)))
        express = None if plan.fields is None else Express(plan.fields, plan.parse(), plan.check, locate)
        return load(
            connection,
            plan.layer,
            plan.source,
            parsed(records, plan.parse()) if express is None else records,
            check=plan.check,
            locate=locate,
            express=express,
            key=plan.key,
            progress=progress,
            provenance=provenance.of(
                sha256=opened.sha256, cursor=table.cursor if plan.resumes else None, contract=contract
            ),
        )


def replay(
    connection: Connection, city: City, plan: Plan, records: Iterator[Record], *, progress: Progress | None = None
) -> Summary:
    """Load refused rows again, as a steward's key has opened them, with what was decided of them."""
    with _alone(connection, plan):
        decided = decisions_of(connection, plan.source, plan.layer.id)
        connection.rollback()
        return load(
            connection,
            plan.layer,
            plan.source,
            parsed(decided.apply(records), plan.parse()),
            check=plan.check,
            locate=Locator(city, plan.layer.geometry, plan.options.crs),
            key=plan.key,
            progress=progress,
            provenance=Provenance(kind="replay", connector=plan.connector.id),
        )


def _load_nothing(connection: Connection, city: City, plan: Plan, provenance: Provenance) -> Summary:
    """Write that a service was asked and had nothing new: cursor and contract stay."""
    return load(
        connection,
        plan.layer,
        plan.source,
        iter(()),
        check=plan.check,
        locate=Locator(city, plan.layer.geometry),
        provenance=provenance.of(kind="not-modified"),
    )


def _load_made(connection: Connection, city: City, name: str, source: Source, progress: Progress | None) -> Summary:
    assert source.items is not None, source.id
    layer = layer_of(source.collection)
    wanted = city.sources[name]
    return load(
        connection,
        layer,
        name,
        made(source.items(Context(city, wanted.options, connection))),
        check=Checker(layer, origin=source.origin, planned=source.planned),
        locate=Locator(city, layer.geometry, city.crs),
        progress=progress,
        provenance=Provenance(max_age=wanted.max_age, whole=wanted.whole),
    )


def _check_columns(plan: Plan, columns: tuple[str, ...], contract: Contract) -> None:
    """Refuse columns that the plan does not know, or that are not those of the contract, and say what changed."""
    try:
        check_columns(columns, plan.wanted, plan.dropped)
    except BadSource as error:
        if drift := contract.drift():
            raise BadSource(f"{error} (since {contract.since:%Y-%m-%d}: {'; '.join(drift)})") from None
        raise
    contract.check()


def _renamed(table: Table, columns: tuple[str, ...]) -> Iterator[Record]:
    """Return the records of a table under the names that its source gives its columns."""
    if columns == table.columns:
        return table.records
    return (
        record._replace(row=dict(zip(columns, record.row.values(), strict=True)))
        if isinstance(record.row, Mapping)
        else record
        for record in table.records
    )


@contextmanager
def _alone(connection: Connection, plan: Plan) -> Iterator[None]:
    """Have the loads of one source follow each other, reading included: a cursor is read and written by one of them.

    The lock is the session's: it ends with it, however that ends.
    """
    given = [SOURCE_LOCK, f"{plan.source}\x1f{plan.layer.id}"]
    connection.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", given)
    connection.rollback()
    try:
        yield
    finally:
        if connection.info.transaction_status in (TransactionStatus.ACTIVE, TransactionStatus.UNKNOWN):
            connection.close()  # the store went away in the middle of a command
        else:
            connection.rollback()
            connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", given)
            connection.rollback()
