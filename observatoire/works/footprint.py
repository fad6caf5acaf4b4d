"""Where works or an event stand: geometries in a projected CRS, in metres."""

from typing import Any

import numpy as np
import shapely

from observatoire.works.errors import BadWork

TYPES = ("Polygon", "MultiPolygon", "LineString", "MultiLineString", "Point", "MultiPoint")


def check_footprint(geometry: Any, field: str = "footprint") -> None:
    """Raise BadWork unless the geometry can be searched.

    Raises
    ------
    BadWork
        Not a geometry, empty, crossing itself (the reason is that of GEOS), an area of 0 m², or coordinates that are
        not finite or look like degrees.
    """
    if not isinstance(geometry, shapely.Geometry) or geometry.geom_type not in TYPES:
        raise BadWork(field, f"expected one of {', '.join(TYPES)}")
    if geometry.is_empty:
        raise BadWork(field, "is empty: nothing is held")
    coordinates = shapely.get_coordinates(geometry)
    if not np.isfinite(coordinates).all():
        raise BadWork(field, "has a coordinate that is not a finite number")
    if not geometry.is_valid:
        raise BadWork(field, f"is not a valid geometry: {shapely.is_valid_reason(geometry)}")
    if "Polygon" in geometry.geom_type and geometry.area == 0:
        raise BadWork(field, "has an area of 0 m²")
    if (np.abs(coordinates) <= (180, 90)).all():
        raise BadWork(field, "looks like degrees; expected metres in a projected CRS, such as EPSG:2154")
