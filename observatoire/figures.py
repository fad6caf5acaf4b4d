"""The OGC request behind a figure: whoever asks it with the same rights counts the same items."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

#: A longer filter is refused in an address (docs/server.md): the figure then has no link.
LONGEST = 16_000
MOST_IDS = 500


def of_window(
    collection: str,
    start: datetime,
    end: datetime,
    *,
    code: str = "",
    codes: Collection[str] = (),
    where: str = "",
    srid: int = 0,
) -> str | None:
    """Return the request of the reported items of (start, end], of some kinds, inside a polygon.

    Parameters
    ----------
    code, codes : str, collection of str
        The property and its values; all where empty.
    where : str
        WKT of a polygon in the CRS `srid`; everywhere where empty.

    Returns
    -------
    str or None
        Path and query; None where the filter would be too long for an address.
    """
    first = start + timedelta(microseconds=1)
    query: dict[str, Any] = {"datetime": f"{_moment(first)}/{_moment(end)}", "origin": "reported"}
    parts = []
    if codes:
        parts.append(f"{code} IN ({', '.join(repr(name) for name in sorted(codes))})")
    if where:
        parts.append(f"S_INTERSECTS(geometry, {where})")
        query["filter-crs"] = f"http://www.opengis.net/def/crs/EPSG/0/{srid}"
    if parts:
        query["filter"] = " AND ".join(parts)
    if len(query.get("filter", "")) > LONGEST:
        return None
    return _items(collection, query)


def of_items(collection: str, ids: Sequence[int]) -> str | None:
    """Return the request of some items by their ids; None where there are none, or too many."""
    if not collection or not ids or len(ids) > MOST_IDS:
        return None
    return _items(collection, {"filter": f"id IN ({', '.join(map(str, ids))})"})


def _items(collection: str, query: dict[str, Any]) -> str:
    text = urlencode(query, quote_via=quote, safe="/:,()'")
    return f"/api/collections/{collection}/items?{text}"


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
