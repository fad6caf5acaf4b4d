"""GeoJSON, GeoPackage, shapefile (also inside a `.zip`) and whatever else GDAL reads as features, streamed.

The CRS is the file's own; `crs` says it where the file does not, and holds against the file where it is given. Where
neither does, it is found from where the city lies.
"""

import codecs
import json
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FieldError

from observatoire.errors import BadInput, BadSource
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, Record, Rejected, Table, digest

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
        layer = _chosen(file, options.layer)
        about = pyogrio.read_info(file, layer=layer, encoding=_encoding(options))
    except (DataSourceError, DataLayerError):
        raise BadSource("the file cannot be read as GeoJSON, GeoPackage or shapefile; is it whole?") from None
    columns = tuple(str(name) for name in about["fields"])
    return Table(columns, _records(file, layer, columns, options), options.crs or about["crs"])


def _chosen(file: Path, wanted: str | None) -> str:
    names = [str(name) for name, _ in pyogrio.list_layers(file)]
    if wanted is not None and wanted not in names:
        raise BadInput(f"layer: the file holds {', '.join(names)}")
    if wanted is None and len(names) != 1:
        raise BadInput(f"layer: the file holds {', '.join(names) or 'none'}; expected the name of one")
    return wanted or names[0]


def _encoding(options: Options) -> str | None:
    """Return the encoding of a shapefile's attributes where it is said; GDAL knows the others'."""
    return codecs.lookup(options.encoding).name if "encoding" in options.model_fields_set else None


def _records(file: Path, layer: str, columns: tuple[str, ...], options: Options) -> Iterator[Record]:
    rank = 0
    try:
        with pyogrio.open_arrow(
            file, layer=layer, encoding=_encoding(options), batch_size=_BATCH, use_pyarrow=True
        ) as (about, batches):
            place = about["geometry_name"] or "wkb_geometry"
            for batch in batches:
                for feature in batch.to_pylist():
                    rank += 1
                    yield _record(rank, feature, columns, feature.get(place))
    except UnicodeDecodeError:
        raise BadSource("its attributes are in another encoding; try --encoding latin-1 or cp1252") from None
    except (DataSourceError, DataLayerError, FieldError, OSError):
        raise BadSource(f"the file cannot be read after feature {rank}; is it whole?") from None


def _record(rank: int, feature: dict[str, Any], columns: tuple[str, ...], wkb: bytes | None) -> Record:
    row = {column: _text(feature.get(column)) for column in columns}
    fingerprint = digest(*[value.encode() for value in row.values()], wkb or b"")
    if wkb is None:
        return Record(rank, row, fingerprint)
    try:
        return Record(rank, row, fingerprint, shapely.from_wkb(wkb))
    except shapely.errors.GEOSException:
        return Record(rank, Rejected("invalid-geometry", "position"), fingerprint)


def _text(value: Any) -> str:
    """Return an attribute as the text that a CSV file would hold."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


CONNECTOR = Connector("geofile", read)
