"""GDAL on collections that have more than texts and a time: types of columns, conditions on them."""

from pathlib import Path
from typing import Protocol

import httpx
import pyogrio
import pytest

pytestmark = pytest.mark.e2e


class Observatory(Protocol):
    """The fixture `observatory` of tests/conftest.py."""

    url: str
    keys: dict[str, str]

    def get(self, path: str, audience: str = "", **parameters: object) -> httpx.Response: ...


def test_columns_have_the_types_of_the_catalogue(observatory: Observatory) -> None:
    """The levels of a day are null in all items that GDAL looks at first: the schema says that they are numbers."""
    first = observatory.get("/api/collections/mesures-bruit/items", limit=20).json()["features"]
    frame = pyogrio.read_dataframe(f"OAPIF:{observatory.url}/api", layer="mesures-bruit", read_geometry=False)

    assert all(feature["properties"]["lden"] is None for feature in first)
    assert frame["lden"].dtype == frame["laeq"].dtype == "float64"
    assert frame["lden"].notna().any()
    assert frame["date"].dtype.kind == "M"


@pytest.mark.parametrize("said", [1, 0])
def test_a_condition_on_a_boolean_finds_what_the_server_finds(observatory: Observatory, said: int) -> None:
    """GDAL has no booleans: it asks for 1 and 0."""
    expected = observatory.get("/api/collections/arrets-bus/items", filter=f"accessible = {bool(said)}", limit=1000)
    frame = pyogrio.read_dataframe(
        f"OAPIF:{observatory.url}/api", layer="arrets-bus", where=f"accessible = {said}", read_geometry=False
    )

    assert len(frame) == expected.json()["numberReturned"]
    assert set(frame["accessible"]) <= {bool(said)}


def test_a_file_of_headers_gives_a_key_and_every_item_is_read_once(observatory: Observatory, tmp_path: Path) -> None:
    """`GDAL_HTTP_HEADERS` is not sent by GDAL 3.12 where a driver has headers of its own."""
    headers = tmp_path / "key.txt"
    headers.write_text(f"X-API-Key: {observatory.keys['planner']}\n")
    expected = observatory.get("/api/collections/faits/items", "planner", limit=1).json()["numberMatched"]

    pyogrio.set_gdal_config_options({"GDAL_HTTP_HEADER_FILE": str(headers)})
    try:
        frame = pyogrio.read_dataframe(
            f"OAPIF:{observatory.url}/api", layer="faits", read_geometry=False, fid_as_index=True
        )
    finally:
        pyogrio.set_gdal_config_options({"GDAL_HTTP_HEADER_FILE": None})

    assert len(frame) == frame.index.nunique() == expected > 1000
