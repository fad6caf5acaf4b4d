"""What connectors of services share: questions checked, features made records, the greatest value as cursor."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import shapely
from pyproj import CRS
from shapely.errors import GEOSException

from observatoire.errors import BadInput, BadSource, SourceUnavailable
from observatoire.intake.options import ALL_OTHERS, Options
from observatoire.intake.source import Record, Rejected, digest


def asked(options: Options, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, str]:
    """Return what a service is asked, or raise `BadInput` where a question is unknown or missing."""
    if unknown := sorted(options.request.keys() - set(known)):
        raise BadInput(f"request: no key {', '.join(unknown)}; expected some of {', '.join(sorted(known))}")
    if missing := sorted(set(required) - options.request.keys()):
        raise BadInput(f"request: expected the key {', '.join(missing)}")
    return dict(options.request)


def whole(request: Mapping[str, str], key: str, default: int, most: int) -> int:
    """Return a whole number from 1 to `most` of a request."""
    text = request.get(key, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise BadInput(f"request.{key}: expected a whole number from 1 to {most}")
    return int(text)


def text_of(value: Any) -> str:
    """Return a value as the text that a CSV file would hold.

    Examples
    --------
    >>> text_of(None), text_of(True), text_of(12.0), text_of(0.1), text_of(["a"])
    ('', 'true', '12', '0.1', '["a"]')
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime):
        # Spreadsheets count days in floating point: 14:05 may be 14:04:59.999.
        return (value + timedelta(microseconds=500_000)).replace(microsecond=0).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def record(
    rank: int,
    values: Mapping[str, Any],
    columns: tuple[str, ...],
    options: Options,
    *,
    geometry: Callable[[], Any] | None = None,
) -> Record:
    """Return the record of one feature, or of why it cannot be one.

    Parameters
    ----------
    values : mapping
        Column → value. A column that the table does not have refuses the feature, unless all others are dropped.
    geometry : callable, optional
        Makes the shapely geometry, or raises `ValueError` or `GEOSException`.
    """
    row = {column: text_of(values.get(column)) for column in columns}
    fingerprint = digest(*[value.encode("utf-8", "replace") for value in row.values()])
    if sum(map(len, row.values())) > options.max_row_bytes:
        return Record(rank, Rejected("row-too-long", "row"), fingerprint)
    if options.drop != ALL_OTHERS and values.keys() - row.keys():
        return Record(rank, Rejected("unknown-column", "row"), fingerprint)
    if geometry is None:
        return Record(rank, row, fingerprint)
    try:
        shape = geometry()
    except (GEOSException, ValueError, TypeError, RecursionError):
        return Record(rank, Rejected("invalid-geometry", "position"), fingerprint)
    if shape is not None:
        fingerprint = digest(fingerprint, shapely.to_wkb(shape))
    return Record(rank, row, fingerprint, shape)


def from_geojson(geometry: Any, *, swapped: bool = False) -> Any:
    """Return the shapely geometry of a GeoJSON one, None where it is null; x and y change places where `swapped`."""
    if geometry is None:
        return None
    shape = shapely.from_geojson(orjson.dumps(geometry))
    return flipped(shape) if swapped else shape


def flipped(shape: Any) -> Any:
    """Return a geometry with x and y in each other's place."""
    return shapely.transform(shape, lambda xy: xy[:, ::-1])


def north_first(crs: str) -> bool:
    """Tell whether the authority of a CRS gives the northing or latitude first."""
    return bool(CRS.from_user_input(crs).axis_info[0].direction == "north")


def features_of(answer: Any, host: str) -> list[Any]:
    """Return the features of a GeoJSON answer, or raise `BadSource` where it is none."""
    features = answer.get("features") if isinstance(answer, dict) else None
    if not isinstance(features, list):
        raise BadSource(f"{host} answered JSON that is no collection of features")
    return features


def columns_of(features: Iterable[Any]) -> tuple[str, ...]:
    """Return the names of all properties, in the order in which they come."""
    names: dict[str, None] = {}
    for feature in features:
        if isinstance(feature, dict) and isinstance(feature.get("properties"), dict):
            names |= dict.fromkeys(feature["properties"])
    return tuple(names)


def feature_record(
    rank: int, feature: Any, columns: tuple[str, ...], options: Options, *, swapped: bool = False
) -> Record:
    """Return the record of a GeoJSON feature; its own id is the column `id`, where no property has that name."""
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        return Record(rank, Rejected("malformed-row", "row"), digest(orjson.dumps(feature)))
    values = {"id": feature.get("id"), **properties} if "id" in columns else properties
    return record(
        rank, values, columns, options, geometry=lambda: from_geojson(feature.get("geometry"), swapped=swapped)
    )


def with_id(columns: tuple[str, ...], features: Iterable[Any]) -> tuple[str, ...]:
    """Return the columns, and `id` where features have one of their own."""
    if "id" in columns or not any(isinstance(f, dict) and f.get("id") is not None for f in features):
        return columns
    return ("id", *columns)


@dataclass
class Count:
    """Keeps watch over pages: nothing may be lost or come twice while they are read.

    Attributes
    ----------
    host : str
    total : int or None
        What the service says there is.
    read : int
    """

    host: str
    total: int | None = None
    read: int = 0
    _keys: set[int] = field(default_factory=set)

    def page(self, total: Any, features: list[Any]) -> None:
        """Count a page.

        Raises
        ------
        SourceUnavailable
            If the total is another than before, or a feature comes twice: what is read is no state that ever was.
        """
        said = total if isinstance(total, int) and not isinstance(total, bool) else None
        if self.read and said != self.total:
            raise SourceUnavailable(f"{self.host}: its data changed while they were read; run the same command again")
        self.total = said
        keys = [hash(str(f["id"])) for f in features if isinstance(f, dict) and f.get("id") is not None]
        if len(set(keys)) < len(keys) or not self._keys.isdisjoint(keys):
            raise SourceUnavailable(f"{self.host}: an item comes twice; its pages need an order that holds")
        self._keys.update(keys)
        self.read += len(features)

    def end(self) -> None:
        """Say that there are no more pages; raise `SourceUnavailable` where the service has said that there is more."""
        if self.total is not None and self.read < self.total:
            raise SourceUnavailable(f"{self.host}: it says {self.total} items, and gave {self.read}")


ETAG = "etag:"


def condition(request: Mapping[str, str], since: str | None) -> dict[str, str]:
    """Return the header that asks for a page only where it is not the one of the last load."""
    known = "since" not in request and since is not None and since.startswith(ETAG)
    return {"If-None-Match": since.removeprefix(ETAG)} if known and since else {}


def while_open(folder: "TemporaryDirectory[str]", records: Iterable[Record]) -> Iterator[Record]:
    """Pass records on; their file goes with the last one."""
    try:
        yield from records
    finally:
        folder.cleanup()


class Greatest:
    """Passes records on, and remembers the greatest value of a column: where the next load may begin."""

    def __init__(self, column: str | None, since: str | None, columns: tuple[str, ...]) -> None:
        if column is not None and column not in columns:
            raise BadInput(f"request.since: the service has no property {column[:40]}")
        self.column = column
        self.value = since if column is not None else None

    def over(self, records: Iterable[Record]) -> Iterator[Record]:
        """Pass records on."""
        for one in records:
            if self.column is not None and isinstance(one.row, Mapping) and (text := one.row[self.column]):
                self.value = text if self.value is None else max(self.value, text, key=_order)
            yield one

    def __call__(self) -> str | None:
        """Return the greatest value, of this load and those before."""
        return self.value


def _order(text: str) -> tuple[int, float, str]:
    """Return a key by which instants follow each other, numbers too, other texts as texts."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        try:
            return 0, float(text), ""
        except ValueError:
            return 2, 0.0, text
    return 1, (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp(), ""
