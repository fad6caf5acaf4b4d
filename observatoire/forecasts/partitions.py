"""Events in GeoParquet, one file or a folder of partitions, read batch by batch: never all rows at once."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
import pyproj
import shapely

from observatoire.errors import BadInput, SourceUnavailable
from observatoire.risk.arrays import Bools, Dates, Floats
from observatoire.risk.counts import wall_time

ROWS = 65_536  # of a batch
SUFFIXES = (".parquet", ".geoparquet")
PROPERTIES = ("date", "lon", "lat", "category")


def is_partitioned(path: Path) -> bool:
    """Tell whether events are a folder, or one Parquet file."""
    return path.is_dir() or path.suffix in SUFFIXES


@dataclass(frozen=True, eq=False)
class Batch:
    """Some events: positions in the CRS asked for, m, and wall times; `day_only` where a date has no time."""

    xy: Floats
    dates: Dates
    day_only: bool


@dataclass(eq=False)
class Partitions:
    """Events that can be scanned again and again.

    Parameters
    ----------
    path : Path
        GeoParquet with a column of dates and either points (WKB) or columns of degrees. Identifiers are not read:
        a row that stands twice counts twice.
    crs : text, `EPSG:n`
        CRS that positions are wanted in.
    mapping : property to column
        Of `date`, `lon`, `lat`, `category`; points are taken from the file's primary geometry where it has one.
    tz : text
        Zone of naive times, and of the wall times returned.
    category : text, optional
        Only events of this category.

    Attributes
    ----------
    read : int
        Rows of the last whole scan.
    refused : Counter of reason to rows
        Of the last scan.

    Raises
    ------
    SourceUnavailable
        If there is no such file.
    BadInput
        If it is not Parquet, or a column is missing.
    """

    path: Path
    crs: str
    mapping: Mapping[str, str] = field(default_factory=dict)
    tz: str = "UTC"
    category: str | None = None

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.mapping) - {*PROPERTIES, "id"}):
            raise BadInput(f"map: unknown property {unknown[0]!r}; expected one of id, {', '.join(PROPERTIES)}")
        if not self.path.exists():
            raise SourceUnavailable(f"events: no file {self.path.name}")
        try:
            self._dataset = ds.dataset(self.path, format="parquet", exclude_invalid_files=self.path.is_dir())
            schema = self._dataset.schema
            about = orjson.loads((schema.metadata or {}).get(b"geo", b"null"))
        except (pa.ArrowException, OSError, ValueError):
            raise BadInput(f"events: {self.path.name} cannot be read as Parquet; is it whole?") from None
        if not schema.names:
            raise BadInput(f"events: the folder {self.path.name} holds no Parquet file")
        self._column = {name: self.mapping.get(name, name) for name in PROPERTIES}
        self._place, source = _geometry(about)
        wanted = ["date", *(["category"] if self.category is not None else [])]
        self._read = [self._column[name] for name in (wanted if self._place else [*wanted, "lon", "lat"])]
        if missing := [name for name in self._read if name not in schema.names]:
            raise BadInput(f"events: no column {missing[0]!r}; found {', '.join(schema.names[:20])}")
        kind = schema.field(self._column["date"]).type
        if not pa.types.is_temporal(kind):
            raise BadInput(f"events: column {self._column['date']!r} is {kind}; expected dates or times")
        self._day_only = pa.types.is_date(kind)
        self._project = _projection(source, self.crs)
        self.read, self.refused = 0, Counter[str]()

    def __iter__(self) -> Iterator[Batch]:
        """Scan the rows in the order of the files' names."""
        self.read, self.refused = 0, Counter()
        columns = [*self._read, *([self._place] if self._place else [])]
        for rows in self._dataset.to_batches(columns=columns, batch_size=ROWS, batch_readahead=2, fragment_readahead=1):
            if rows.num_rows:
                self.read += rows.num_rows
                yield self._batch(rows)

    def _batch(self, rows: Any) -> Batch:
        dates = _wall(rows.column(self._column["date"]), self.tz)
        xy, written = self._positions(rows)
        keep = np.ones(rows.num_rows, dtype=bool)
        faults: list[tuple[str, Bools]] = [("bad-date", np.isnat(dates)), ("no-coordinates", ~written)]
        faults.append(("bad-coordinates", ~np.isfinite(xy).all(axis=1)))
        if self.category is not None:
            category = rows.column(self._column["category"]).to_numpy(zero_copy_only=False)
            faults.append(("other-category", category.astype(object) != self.category))
        for reason, at_fault in faults:
            self.refused += Counter({reason: int((keep & at_fault).sum())})
            keep &= ~at_fault
        return Batch(xy[keep], dates[keep], self._day_only)

    def _positions(self, rows: Any) -> tuple[Floats, Bools]:
        """Return positions in the CRS asked for, NaN where it does not reach, and where any is written."""
        if self._place:
            points = shapely.from_wkb(rows.column(self._place).to_numpy(zero_copy_only=False))
            given = np.column_stack([shapely.get_x(points), shapely.get_y(points)])
            written = np.asarray(~shapely.is_missing(points) & ~shapely.is_empty(points))
        else:
            pair = [rows.column(self._column[name]).to_numpy(zero_copy_only=False) for name in ("lon", "lat")]
            given = np.column_stack([np.asarray(one, dtype=float) for one in pair])
            written = ~np.isnan(given).all(axis=1)
            given[(np.abs(given) > (180, 90)).any(axis=1)] = np.nan
        return (given if self._project is None else np.column_stack(self._project(*given.T))), written


def _wall(column: Any, tz: str) -> Dates:
    """Return dates as wall time of `tz`; those that are null are NaT."""
    index = pd.DatetimeIndex(pd.to_datetime(column.to_pandas()))
    return wall_time(index, tz)


def _geometry(about: Any) -> tuple[str | None, Any]:
    """Return the column of points and the CRS of positions."""
    if about is None:
        return None, "OGC:CRS84"
    try:
        place = str(about["primary_column"])
        main = about["columns"][place]
    except (KeyError, TypeError):
        raise BadInput("events: the metadata `geo` are not those of GeoParquet") from None
    if main.get("encoding") != "WKB" or not set(main.get("geometry_types", [])) <= {"Point"}:
        raise BadInput("events: expected points, encoded as WKB")
    if main.get("crs", "") is None:
        raise BadInput("events: the file says that the CRS of its points is unknown")
    return place, main.get("crs", "OGC:CRS84")


def _projection(source: Any, crs: str) -> Callable[[Floats, Floats], tuple[Floats, Floats]] | None:
    try:
        wanted = pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        raise BadInput(f"crs: no coordinate reference system is named {crs!r}; expected EPSG:n") from None
    try:
        given = pyproj.CRS.from_user_input(source)
    except pyproj.exceptions.CRSError:
        raise BadInput("events: the CRS of the file's points is not known") from None
    if given.equals(wanted, ignore_axis_order=True):
        return None
    transform = pyproj.Transformer.from_crs(given, wanted, always_xy=True).transform

    def project(x: Floats, y: Floats) -> tuple[Floats, Floats]:
        return transform(x, y)

    return project
