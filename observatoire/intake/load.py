"""A load: check, locate, stage, merge. One transaction; nothing disappears; running twice changes nothing.

What is refused leaves its line, field and reason; the row itself only sealed, for stewards, where they have a key.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from itertools import batched
from typing import Any, Literal

import psycopg
from psycopg import Connection, Cursor
from psycopg.pq import TransactionStatus
from shapely import to_wkb

from observatoire.cities import City
from observatoire.errors import BadInput, StoreUnavailable
from observatoire.intake.ahead import Ahead, seldom_collected
from observatoire.intake.check import Checker
from observatoire.intake.contract import Contract
from observatoire.intake.express import Express
from observatoire.intake.firewall.firewall import find, may_be_shown
from observatoire.intake.locate import Locator
from observatoire.intake.sealed import SHAPE, Sealer, purge, sealer
from observatoire.intake.source import Item, Record, Rejected, Row, digest
from observatoire.layers.model import Layer
from observatoire.store.duplicates import flag
from observatoire.store.refused import keep_refused, settle
from observatoire.store.sources import remember, touch
from observatoire.store.straight import Straight
from observatoire.store.upsert import (
    create_staging,
    merge,
    newest,
    stage,
    stage_lines,
    staged_columns,
)

BATCH = 5_000  # rows: what is held in memory at once

#: Line, fingerprint of the row, the item or why there is none, and the row as it came (None where it is not one).
Outcome = tuple[int, bytes, Item | Rejected, Mapping[str, Any] | None]
Progress = Callable[[int], None]
#: The source's own key of a row, empty where it has none.
KeyOf = Callable[[Row], str]


@dataclass(frozen=True)
class Summary:
    """What became of the rows of one load: `read` is the sum of the four others.

    Attributes
    ----------
    reasons : dict of str to int
        Quarantined rows by reason.
    crs_found : str or None
        CRS of the coordinates, where nobody said it.
    modified : bool
        False where a service said that nothing is new.
    settled : int
        Entries of the quarantine that it closed: rows that are accepted now, corrected, or gone.
    """

    collection: str
    source: str
    load_id: int
    read: int
    inserted: int
    updated: int
    unchanged: int
    quarantined: int
    reasons: dict[str, int]
    crs_found: str | None = None
    modified: bool = True
    settled: int = 0

    def counts(self) -> dict[str, int]:
        """Return `{read, inserted, updated, unchanged, quarantined}`."""
        return {
            n: v for n, v in asdict(self).items() if n in {"read", "inserted", "updated", "unchanged", "quarantined"}
        }

    @property
    def changed(self) -> bool:
        """Whether the collection is not what it was."""
        return self.inserted + self.updated > 0


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """How the rows of a load were had, and what the next one rests on. All of it is written with the rows.

    Attributes
    ----------
    kind : {"load", "not-modified", "replay"}
        The last two leave cursor and contract as they are.
    connector : str or None
    sha256 : bytes or None
        Of the file.
    request : bytes
        Fingerprint of what was asked.
    since : str or None
        The cursor that it began with.
    cursor : callable or None
        Where the next load begins, asked once all rows are read.
    contract : Contract or None
        That has watched the rows.
    max_age : timedelta or None
        Allowed by the city.
    whole : bool
        Whether somebody said that the load holds all rows of its source: what it refused before and does not hold any
        more is gone.
    """

    kind: Literal["load", "not-modified", "replay"] = "load"
    connector: str | None = None
    sha256: bytes | None = None
    request: bytes = b""
    since: str | None = None
    cursor: Callable[[], str | None] | None = None
    contract: Contract | None = None
    max_age: timedelta | None = None
    whole: bool = False

    @property
    def of_a_file(self) -> bool:
        """Whether all rows come from a file, and so without waiting."""
        return self.kind == "load" and self.sha256 is not None

    def of(self, **changes: Any) -> "Provenance":
        """Return it with what is known by now."""
        return replace(self, **changes)


def parsed(records: Iterable[Record], parse: Callable[[Row], Item]) -> Iterator[Outcome]:
    """Return the items of records; the rows go no further."""
    for line, row, fingerprint, geometry in records:
        if isinstance(row, Rejected):
            yield line, fingerprint, row, None
            continue
        try:
            item = parse(row)
        except Rejected as rejected:
            yield line, fingerprint, rejected, _whole(row, geometry)
            continue
        if geometry is not None:
            item["geometry"] = geometry
        yield line, fingerprint, item, row


def _whole(row: Mapping[str, Any], geometry: Any) -> Mapping[str, Any]:
    """Return what is sealed of a refused row: a feature with its place."""
    return row if geometry is None else {**row, SHAPE: to_wkb(geometry, hex=True)}


def made(items: Iterable[Mapping[str, Any]]) -> Iterator[Outcome]:
    """Return items that a source makes itself, ranked from 1; their fingerprint is that of their key."""
    for rank, item in enumerate(items, start=1):
        yield rank, digest(str(item.get("source_key")).encode()), dict(item), item


def load(
    connection: Connection,
    layer: Layer,
    source: str,
    outcomes: Iterable[Outcome] | Iterable[Record],
    *,
    check: Checker,
    locate: Locator,
    express: Express | None = None,
    key: KeyOf | None = None,
    progress: Progress | None = None,
    provenance: Provenance | None = None,
) -> Summary:
    """Load the items of one source into its collection, in one transaction.

    Parameters
    ----------
    connection : psycopg.Connection
        Of the store's administrator, outside any transaction.
    source : str
        Under this name the keys are kept: the same source and key is the same item.
    outcomes : iterable
        Read as they come, `BATCH` at a time: outcomes, or with `express` the records that it takes or parses.
    express : Express, optional
        The short way for plain rows.
    key : callable, optional
        The source's own key of a row that is refused, by which it is known again once it is corrected: empty where it
        has none. Default: that of its item, where there is one.

    Raises
    ------
    StoreUnavailable
        If the store goes away, or refuses what it is given: nothing of the load is kept.
    BadInput
        If the name of the source is a person's data.
    BadSource
        From the source itself, or where it is no longer what its contract says: nothing of the load is kept.
    """
    if connection.info.transaction_status is not TransactionStatus.IDLE:
        raise ValueError("connection must be outside any transaction")
    if find(source):
        raise BadInput("source: expected the name of a system; this one holds data of a person")
    read, reasons = 0, Counter[str]()
    try:
        with connection.transaction(), connection.cursor() as cursor, Ahead() as copying, seldom_collected():
            create_staging(cursor, layer)
            purge(cursor)
            sealing = sealer(cursor, source, layer.id)
            straight = Straight(cursor, layer, source, possible=provenance is not None and provenance.of_a_file)
            for batch in batched(outcomes, BATCH):
                rest: Iterable[tuple[int, Any]] = enumerate(batch, start=read + 1)
                if express is not None:
                    lines, records = express(list(rest))
                    copying(stage_lines, cursor, layer, lines)
                    rest = ((seq, outcome) for seq, record in records for outcome in parsed([record], express.parse))
                if numbered := dict(rest):
                    copying.wait()
                    reasons += _stage_rows(cursor, layer, numbered, check, locate, sealing, key)
                read += len(batch)
                copying(straight, read)
                if progress is not None:
                    progress(read)
            copying.wait()
            summary = _finish(cursor, layer, source, straight, read, reasons, locate.found, provenance or Provenance())
    except (psycopg.OperationalError, psycopg.InterfaceError):
        raise StoreUnavailable(
            f"the store went away while {layer.id} was loaded; nothing was kept: run the same command again"
        ) from None
    except psycopg.Error as error:
        # Its own text may quote a row.
        raise StoreUnavailable(
            f"the store refused what {layer.id} was given (SQLSTATE {error.sqlstate}); nothing was kept"
        ) from None
    return summary


def load_items(
    connection: Connection,
    city: City,
    layer: Layer,
    source: str,
    items: Iterable[Mapping[str, Any]],
    *,
    origin: str,
    crs: str | None = None,
    planned: bool = True,
    progress: Progress | None = None,
) -> Summary:
    """Load items made by the program itself: forecasts, cells, simulated reports.

    Parameters
    ----------
    crs : str, optional
        That of `x`, `y` and `geometry`; default: the city's.
    """
    return load(
        connection,
        layer,
        source,
        made(items),
        check=Checker(layer, origin=origin, planned=planned),
        locate=Locator(city, layer.geometry, crs or city.crs),
        progress=progress,
    )


def _stage_rows(
    cursor: Cursor[Any],
    layer: Layer,
    outcomes: Mapping[int, Outcome],
    check: Checker,
    locate: Locator,
    sealing: Sealer | None,
    key: KeyOf | None,
) -> Counter[str]:
    """Check, locate and stage one row after the other; return how many were refused for which reason."""
    rows: list[tuple[int, int, bytes]] = []
    items: list[Item] = []
    refused: list[tuple[int, int, bytes, Rejected]] = []
    for seq, (line, fingerprint, outcome, _) in outcomes.items():
        if isinstance(outcome, Rejected):
            refused.append((seq, line, fingerprint, outcome))
            continue
        try:
            items.append(check(outcome))
        except Rejected as rejected:
            refused.append((seq, line, fingerprint, rejected))
            continue
        rows.append((seq, line, fingerprint))
    own = staged_columns(layer)[4:]
    accepted: list[tuple[Any, ...]] = []
    for row, item, place in zip(rows, items, locate(items), strict=True):
        if isinstance(place, Rejected):
            refused.append((*row, place))
        else:
            accepted.append((*row, place, *[item[name] for name in own]))
    told = [(s, n, d, why.field, why.reason, _message(why), _key(outcomes[s], check, key)) for s, n, d, why in refused]
    stage(cursor, layer, accepted, told)
    if sealing is not None:
        sealing(cursor, [(n, d, _bare(why), _sealed(outcomes[s])) for s, n, d, why in refused])
    return Counter(why.reason for *_, why in refused)


def _key(outcome: Outcome, check: Checker, key: KeyOf | None) -> str | None:
    """Return the key of a refused row, where it has one that could stand in the collection: not a person's."""
    _, _, item, row = outcome
    if row is None:
        return None
    try:
        return check.key(key(row) if key is not None else item.get("source_key") if isinstance(item, dict) else None)
    except Rejected:
        return None


def _sealed(outcome: Outcome) -> Mapping[str, Any] | None:
    _, _, item, row = outcome
    if row is None or row is item or isinstance(item, Rejected):
        return row
    return _whole(row, item.get("geometry"))


def _bare(why: Rejected) -> str:
    return f"{why.field}: {why.reason}"


def _message(why: Rejected) -> str:
    """Return what the quarantine says of a refusal, with the value only where that is surely of nobody."""
    bare = _bare(why)
    value = str(why).removeprefix(bare).removeprefix(" ('").removesuffix("')")
    return str(why) if value and may_be_shown(value) else bare


def _finish(
    cursor: Cursor[Any],
    layer: Layer,
    source: str,
    straight: Straight,
    read: int,
    reasons: Counter[str],
    crs_found: str | None,
    provenance: Provenance,
) -> Summary:
    columns = provenance.contract.settled() if provenance.contract is not None else None
    position = provenance.cursor() if provenance.cursor is not None else None
    merged = merge(cursor, layer, source, straight)
    if merged.superseded:
        reasons["superseded"] += merged.superseded
    summary = Summary(
        layer.id, source, merged.load_id, read, merged.inserted, merged.updated, merged.unchanged,
        reasons.total(), dict(reasons.most_common()), crs_found, provenance.kind != "not-modified",
    )  # fmt: skip
    cursor.execute(
        "INSERT INTO obs.loads (id, source, collection, finished, read, inserted, updated, unchanged, quarantined, "
        "kind, connector, file_sha256, since, crs_found) VALUES (%(load_id)s, %(source)s, %(collection)s, "
        "clock_timestamp(), %(read)s, %(inserted)s, %(updated)s, %(unchanged)s, %(quarantined)s, "
        "%(kind)s, %(connector)s, %(sha256)s, %(since)s, %(crs_found)s)",
        {
            "load_id": merged.load_id,
            "source": source,
            "collection": layer.id,
            "kind": provenance.kind,
            "connector": provenance.connector,
            "sha256": provenance.sha256,
            "since": provenance.since,
            "crs_found": crs_found,
        }
        | summary.counts(),
    )
    keep_refused(cursor, layer, source, merged.load_id)
    whole = provenance.whole and provenance.kind == "load"
    summary = replace(summary, settled=settle(cursor, layer, source, merged.load_id, whole=whole))
    if summary.changed:
        flag(cursor, layer, source, merged.load_id, updated=summary.updated > 0, first=straight.count > 0)
    if provenance.kind == "load":
        remember(
            cursor, source, layer.id, merged.load_id, request=provenance.request, position=position, columns=columns,
            newest=newest(cursor, layer), changed=summary.changed, max_age=provenance.max_age,
        )  # fmt: skip
    else:
        touch(cursor, source, layer.id, merged.load_id)
    return summary
