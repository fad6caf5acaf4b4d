"""GeoJSON, GeoPackage, shapefile (also inside a `.zip`) and whatever else GDAL reads as features, streamed.

The CRS is the file's own; `crs` says it where the file does not, and holds against the file where it is given. Where
neither does, it is found from where the city lies.
"""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FieldError

from etl.connectors.archive import members
from etl.connectors.features import text_of
from observatoire.errors import BadInput, BadSource
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, Record, Rejected, Table, digest

#: Formats of GDAL that hold their own data; others (VRT) may lead it to files and addresses that are not meant.
DRIVERS = frozenset({
    "GeoJSON", "GeoJSONSeq", "TopoJSON", "GPKG", "ESRI Shapefile", "FlatGeobuf", "GML", "KML", "LIBKML", "GPX",
    "MapInfo File", "OpenFileGDB", "Parquet", "Arrow", "CSV", "XLSX", "ODS", "SQLite",
})  # fmt: skip
_BATCH = 1_000  # features


def read(file: Path | BinaryIO, options: Options) -> Table:
    """Open a file of features: its columns are known, its features follow as they are asked for.

    Raises
    ------
    BadSource
        If GDAL cannot read it.
    BadInput
        If it holds several layers and none is chosen.
    """
    if not isinstance(file, Path):
        raise BadInput("file: this connector needs a file, not a pipe")
    if file.stat().st_size == 0:
        raise BadSource("the file is empty")
    try:
        place, layer = _chosen(file, options.layer)
        about = pyogrio.read_info(place, layer=layer, encoding=_encoding(options))
    except (DataSourceError, DataLayerError):
        raise BadSource("the file cannot be read as GeoJSON, GeoPackage or shapefile; is it whole?") from None
    if about["driver"] not in DRIVERS:
        raise BadSource("the file is none of the formats that are read: GeoJSON, GeoPackage, shapefile, …")
    columns = tuple(str(name) for name in about["fields"])
    return Table(columns, _records(place, layer, columns, options), options.crs or about["crs"])


def _chosen(file: Path, wanted: str | None) -> tuple[str, str]:
    """Return where the layer is, for GDAL, and its name; in a `.zip`, the files of map data are looked through."""
    layers: dict[str, str] = {}
    for place in members(file):
        layers |= {str(name): place for name, _ in pyogrio.list_layers(place)}
    names = sorted(layers)
    if wanted is not None and wanted not in names:
        raise BadInput(f"layer: the file holds {', '.join(names)}")
    if wanted is None and len(names) != 1:
        raise BadInput(f"layer: the file holds {', '.join(names) or 'none'}; expected the name of one")
    chosen = wanted or names[0]
    return layers[chosen], chosen


def _encoding(options: Options) -> str | None:
    """Return the encoding of a shapefile's attributes where it is said; GDAL knows the others'."""
    return codecs.lookup(options.encoding).name if "encoding" in options.model_fields_set else None


def _records(file: str, layer: str, columns: tuple[str, ...], options: Options) -> Iterator[Record]:
    rank = 0
    try:
        with pyogrio.open_arrow(
            file, layer=layer, encoding=_encoding(options), batch_size=_BATCH, use_pyarrow=True
        ) as (about, batches):
            place = about["geometry_name"] or "wkb_geometry"
            for batch in batches:
                texts = [_texts(batch.column(column)) for column in columns]
                rows = zip(*texts, strict=True) if texts else [()] * len(batch)
                wkbs = batch.column(place).to_pylist() if place in batch.schema.names else [None] * len(batch)
                shapes = shapely.from_wkb(wkbs, on_invalid="ignore")
                for values, wkb, shape in zip(rows, wkbs, shapes, strict=True):
                    rank += 1
                    yield _record(rank, columns, values, wkb, shape)
    except UnicodeDecodeError:
        raise BadSource("its attributes are in another encoding; try --encoding latin-1 or cp1252") from None
    except (DataSourceError, DataLayerError, FieldError, OSError):
        raise BadSource(f"the file cannot be read after feature {rank}; is it whole?") from None


def _texts(column: pa.Array) -> list[str]:
    """Return the values of a column as texts."""
    values = column.to_pylist()
    if pa.types.is_string(column.type):
        return values if column.null_count == 0 else [value or "" for value in values]
    if pa.types.is_floating(column.type):
        return ["" if value is None else _written(value) for value in values]
    return list(map(text_of, values))


def _written(value: float) -> str:
    """Return a number as `text_of` does."""
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else str(value)


def _record(rank: int, columns: tuple[str, ...], values: tuple[str, ...], wkb: bytes | None, shape: Any) -> Record:
    row = dict(zip(columns, values, strict=True))
    fingerprint = digest("\x1f".join(values).encode(), wkb or b"")
    if wkb is None:
        return Record(rank, row, fingerprint)
    if shape is None:
        return Record(rank, Rejected("invalid-geometry", "position"), fingerprint)
    return Record(rank, row, fingerprint, shape)


CONNECTOR = Connector("geofile", read)
