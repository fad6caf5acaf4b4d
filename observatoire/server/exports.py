"""Items as files, batch after batch, so that memory does not grow with their number: GeoParquet and GeoPackage.

References
----------
.. [1] *GeoParquet Specification*, version 1.1.0.
.. [2] OGC 12-128r18, *GeoPackage Encoding Standard*.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyogrio
import shapely
from pyarrow import parquet
from pyproj import CRS

from observatoire.layers.model import Layer, Property
from observatoire.server.crs import CRS84
from observatoire.server.plan import rows_plan
from observatoire.server.query import Query
from observatoire.server.run import translated

#: Items held in memory at once, and those of one row group.
BATCH = 20_000
GEOMETRY = "geometry"
_TYPES = {"string": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
_FORMATS = {"date-time": pa.timestamp("us", tz="UTC"), "date": pa.date32()}


@dataclass(frozen=True)
class FileFormat:
    """A kind of file.

    Attributes
    ----------
    suffix : str
        Of its name, with the dot.
    write : callable
        Writes the items of a query, read over a connection, to a path.
    """

    title: str
    media_type: str
    suffix: str
    write: Callable[[psycopg.Connection[Any], Query, Path], None]


def batches(connection: psycopg.Connection[Any], query: Query) -> Iterator[pa.RecordBatch]:
    """Yield all items that match: id, shown properties, geometry as WKB with the easting first.

    Raises
    ------
    ObsError
        What the database refuses, in our words.
    """
    plan, schema = rows_plan(query), schema_of(query)
    with translated(filtered=plan.filtered), connection.transaction():
        cursor = connection.cursor("file", binary=True)
        with cursor:
            cursor.execute(plan.text, plan.args)
            while rows := cursor.fetchmany(BATCH):
                columns = [
                    pa.array(values, field.type) for values, field in zip(zip(*rows, strict=True), schema, strict=True)
                ]
                yield pa.RecordBatch.from_arrays(columns, schema=schema)


def schema_of(query: Query) -> pa.Schema:
    """Return the columns of a file."""
    properties = query.layer.properties
    fields = [pa.field(name, arrow_type(properties[name])) for name in (query.layer.id_field, *query.shown)]
    return pa.schema([*fields, pa.field(GEOMETRY, pa.binary(), metadata={"ARROW:extension:name": "geoarrow.wkb"})])


def arrow_type(prop: Property) -> pa.DataType:
    """Return the type of a property's column."""
    return _FORMATS[prop.format] if prop.format else _TYPES[prop.type]


def shown_shape(layer: Layer, query: Query) -> str:
    """Return the kind of geometry that the audience sees: a rounded position is a point whatever the layer holds."""
    return layer.geometry if layer.exact_for(query.audience) else "Point"


def write_geoparquet(connection: psycopg.Connection[Any], query: Query, path: Path) -> None:
    """Write a GeoParquet file, compressed with zstd, a row group a batch."""
    schema = schema_of(query).remove_metadata()
    schema = schema.set(len(schema) - 1, pa.field(GEOMETRY, pa.binary()))
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for batch in batches(connection, query):
            bounds = shapely.total_bounds(shapely.from_wkb(batch.column(GEOMETRY).to_numpy(zero_copy_only=False)))
            low, high = np.fmin(low, bounds[:2]), np.fmax(high, bounds[2:])
            writer.write_batch(batch.replace_schema_metadata(None).cast(schema))
        box = [*low.tolist(), *high.tolist()] if np.isfinite(low).all() else None
        writer.add_key_value_metadata({"geo": json.dumps(geo(query, box))})


def geo(query: Query, box: list[float] | None) -> dict[str, Any]:
    """Return the metadata of a GeoParquet file; without a CRS it is CRS84, as the specification has it."""
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": [shown_shape(query.layer, query)]}
    if query.system.uri != CRS84:
        column["crs"] = CRS.from_epsg(query.system.srid).to_json_dict()
    if box is not None:
        column["bbox"] = box
    return {"version": "1.1.0", "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}


def write_geopackage(connection: psycopg.Connection[Any], query: Query, path: Path) -> None:
    """Write a GeoPackage with one layer, named as the collection, with a spatial index."""
    crs = "OGC:CRS84" if query.system.uri == CRS84 else f"EPSG:{query.system.srid}"
    failures: list[Exception] = []
    reader = pa.RecordBatchReader.from_batches(schema_of(query), _noted(batches(connection, query), failures))
    try:
        pyogrio.write_arrow(
            reader, path, layer=query.layer.table, driver="GPKG", geometry_name=GEOMETRY,
            geometry_type=shown_shape(query.layer, query), crs=crs,
        )  # fmt: skip
    except RuntimeError:
        if failures:
            raise failures[0] from None
        raise


def _noted(found: Iterator[pa.RecordBatch], failures: list[Exception]) -> Iterator[pa.RecordBatch]:
    """Yield batches, and keep what goes wrong: no exception passes through GDAL, which says only that it failed."""
    try:
        yield from found
    except Exception as error:  # the edge to C: raised again by the one who waits for the file
        failures.append(error)
        raise


FILES = {
    "geoparquet": FileFormat("GeoParquet", "application/vnd.apache.parquet", ".parquet", write_geoparquet),
    "gpkg": FileFormat("GeoPackage", "application/geopackage+sqlite3", ".gpkg", write_geopackage),
}
