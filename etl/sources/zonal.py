"""A raster → a number on each cell or division: a source made of a GeoTIFF and the zones that are in the store.

A city's package registers it for the collection that has the number:

    zonal_source(id="bruit-mailles", collection="bruit-mailles", prop="lden", zones="mailles", key="cell_id")
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rasterio
import shapely
from psycopg import sql
from pyproj import Transformer
from rasterio.errors import RasterioError

from etl.connectors.zonal import Statistics, zonal
from observatoire.errors import BadSettings, BadSource, SourceUnavailable
from observatoire.intake.source import Context, Item, Source
from observatoire.layers.catalog import layer_of
from observatoire.layers.ddl import table
from observatoire.settings import settings

STATISTICS = ("count", "sum", "mean", "minimum", "maximum", "deviation")


def zonal_source(
    *,
    id: str,  # noqa: A002 - as Source has it
    collection: str,
    prop: str,
    zones: str,
    key: str,
    statistic: str = "mean",
) -> Source:
    """Return the source of a statistic of a raster by zone.

    Its option `raster` names the GeoTIFF, looked for in OBS_DATA at any depth, else a path; `band` the band.

    Parameters
    ----------
    prop : str
        Numeric property that takes the statistic; a zone without a pixel has none, never 0.
    zones : str
        Collection of polygons, loaded before.
    key : str
        Its property that names a zone; also a property of `collection`, where it has one of that name.
    statistic : str
        One of `STATISTICS`.
    """
    if statistic not in STATISTICS:
        raise BadSettings(f"statistic: expected one of {', '.join(STATISTICS)}")

    def items(context: Context) -> Iterator[Item]:
        names, shapes = _zones(context, zones, key)
        named = key in layer_of(collection).properties
        for name, shape, found in zip(names, shapes, _statistics(context, shapes), strict=True):
            item: Item = {"source_key": str(name), prop: getattr(found, statistic), "geometry": shape}
            yield item | {key: name} if named else item

    return Source(id=id, collection=collection, origin="derived", items=items)


def _zones(context: Context, zones: str, key: str) -> tuple[list[object], list[object]]:
    statement = sql.SQL("SELECT {}, ST_AsBinary(geom) FROM {} ORDER BY id")
    rows = context.connection.execute(statement.format(sql.Identifier(key), table(layer_of(zones)))).fetchall()
    if not rows:
        raise BadSource(f"the zones are {zones}, which are not loaded yet: load them first")
    return [name for name, _ in rows], [shapely.from_wkb(wkb) for _, wkb in rows]


def _statistics(context: Context, shapes: list[object]) -> Iterator[Statistics]:
    name, data = str(context.options.get("raster", "")), settings().data
    found = sorted(data.rglob(name)) if name and data is not None and not Path(name).is_absolute() else []
    file = found[0] if found else Path(name)
    if not file.is_file():
        raise SourceUnavailable("raster: no such file, neither in OBS_DATA nor at that path")
    try:
        with rasterio.open(file, driver="GTiff") as raster:
            if raster.crs is None:
                raise BadSource("the raster does not say its CRS")
            to_raster = Transformer.from_crs(context.city.crs, raster.crs.to_wkt(), always_xy=True)
            moved = (
                shapely.transform(shape, lambda xy: np.column_stack(to_raster.transform(xy[:, 0], xy[:, 1])))
                for shape in shapes
            )
            yield from zonal(raster, moved, band=int(context.options.get("band", 1)))
    except RasterioError:
        raise BadSource("the raster cannot be read as GeoTIFF; is it whole?") from None
    except ValueError as error:
        raise BadSource(f"raster: {error}") from None
