"""Our own server, read by our own connector: whole, page by page, in another CRS, and not twice."""

from typing import Any

import numpy as np
import pytest
from pyproj import Transformer

from etl.connectors import oapif
from observatoire.intake.options import Options
from observatoire.intake.source import NotModified, Table

pytestmark = pytest.mark.e2e


def rows(table: Table) -> dict[str, Any]:
    return {record.row["id"]: record for record in table.records}  # type: ignore[call-overload]


def test_our_own_collections_are_read_whole(observatory: Any) -> None:
    address = f"{observatory.url}/api/collections/signalements"
    matched = observatory.get("/api/collections/signalements/items", limit=1).json()["numberMatched"]

    table = oapif.fetch(address, Options(request={"limit": "500"}))
    degrees = rows(table)

    assert len(degrees) == matched > 500
    assert {"reference", "date", "nature"} <= set(table.columns)
    metres = rows(oapif.fetch(address, Options(request={"crs": "EPSG:2154", "limit": "10000"})))
    to_metres = Transformer.from_crs("OGC:CRS84", "EPSG:2154", always_xy=True)
    for key in list(degrees)[:50]:
        expected = to_metres.transform(*degrees[key].geometry.coords[0])
        assert (
            np.hypot(*np.subtract(expected, metres[key].geometry.coords[0])) < 0.08
        )  # degrees have six decimals: half of the last is 0.055 m by 0.041 m


def test_a_page_of_ours_that_has_not_changed_is_not_read(observatory: Any) -> None:
    address = f"{observatory.url}/api/collections/divisions"
    table = oapif.fetch(address, Options(request={"limit": "10000"}))
    assert rows(table)
    assert table.cursor is not None

    with pytest.raises(NotModified):
        oapif.fetch(address, Options(request={"limit": "10000"}, since=table.cursor()))


def test_only_what_is_new_is_asked(observatory: Any) -> None:
    address = f"{observatory.url}/api/collections/signalements"
    request = {"since": "date", "limit": "10000"}
    table = oapif.fetch(address, Options(request=request))
    found = rows(table)
    assert table.cursor is not None

    again = rows(oapif.fetch(address, Options(request=request, since=table.cursor())))

    last = max(record.row["date"] for record in found.values())
    assert again.keys() == {key for key, record in found.items() if record.row["date"] == last}
