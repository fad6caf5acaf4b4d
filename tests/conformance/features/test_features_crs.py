"""The abstract tests of OGC API Features, part 2: coordinate reference systems by reference.

Each function is named after an abstract test: `core_fc_md_op` is `/conf/core/fc-md-op`. The OGC's own executable suite
is another program, in Java; these are the annex's tests, as Python.

References
----------
.. [1] OGC 18-058r1, *OGC API - Features - Part 2: Coordinate Reference Systems by Reference*, annex A.
"""

import re
from typing import Any

import numpy as np
import pytest
import shapely
from pyproj import CRS, Transformer

pytestmark = pytest.mark.conformance


def test_crs_crs_uri_and_default_crs(features: Any, collection: str) -> None:
    """Every CRS is named by an OGC URI that can be resolved; CRS84 is among them."""
    uris = features.systems(collection)

    assert uris[0] == features.crs84
    for uri in uris:
        authority, version, code = re.fullmatch(r"http://www\.opengis\.net/def/crs/(\w+)/([\w.]+)/(\w+)", uri).groups()  # type: ignore[union-attr]
        assert CRS.from_authority(authority, code)
        assert version in ("0", "1.3")


def test_crs_storage_crs(features: Any, collection: str) -> None:
    one = features.document(f"/collections/{collection}")

    assert one["storageCrs"] in one["crs"]
    assert "storageCrsCoordinateEpoch" not in one


def test_crs_crs_parameter(features: Any, collection: str) -> None:
    """Each CRS of the list may be asked for, and the answer's header names it; so for one item."""
    path = f"/api/collections/{collection}/items"
    first = features.page(collection, limit=1)["features"][0]["id"]
    for uri in features.systems(collection):
        for here in (path, f"{path}/{first}"):
            answer = features.get(here, crs=uri)
            assert answer.status_code == 200
            assert answer.headers["content-crs"] == f"<{uri}>"


def test_crs_crs_parameter_default_and_invalid(features: Any, collection: str) -> None:
    path = f"/api/collections/{collection}/items"

    assert features.get(path).headers["content-crs"] == f"<{features.crs84}>"
    assert features.get(path).json()["features"] == features.get(path, crs=features.crs84).json()["features"]
    for wrong in ("http://www.opengis.net/def/crs/EPSG/0/0", "http://www.opengis.net/def/crs/EPSG/0/27572", "x"):
        assert features.get(path, crs=wrong).status_code == 400


def test_crs_crs_transform(features: Any, collection: str) -> None:
    """In every CRS the coordinates are those of pyproj, axes in the order of the authority (0.1 m)."""
    stored = features.page(collection, limit=40, crs=features.document(f"/collections/{collection}")["storageCrs"])
    code = features.document(f"/collections/{collection}")["storageCrs"].rsplit("/", 1)[1]
    for uri in features.systems(collection):
        target = "OGC:CRS84" if uri == features.crs84 else f"EPSG:{uri.rsplit('/', 1)[1]}"
        transformer = Transformer.from_crs(f"EPSG:{code}", target)
        shown = features.page(collection, limit=40, crs=uri)
        tolerance = 2e-6 if CRS(target).is_geographic else 0.05
        for ours, theirs in zip(shown["features"], stored["features"], strict=True):
            expected = shapely.transform(features.shape(theirs), lambda xy: projected(transformer, xy))  # noqa: B023
            assert shapely.equals_exact(features.shape(ours), expected, tolerance=tolerance)


def test_crs_bbox_crs_parameter(features: Any, collection: str) -> None:
    """A box finds the items whose shape in that CRS meets it, whichever CRS it is said in."""
    for uri in features.systems(collection):
        whole = features.every(collection, crs=uri)
        bounds = shapely.total_bounds(shapely.geometrycollections([features.shape(f) for f in whole]))
        width, height = bounds[2] - bounds[0], bounds[3] - bounds[1]
        box = (bounds[0] + 0.3 * width, bounds[1] + 0.3 * height, bounds[0] + 0.6 * width, bounds[1] + 0.6 * height)
        edge = 3e-6 if width < 10 else 0.1
        found = {f["id"] for f in features.every(collection, bbox=",".join(map(repr, map(float, box))), bbox_crs=uri)}

        surely = {f["id"] for f in whole if features.shape(f).intersects(shapely.box(*box).buffer(-edge))}
        possibly = {f["id"] for f in whole if features.shape(f).intersects(shapely.box(*box).buffer(edge))}
        assert surely <= found <= possibly
        assert found


def test_crs_bbox_crs_parameter_default_and_invalid(features: Any, collection: str) -> None:
    path, box = f"/api/collections/{collection}/items", "5.3,43.2,5.4,43.3"

    named = features.get(path, bbox=box, **{"bbox-crs": features.crs84}).json()["features"]
    assert features.get(path, bbox=box).json()["features"] == named
    assert features.get(path, bbox=box, **{"bbox-crs": "x"}).status_code == 400
    assert features.get(path, bbox=box, **{"bbox-crs": features.crs84.replace("CRS84", "CRS27")}).status_code == 400


@pytest.mark.parametrize("name", ["crs", "bbox-crs"])
def test_crs_parameters_are_defined(features: Any, collection: str, name: str) -> None:
    found = features.parameter(collection, name)

    assert (found["in"], found["required"], found["style"], found["explode"]) == ("query", False, "form", False)
    assert found["schema"] == {"type": "string", "format": "uri", "enum": features.systems(collection)}


def projected(transformer: Transformer, xy: Any) -> Any:
    return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
