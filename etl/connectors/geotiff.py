"""GeoTIFF: one row per zone, with the statistics of the raster in it; the zones are those of a map file.

A zone without a pixel has no value: its statistics are empty, never 0.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import rasterio
import shapely
from pyproj import Transformer
from rasterio.errors import RasterioError

from etl.connectors import geofile
from etl.connectors.features import asked, record, whole
from etl.connectors.zonal import zonal
from observatoire.errors import BadInput, BadSource
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, Record, Rejected, Table
from observatoire.settings import settings

REQUEST = {
    "zones": "map file of the zones, looked for in OBS_DATA at any depth, else a path; required",
    "layer": "its layer, where it holds several",
    "key": "column of the zones that names them; required",
    "band": "band of the raster; default: 1",
}
COLUMNS = ("zone", "count", "sum", "mean", "minimum", "maximum", "deviation", "coverage")


def read(file: Path | BinaryIO, options: Options) -> Table:
    """Open a raster and its zones.

    Raises
    ------
    BadSource
        If it is no GeoTIFF, is turned, or says no CRS.
    """
    if not isinstance(file, Path):
        raise BadInput("file: this connector needs a file, not a pipe")
    request = asked(options, REQUEST, required=["zones", "key"])
    zones = geofile.read(_found(request["zones"]), Options(layer=request.get("layer")))
    if request["key"] not in zones.columns:
        raise BadInput(f"request.key: the zones have {', '.join(zones.columns)}")
    try:
        raster = rasterio.open(file, driver="GTiff")
    except RasterioError:
        raise BadSource("the file cannot be read as GeoTIFF; is it whole?") from None
    crs = options.crs or (raster.crs.to_wkt() if raster.crs else None)
    if crs is None:
        raise BadSource("the raster does not say its CRS; expected --crs EPSG:n")
    return Table(COLUMNS, _records(raster, zones, crs, request, options), zones.crs)


def _found(name: str) -> Path:
    data = settings().data
    found = sorted(data.rglob(name)) if data is not None and not Path(name).is_absolute() else []
    path = found[0] if found else Path(name)
    if not path.is_file():
        raise BadInput("request.zones: no such file")
    return path


def _records(raster: Any, zones: Table, crs: str, request: dict[str, str], options: Options) -> Iterator[Record]:
    moved = Transformer.from_crs(zones.crs, crs, always_xy=True)
    with raster:
        for one in zones.records:
            if isinstance(one.row, Rejected) or one.geometry is None:
                yield one if isinstance(one.row, Rejected) else one._replace(row=Rejected("no-position", "position"))
                continue
            shape = shapely.transform(one.geometry, lambda xy: np.column_stack(moved.transform(xy[:, 0], xy[:, 1])))
            try:
                found = next(zonal(raster, [shape], band=whole(request, "band", 1, 1_000)))
            except ValueError as error:
                raise BadSource(f"band: {error}") from None
            except RasterioError:
                raise BadSource(f"the raster cannot be read at zone {one.line}; is it whole?") from None
            values = {"zone": one.row[request["key"]], **vars(found)}
            yield record(one.line, values, COLUMNS, options, geometry=lambda shape=one.geometry: shape)  # type: ignore[misc]


CONNECTOR = Connector("geotiff", read)
