"""WZDx 4.2, the American feed of work zones: read.

References
----------
.. [1] USDOT, *Work Zone Data Exchange (WZDx) Specification*, version 4.2, `WorkZoneFeed`.
"""

from collections.abc import Iterator
from typing import Any

import shapely

from observatoire.errors import BadSource
from observatoire.works.errors import BadWork
from observatoire.works.exchange.base import Loss, Read, json_document, moment, read_each
from observatoire.works.exchange.litteralis import features, geometry_of
from observatoire.works.model import Closure, Work
from observatoire.works.schedule import Schedule

VERSION = "4.2"
CARRIED = {"core_details", "start_date", "end_date", "vehicle_impact"}
CORE = {"event_type", "description", "name", "road_names"}  # of core_details
IMPACTS = {"all-lanes-closed": "chaussee-fermee", "all-lanes-open": "trottoir"}
OTHERS = (
    "some-lanes-closed", "alternating-one-way", "some-lanes-closed-merge-left", "some-lanes-closed-merge-right",
    "all-lanes-open-shift-left", "all-lanes-open-shift-right", "some-lanes-closed-split", "flagging",
    "temporary-traffic-signal", "unknown",
)  # fmt: skip


def read_wzdx(data: bytes, *, crs: str, zone: str, kind: str = "chaussee") -> Read:
    """Read work zones; detours and other road events are refused. Properties left unread are losses.

    Raises
    ------
    BadSource
        If the document is not a feed of version 4.2.
    """
    document = json_document(data)
    found = features(document, "")
    info = document.get("feed_info") or document.get("road_event_feed_info") or {}
    if str(info.get("version")) != VERSION:
        raise BadSource(f"feed_info.version: expected {VERSION}, got {str(info.get('version'))[:10]!r}")
    read = read_each(found, lambda name, feature: _work(name, feature, crs, zone, kind))
    kept = {w.id for w in read.works}
    lost = [loss for name, feature in found if name in kept for loss in _losses(name, feature)]
    return Read(read.works, read.refused, tuple(lost))


def _losses(name: str, feature: dict[str, Any]) -> Iterator[Loss]:
    properties, core = feature["properties"], feature["properties"]["core_details"]
    for key in sorted(set(properties) - CARRIED):
        yield Loss(name, key, "not carried by the model")
    for key in sorted(set(core) - CORE):
        yield Loss(name, f"core_details.{key}", "not carried by the model")
    if len(core.get("road_names") or ()) > 1:
        yield Loss(name, "core_details.road_names", "only the first is read")
    if core.get("name") and core.get("description"):
        yield Loss(name, "core_details.name", "the description is read as the title")
    if feature["geometry"]["type"] == "MultiPoint":
        yield Loss(name, "geometry", "only points are given: the line between them is read")


def _work(name: str, feature: dict[str, Any], crs: str, zone: str, kind: str) -> Work:
    found = feature.get("properties") or {}
    core = found.get("core_details") or {}
    if core.get("event_type") != "work-zone":
        raise BadWork("core_details.event_type", f"{str(core.get('event_type'))[:30]!r} is no work zone")
    impact = str(found.get("vehicle_impact"))
    if impact not in IMPACTS and impact not in OTHERS:
        raise BadWork("vehicle_impact", f"unknown code {impact[:40]!r}")
    start, end = moment("start_date", found.get("start_date", "")), moment("end_date", found.get("end_date", ""))
    roads = core.get("road_names") or [None]
    return Work(
        name, kind, _line(geometry_of(feature, crs)), Schedule(start, end, zone),
        closure=Closure(IMPACTS.get(impact, "chaussee-reduite")),
        street=roads[0], title=str(core.get("description") or core.get("name") or ""),
    )  # fmt: skip


def _line(geometry: Any) -> Any:
    """Return the line of a zone; one that is given by points, its two ends mostly, is the line through them."""
    points = shapely.get_coordinates(geometry)
    return shapely.LineString(points) if geometry.geom_type == "MultiPoint" and len(points) > 1 else geometry
