"""The square cells of a city → collection ``mailles``.

Source : the city's own settings (``grid``), and what its divisions or its reports cover.
Key    : the cell's id in INSPIRE's form, such as ``CRS2154RES250mN6247000E892250``.
CRS    : the city's.
"""

from collections.abc import Iterator

import numpy as np
import shapely
from psycopg import sql
from pyproj import Transformer

from observatoire.errors import BadSource
from observatoire.intake.source import Context, Item, Source
from observatoire.layers.catalog import layer_of
from observatoire.layers.ddl import table
from observatoire.risk.grid import Grid


def cells(context: Context) -> Grid:
    """Return the cells of the city.

    Raises
    ------
    BadSource
        If what the grid lies over is not loaded yet.
    """
    city = context.city
    if city.grid.over == "extent":
        west, south, east, north = city.extent
        to_city = Transformer.from_crs("EPSG:4326", city.crs, always_xy=True)
        return Grid.covering(to_city.transform_bounds(west, south, east, north), cell=city.grid.cell, crs=city.crs)
    stored = context.connection.execute(
        sql.SQL("SELECT ST_AsBinary(geom) FROM {} ORDER BY id").format(table(layer_of(city.grid.over)))
    ).fetchall()
    if not stored:
        raise BadSource(f"the grid lies over {city.grid.over}, which are not loaded yet: load them first")
    shapes = shapely.from_wkb([wkb for (wkb,) in stored])
    if city.grid.over == "divisions":
        return Grid.covering(shapely.union_all(shapes), cell=city.grid.cell, crs=city.crs)
    return Grid.of_events(
        np.column_stack([shapely.get_x(shapes), shapely.get_y(shapes)]), cell=city.grid.cell, crs=city.crs
    )


def items(context: Context) -> Iterator[Item]:
    """Give the cells one by one."""
    grid = cells(context)
    for cell_id, square in zip(grid.cell_id.tolist(), grid.polygons(), strict=True):
        yield {"source_key": cell_id, "cell_id": cell_id, "cote": grid.cell, "geometry": square}


SOURCE = Source(id="grid", collection="mailles", origin="derived", items=items)
