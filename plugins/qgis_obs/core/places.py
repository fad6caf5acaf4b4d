"""Places on their way out: always longitude and latitude (CRS84), never metres that pass for degrees."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from qgis.core import (
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeature,
    QgsFeatureSource,
    QgsFeedback,
    QgsGeometry,
    QgsJsonExporter,
    QgsRectangle,
)

from .errors import BadValue, Cancelled
from .texts import tr

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
#: QGIS keeps EPSG:4326 as longitude, latitude.
DEGREES = "EPSG:4326"
DIGITS = 17  # of a decimal number: enough for a double to come back as it was
#: So far outside its area of use a CRS is still taken, degrees.
MARGIN = 5.0
#: `CRS=EPSG:2154;POINT(1 2)` as QGIS writes it, `POINT(1 2) [EPSG:2154]` as people do: QGIS takes the latter and
#: forgets its CRS.
BEFORE = re.compile(r"^\s*CRS=(?P<crs>[^;]*);\s*(?P<rest>.*)$", re.I | re.S)
AFTER = re.compile(r"^(?P<rest>.*?)\s*\[(?P<crs>[^\[\]]+)\]\s*$", re.S)
#: As QGIS writes a rectangle: west, east, south, north.
CORNERS = re.compile(r"^\s*([^,\s]+)\s*,\s*([^,\s]+)\s*,\s*([^,\s]+)\s*,\s*([^,\s]+)\s*$")

Crs = QgsCoordinateReferenceSystem


def parted(text: str, name: str) -> tuple[str, Crs]:
    """Return what is said of a place and its CRS; an invalid CRS where none is said.

    Raises
    ------
    BadValue
        A CRS is said that QGIS does not know.
    """
    found = BEFORE.match(text) or AFTER.match(text)
    if found is None:
        return text.strip(), Crs()
    crs = Crs(found["crs"].strip())
    if not crs.isValid():
        raise BadValue(tr("{name}: QGIS knows no CRS “{crs}”.", name=name, crs=found["crs"]))
    return found["rest"].strip(), crs


def geometry_out(text: str, name: str, context: QgsCoordinateTransformContext) -> dict[str, Any]:
    """Return WKT or GeoJSON, with its CRS where it is not in degrees, as a GeoJSON geometry."""
    if text.lstrip().startswith("{"):
        return _given(text, name)
    said, crs = parted(text, name)
    geometry = QgsGeometry.fromWkt(said)
    if geometry.isNull() or geometry.isEmpty():
        raise BadValue(
            tr("{name}: expected WKT, e.g. CRS=EPSG:2154;POLYGON((…)), got “{got}”.", name=name, got=said[:60])
        )
    return as_geojson(geometry, crs, name, context)


def as_geojson(geometry: QgsGeometry, crs: Crs, name: str, context: QgsCoordinateTransformContext) -> dict[str, Any]:
    """Return a geometry in degrees as GeoJSON; one without a CRS must already be in degrees.

    Raises
    ------
    BadValue
        It lies outside the range of degrees, or its CRS cannot be left.
    """
    turned = _turned(geometry, crs, name, context)
    return json.loads(turned.asJson(DIGITS))


def rectangle_out(text: str, name: str, context: QgsCoordinateTransformContext) -> list[float]:
    """Return `west, east, south, north [CRS]` as west, south, east, north in degrees."""
    said, crs = parted(text, name)
    found = CORNERS.match(said)
    try:
        west, east, south, north = (float(part) for part in (found.groups() if found else ()))
    except ValueError:
        raise BadValue(
            tr("{name}: expected west,east,south,north [EPSG:…], got “{got}”.", name=name, got=text[:60])
        ) from None
    return rectangle_in_degrees(QgsRectangle(west, south, east, north), crs, name, context)


def rectangle_in_degrees(
    rectangle: QgsRectangle, crs: Crs, name: str, context: QgsCoordinateTransformContext
) -> list[float]:
    """Return west, south, east, north in degrees of the rectangle that holds `rectangle`."""
    if crs.isValid() and crs != Crs(DEGREES):
        try:
            rectangle = QgsCoordinateTransform(crs, Crs(DEGREES), context).transformBoundingBox(rectangle)
        except QgsCsException:
            raise _outside(name, crs) from None
    corners = [rectangle.xMinimum(), rectangle.yMinimum(), rectangle.xMaximum(), rectangle.yMaximum()]
    _check(rectangle, crs, name)
    return corners


def features_out(
    source: QgsFeatureSource, name: str, context: QgsCoordinateTransformContext, *, most: int = 100_000,
    feedback: QgsFeedback | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return a layer, or what is selected of it, as a GeoJSON FeatureCollection in degrees."""
    crs = source.sourceCrs()
    exporter = QgsJsonExporter()
    exporter.setTransformGeometries(False)
    exporter.setPrecision(DIGITS)
    found: list[dict[str, Any]] = []
    for feature in source.getFeatures():
        if feedback is not None and feedback.isCanceled():
            raise Cancelled
        if len(found) >= most:
            raise BadValue(tr("{name}: more than {most} features; select fewer.", name=name, most=most))
        found.append(_feature_out(feature, crs, name, context, exporter))
    return {"type": "FeatureCollection", "features": found}


def _feature_out(
    feature: QgsFeature, crs: Crs, name: str, context: QgsCoordinateTransformContext, exporter: QgsJsonExporter
) -> dict[str, Any]:
    copy = QgsFeature(feature)
    copy.clearGeometry()
    said: dict[str, Any] = json.loads(exporter.exportFeature(copy))
    said["geometry"] = as_geojson(feature.geometry(), crs, name, context) if feature.hasGeometry() else None
    return said


def _given(text: str, name: str) -> dict[str, Any]:
    """Return GeoJSON that was typed: it is in degrees, or refused."""
    try:
        said = json.loads(text)
    except ValueError as error:
        raise BadValue(tr("{name}: no JSON: {why}.", name=name, why=error)) from None
    said = said.get("geometry", said) if said.get("type") == "Feature" else said
    box = _box(said.get("coordinates"))
    if box is None:
        raise BadValue(tr("{name}: expected a GeoJSON geometry with coordinates.", name=name))
    _check(box, Crs(), name)
    return said


def _box(coordinates: Any) -> QgsRectangle | None:
    if not isinstance(coordinates, list) or not coordinates:
        return None
    if all(isinstance(number, (int, float)) for number in coordinates):
        return QgsRectangle(*coordinates[:2], *coordinates[:2], False) if len(coordinates) > 1 else None
    boxes = [_box(part) for part in coordinates]
    if any(box is None for box in boxes):
        return None
    whole = boxes[0]
    for box in boxes[1:]:
        whole.combineExtentWith(box)
    return whole


def _turned(geometry: QgsGeometry, crs: Crs, name: str, context: QgsCoordinateTransformContext) -> QgsGeometry:
    turned = QgsGeometry(geometry)
    if crs.isValid() and crs != Crs(DEGREES):
        try:
            failed = turned.transform(QgsCoordinateTransform(crs, Crs(DEGREES), context))
        except QgsCsException:
            raise _outside(name, crs) from None
        if failed:
            raise _outside(name, crs)
    _check(turned.boundingBox(), crs, name)
    return turned


def _check(box: QgsRectangle, crs: Crs, name: str) -> None:
    corners = (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())
    finite = all(math.isfinite(corner) for corner in corners)
    if finite and -180 <= corners[0] <= corners[2] <= 180 and -90 <= corners[1] <= corners[3] <= 90:
        if crs.isValid() and not _used_there(crs, box):
            raise _outside(name, crs)
        return
    if crs.isValid():
        raise _outside(name, crs)
    raise BadValue(
        tr(
            "{name}: {x}, {y} are no longitude and latitude. Say the CRS, e.g. CRS=EPSG:2154;POLYGON((…)) or "
            "west,east,south,north [EPSG:2154].",
            name=name, x=corners[0], y=corners[1],
        )
    )  # fmt: skip


def _used_there(crs: Crs, box: QgsRectangle) -> bool:
    """Tell whether a CRS is meant for a place: degrees that are said to be metres come out thousands of km away."""
    area = crs.bounds()  # its area of use, in degrees
    return area.isEmpty() or area.buffered(MARGIN).intersects(box)


def _outside(name: str, crs: Crs) -> BadValue:
    return BadValue(
        tr("{name}: these coordinates lie outside {crs}; is it the right CRS?", name=name, crs=crs.authid() or "CRS")
    )
