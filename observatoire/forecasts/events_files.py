"""A CSV of events in WGS 84, and a CSV of cells, read whole: what cannot be used is counted by reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
import pandas as pd
import pyproj

from observatoire.errors import BadInput, SourceUnavailable
from observatoire.risk.arrays import Bools, Dates, Floats
from observatoire.risk.grid import Grid
from observatoire.risk.places import Places

PROPERTIES = ("id", "date", "lon", "lat")
OPTIONAL = ("category", "until")
DAY = r"\d{4}-?\d{2}-?\d{2}"  # a date without a time, ISO 8601


@dataclass(frozen=True, eq=False)
class Events:
    """Events that can be used, and how many rows could not, by reason.

    Attributes
    ----------
    dates : ndarray of datetime64
        Wall time of the time zone asked for; a date without a time is its midnight, and `day_only`. Where `until` is
        mapped, the last moment of the interval: before it, nobody could count the event.
    start : ndarray of datetime64
        When it may have happened at the earliest.
    lon, lat : ndarray, degrees, WGS 84
    until : ndarray of datetime64
        When it had surely happened: `start` where one moment is known, the end of the day where only the day is.
    read : int
    refused : dict of reason to count
    """

    dates: Dates
    lon: Floats
    lat: Floats
    day_only: Bools
    start: Dates
    until: Dates
    read: int
    refused: dict[str, int]


def read_events(path: Path, *, mapping: Mapping[str, str], tz: str, category: str | None = None) -> Events:
    """Read `id,date,lon,lat[,category]`, renamed by `mapping` (property to column).

    Raises
    ------
    SourceUnavailable
        If the file is missing.
    BadInput
        If it is not such a CSV, or a property of the mapping, a column or the zone is not known.
    """
    check_zone(tz)
    unknown = sorted(set(mapping) - {*PROPERTIES, *OPTIONAL})
    if unknown:
        raise BadInput(f"map: unknown property {unknown[0]!r}; expected one of {', '.join((*PROPERTIES, *OPTIONAL))}")
    columns = {name: mapping.get(name, name) for name in (*PROPERTIES, *OPTIONAL)}
    needed = [columns[name] for name in PROPERTIES]
    needed += [columns["until"]] if "until" in mapping else []
    needed += [columns["category"]] if category is not None or "category" in mapping else []
    rows = _read_csv(path, needed, name="events")
    frame = pd.DataFrame({name: rows[column] for name, column in columns.items() if column in needed})

    dates, day_only = parse_dates(frame["date"], tz)
    until = _until(frame, dates, day_only, tz)
    lon, lat = (pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float) for name in ("lon", "lat"))
    written = [frame[name].str.strip().ne("").to_numpy() for name in ("lon", "lat")]
    faults = {
        "no-id": frame["id"].str.strip().eq("").to_numpy(),
        "bad-date": np.isnat(dates),
        "bad-until": np.isnat(until) & ~np.isnat(dates),
        "ends-before-it-starts": until < dates,
        "no-coordinates": ~(written[0] & written[1]),
        "bad-coordinates": ~(np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90)),
        "other-category": np.zeros(len(frame), dtype=bool)
        if category is None
        else (frame["category"] != category).to_numpy(),
    }
    keep, refused = _sort_out(faults, len(frame))
    again = np.zeros(len(frame), dtype=bool)
    again[keep] = frame["id"][keep].duplicated().to_numpy()
    if again.any():
        refused["duplicate-id"] = int(again.sum())
    keep = keep & ~again
    known = np.maximum(dates, until - np.timedelta64(1, "us")) if "until" in mapping else dates
    return Events(known[keep], lon[keep], lat[keep], day_only[keep], dates[keep], until[keep], len(frame), refused)


def _until(frame: pd.DataFrame, dates: Dates, day_only: Bools, tz: str) -> Dates:
    """Return when each event had surely happened; NaT where what is written is no date."""
    day = np.timedelta64(1, "D")
    alone = np.where(day_only, dates + day, dates)
    if "until" not in frame:
        return np.asarray(alone)
    ends, end_day_only = parse_dates(frame["until"], tz)
    ends = np.where(end_day_only, ends + day, ends)
    return np.asarray(np.where(frame["until"].str.strip().eq("").to_numpy(), alone, ends))


def _sort_out(faults: Mapping[str, Any], n: int) -> tuple[Bools, dict[str, int]]:
    """Return which rows have no fault, and the count of the others under their first fault."""
    keep, refused = np.ones(n, dtype=bool), {}
    for reason, at_fault in faults.items():
        if n_faults := int((keep & at_fault).sum()):
            refused[reason] = n_faults
        keep = keep & ~at_fault
    return keep, refused


def parse_dates(text: "pd.Series[str]", tz: str) -> tuple[Dates, Bools]:
    """Return ISO 8601 dates as wall time of `tz` (NaT where they are not dates), and which have no time.

    Times with an offset are converted; naive ones are wall time already.
    """
    stripped = text.str.strip()
    aware = stripped.str.contains(r"(?:[zZ]|[+-]\d{2}:?\d{2}|T[\d:.,]+[+-]\d{2})$", regex=True).to_numpy()
    day_only = stripped.str.fullmatch(DAY).to_numpy()
    aware = aware & ~day_only
    dates = np.full(len(text), np.datetime64("NaT", "us"))
    naive = pd.to_datetime(stripped[~aware], format="ISO8601", errors="coerce")
    dates[~aware] = naive.to_numpy().astype("datetime64[us]")
    if aware.any():
        moved = pd.to_datetime(stripped[aware], format="ISO8601", errors="coerce", utc=True).dt.tz_convert(tz)
        dates[aware] = moved.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    return dates, np.asarray(day_only)


def read_cells(path: Path, *, cell: float, crs: str) -> Grid:
    """Read `cell_id,x_min,y_min`, lower left corners in `crs`, m."""
    rows = _read_csv(path, ["cell_id", "x_min", "y_min"], name="cells")
    x, y = (pd.to_numeric(rows[name], errors="coerce").to_numpy(dtype=float) for name in ("x_min", "y_min"))
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        raise BadInput("cells: x_min and y_min must be numbers, in metres")
    return Grid.of_cells(rows["cell_id"].to_numpy(dtype=object), x, y, cell=cell, crs=crs)


def read_places(path: Path, *, grid: Grid) -> Places:
    """Read `type,lon,lat`, in WGS 84, and return their features of the grid's cells.

    Raises
    ------
    BadInput
        If a type is not allowed, or a position is not one.
    """
    rows = _read_csv(path, ["type", "lon", "lat"], name="places")
    lon, lat = (pd.to_numeric(rows[name], errors="coerce").to_numpy(dtype=float) for name in ("lon", "lat"))
    if not (np.isfinite(lon) & np.isfinite(lat) & (np.abs(lon) <= 180) & (np.abs(lat) <= 90)).all():
        raise BadInput("places: lon and lat must be degrees in WGS 84")
    xy = np.column_stack(pyproj.Transformer.from_crs("OGC:CRS84", grid.crs, always_xy=True).transform(lon, lat))
    kinds = rows["type"].str.strip()
    try:
        return Places.of(grid, {str(kind): xy[(kinds == kind).to_numpy()] for kind in kinds.unique()})
    except ValueError as error:
        raise BadInput(str(error)) from None


def check_zone(tz: str) -> None:
    """Raise BadInput unless `tz` is a time zone."""
    try:
        ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"tz: no time zone is named {tz!r}; expected such as Europe/Paris") from None


def _read_csv(path: Path, columns: list[str], *, name: str) -> pd.DataFrame:
    """Return the named columns as text, empty where nothing is written."""
    if not path.is_file():
        raise SourceUnavailable(f"{name}: no file {path.name}")
    options: dict[str, Any] = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}
    options["compression"] = "gzip" if path.suffix == ".gz" else None
    try:
        head = pd.read_csv(path, nrows=0, **options).columns
        missing = [column for column in columns if column not in head]
        if missing:
            raise BadInput(f"{name}: no column {missing[0]!r}; found {', '.join(map(str, head[:20]))}")
        rows: pd.DataFrame = pd.read_csv(path, usecols=sorted(set(columns)), **options)
    except pd.errors.EmptyDataError:
        raise BadInput(f"{name}: the file is empty; expected a header {','.join(columns)}") from None
    except (pd.errors.ParserError, UnicodeDecodeError, EOFError, OSError) as error:
        raise BadInput(f"{name}: not a CSV in UTF-8 ({type(error).__name__})") from None
    return rows
