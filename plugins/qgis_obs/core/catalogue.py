"""What a server offers: records, presets, and what must be known to open a collection. Blocks: call it in a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from qgis.core import QgsFeedback

from . import opening, qml_style
from .errors import NotFound, Refused
from .http import Client
from .presets import Preset, listed, preset
from .reading import readable
from .records import Record, following, records
from .unexpected import Unexpected

#: Records asked for at once, and pages read at most: a catalogue is not a reason to read for hours.
PAGE, PAGES = 200, 50


@dataclass(frozen=True)
class Catalogue:
    """Records and presets of a server, as the caller may see them.

    Attributes
    ----------
    records : tuple of Record
    presets : tuple of (str, str)
        Id and title.
    """

    records: tuple[Record, ...]
    presets: tuple[tuple[str, str], ...]

    def record(self, collection: str) -> Record | None:
        """Return the record of a collection, or None."""
        return next((r for r in self.records if r.id == collection), None)


@dataclass(frozen=True)
class Described:
    """What must be known of a collection before it is opened.

    Attributes
    ----------
    count : int or None
        Items that the caller may see; None where the server does not count.
    spatial : bool
        Whether its first item has a geometry; True for an empty collection.
    crs : str
        CRS that it is kept in, as `EPSG:2154`; empty where unknown.
    extent : tuple of float
        West, south, east, north of all its items, degrees, as the server says; empty where it does not. A layer is not
        asked: QGIS would hold the window until the items that are on their way have come.
    interval : tuple of str
        Earliest and latest time of its items, RFC 3339; without what the server does not say.
    """

    collection: str
    title: str
    count: int | None
    spatial: bool
    has_tiles: bool
    has_coverage: bool
    crs: str
    extent: tuple[float, ...] = ()
    interval: tuple[str, ...] = ()


def read(client: Client, feedback: QgsFeedback | None = None) -> Catalogue:
    """Return what the server offers: its catalogue, or where it has none, its list of collections."""
    found: list[Record] = []
    try:
        address = client.url("collections/catalogue/items", limit=PAGE, f="json")
        for _ in range(PAGES):
            page = client.get_json(address, feedback=feedback)
            with readable(address):
                found += records(page)
            address = following(page)
            if not address:
                break
    except (NotFound, Refused):
        found = _collections(client, feedback)
    return Catalogue(tuple(found), tuple(_presets(client, found, feedback)))


def read_preset(client: Client, id_: str, title: str, feedback: QgsFeedback | None = None) -> Preset:
    """Return the collections of a preset."""
    path = f"styles/{id_}"
    style = client.get_json(path, feedback=feedback, accept="application/vnd.mapbox.style+json, application/json")
    with readable(path):
        return preset(id_, title, style)


def describe(client: Client, collection: str, feedback: QgsFeedback | None = None) -> Described:
    """Return what must be known of a collection: two requests."""
    about = client.get_json(f"collections/{collection}?f=json", feedback=feedback)
    first = client.get_json(f"collections/{collection}/items?limit=1&f=json", feedback=feedback)
    with readable(f"collections/{collection}"):
        return described(collection, about, first)


def described(collection: str, about: Any, first: Any) -> Described:
    """Return what a collection's description and first page say.

    Raises
    ------
    Unexpected
        If one of them is no object, or the page has no `features`.
    """
    if not isinstance(about, dict) or not isinstance(first, dict) or not isinstance(first.get("features"), list):
        raise Unexpected("features: expected a list")
    offered = {str(link.get("rel", "")).rsplit("/", 1)[-1] for link in about.get("links") or ()}
    count = first.get("numberMatched")
    return Described(
        collection,
        str(about.get("title") or collection),
        count if isinstance(count, int) and not isinstance(count, bool) else None,
        all(feature.get("geometry") is not None for feature in first["features"]),
        opening.TILES_REL in offered,
        opening.COVERAGE_REL in offered,
        _code(str(about.get("storageCrs") or "")),
        _extent(about.get("extent")),
        _interval(about.get("extent")),
    )


def qml(client: Client, collection: str, feedback: QgsFeedback | None = None) -> str:
    """Return the QGIS style of a collection, empty where the server has none."""
    try:
        return client.get(f"styles/{collection}?f=qml", accept=qml_style.MEDIA_TYPE, feedback=feedback).body.decode()
    except (NotFound, Refused):
        return ""


def mapbox(client: Client, collection: str, feedback: QgsFeedback | None = None) -> dict[str, Any]:
    """Return the MapLibre style of a collection, empty where the server has none."""
    try:
        style = client.get_json(f"styles/{collection}?f=json", feedback=feedback)
    except (NotFound, Refused):
        return {}
    return style if isinstance(style, dict) else {}


def _collections(client: Client, feedback: QgsFeedback | None) -> list[Record]:
    answer = client.get_json("collections?f=json", feedback=feedback)
    listed_ = answer.get("collections") if isinstance(answer, dict) else None
    features = [
        {"id": c.get("id"), "properties": c, "links": c.get("links")}
        for c in listed_ or ()
        if c.get("itemType", "feature") == "feature"
    ]
    with readable("collections"):
        return records({"features": features})


def _presets(client: Client, found: list[Record], feedback: QgsFeedback | None) -> list[tuple[str, str]]:
    try:
        styles = client.get_json("styles?f=json", feedback=feedback)
    except (NotFound, Refused):
        return []
    with readable("styles"):
        return listed(styles, [record.id for record in found])


def _extent(said: Any) -> tuple[float, ...]:
    """Return the first box of a collection's extent, which holds the others, without its heights."""
    spatial = said.get("spatial") if isinstance(said, dict) else None
    boxes = spatial.get("bbox") if isinstance(spatial, dict) else None
    box = boxes[0] if isinstance(boxes, list) and boxes else None
    if not isinstance(box, list) or len(box) not in (4, 6) or not all(isinstance(v, (int, float)) for v in box):
        return ()
    half = len(box) // 2
    return float(box[0]), float(box[1]), float(box[half]), float(box[half + 1])


def _interval(said: Any) -> tuple[str, ...]:
    temporal = said.get("temporal") if isinstance(said, dict) else None
    found = temporal.get("interval") if isinstance(temporal, dict) else None
    first = found[0] if isinstance(found, list) and found else None
    return tuple(text for text in first if isinstance(text, str)) if isinstance(first, list) else ()


def _code(uri: str) -> str:
    """Return `EPSG:2154` for `http://www.opengis.net/def/crs/EPSG/0/2154`; empty for other forms."""
    parts = uri.rsplit("/", 3)
    return f"EPSG:{parts[-1]}" if len(parts) == 4 and parts[1] == "EPSG" and parts[-1].isdigit() else ""
