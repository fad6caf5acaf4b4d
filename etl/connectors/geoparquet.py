"""GeoParquet, and Parquet without geometry: read by pieces of row groups, in bounded memory.

CRS: the file's own (PROJJSON); where its metadata say nothing, OGC:CRS84, as GeoParquet 1.1 has it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from etl.connectors.features import record
from observatoire.errors import BadInput, BadSource
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, Record, Table

_BATCH = 1_000  # rows


def read(file: Path | BinaryIO, options: Options) -> Table:
    """Open a file: its columns are known, its rows follow as they are asked for.

    Raises
    ------
    BadSource
        If it is not Parquet, or its geometries are in another encoding than WKB, or in an unknown CRS.
    """
    if not isinstance(file, Path):
        raise BadInput("file: this connector needs a file, not a pipe")
    try:
        table = pq.ParquetFile(file)
        about = orjson.loads((table.schema_arrow.metadata or {}).get(b"geo", b"null"))
    except (pa.ArrowException, OSError, ValueError):
        raise BadSource("the file cannot be read as Parquet; is it whole?") from None
    place, crs, unwanted = _geometry(about, options)
    columns = tuple(name for name in table.schema_arrow.names if name not in unwanted)
    return Table(columns, _records(table, columns, place, options), crs)


def _geometry(about: Any, options: Options) -> tuple[str | None, str | None, set[str]]:
    """Return the column of geometries, their CRS, and the columns that are no attributes."""
    if about is None:
        return None, options.crs, set()
    try:
        place, described = str(about["primary_column"]), dict(about["columns"])
        main = described[place]
        boxes = {str(c.get("covering", {}).get("bbox", {}).get("xmin", [""])[0]) for c in described.values()}
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        raise BadSource("the file's metadata `geo` are not those of GeoParquet") from None
    if main.get("encoding") != "WKB":
        raise BadSource("the file's geometries have an encoding that is not read; expected WKB")
    crs = options.crs or ("OGC:CRS84" if "crs" not in main else _crs(main["crs"]))
    return place, crs, {*described, *boxes}


def _crs(projjson: Any) -> str:
    if projjson is None:
        raise BadSource("the file does not say its CRS; expected --crs EPSG:n")
    try:
        return str(CRS.from_json_dict(projjson).to_string())
    except (CRSError, TypeError, AttributeError):
        raise BadSource("the file's CRS cannot be read; expected --crs EPSG:n") from None


def _records(table: Any, columns: tuple[str, ...], place: str | None, options: Options) -> Iterator[Record]:
    rank, wanted = 0, [*columns, *([place] if place else [])]
    try:
        for batch in table.iter_batches(batch_size=_BATCH, columns=wanted):
            for row in batch.to_pylist():
                rank += 1
                wkb = row.pop(place, None) if place else None
                make = None if wkb is None else (lambda wkb=wkb: shapely.from_wkb(wkb))
                yield record(rank, row, columns, options, geometry=make)
    except (pa.ArrowException, OSError, UnicodeDecodeError, OverflowError):
        raise BadSource(f"the file cannot be read after row {rank}; is it whole?") from None


CONNECTOR = Connector("geoparquet", read)
