"""What the abstract tests of OGC API Features ask the served small city with."""

from functools import cache
from typing import Any, Protocol
from urllib.parse import urlencode

import httpx
import pytest
import shapely

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


class Observatory(Protocol):
    """The fixture `observatory` of tests/conftest.py."""

    url: str

    def get(self, path: str, audience: str = "", **parameters: object) -> httpx.Response: ...


class Features:
    """A client of the items of a served city, as anybody."""

    #: The collection whose items have a time.
    dated = "signalements"
    crs84 = CRS84
    geojson = "application/geo+json"

    def __init__(self, observatory: Observatory) -> None:
        self.url = observatory.url
        self.get = observatory.get

    def document(self, path: str, **parameters: object) -> Any:
        """Return the JSON at a path below /api."""
        answer = self.get(f"/api{path}", f="json", **parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def page(self, collection: str, **parameters: object) -> Any:
        """Return a page of items; words with hyphens are written with underscores."""
        words = {name.replace("_", "-"): value for name, value in parameters.items()}
        return self.document(f"/collections/{collection}/items", **words)

    def every(self, collection: str, **parameters: object) -> list[dict[str, Any]]:
        """Return all items that match, by `next`."""
        words = {name.replace("_", "-"): str(value) for name, value in parameters.items()}
        return followed(f"{self.url}/api/collections/{collection}/items?{urlencode({'limit': 10_000} | words)}")

    def parameter(self, collection: str, name: str) -> dict[str, Any]:
        """Return a parameter of a page of items as the API definition has it, its reference followed."""
        definition = self.document("/openapi")
        listed = definition["paths"][f"/collections/{collection}/items"]["get"]["parameters"]
        shared = definition["components"]["parameters"]
        whole = [shared[p["$ref"].rsplit("/", 1)[1]] if "$ref" in p else p for p in listed]
        (found,) = [p for p in whole if p["name"] == name]
        return found

    def systems(self, collection: str) -> list[str]:
        """Return the CRSs of a collection."""
        found: list[str] = self.document(f"/collections/{collection}")["crs"]
        return found

    def paths(self) -> list[str]:
        """Return a path of each kind of document."""
        here = f"/api/collections/{self.dated}"
        first = self.page(self.dated, limit=1)["features"][0]["id"]
        return ["/api", "/api/conformance", "/api/collections", here, f"{here}/items", f"{here}/items/{first}"]

    @staticmethod
    def href(linked: Any, rel: str, kind: str | None = None) -> str | None:
        """Return the first link of a relation, of a media type."""
        return next((li["href"] for li in linked["links"] if li["rel"] == rel and kind in (None, li.get("type"))), None)

    @staticmethod
    def shape(feature: dict[str, Any]) -> shapely.Geometry:
        """Return the geometry of an item."""
        return shapely.geometry.shape(feature["geometry"])


@cache
def followed(address: str) -> list[dict[str, Any]]:
    """The items of a page and of those after it; asked once a session, nothing is loaded meanwhile."""
    found: list[dict[str, Any]] = []
    following: str | None = address
    while following:
        answer = httpx.get(following, timeout=60)
        assert answer.status_code == 200, answer.text
        found += answer.json()["features"]
        following = Features.href(answer.json(), "next")
    return found


@pytest.fixture(scope="session")
def features(observatory: Observatory) -> Features:
    """The client."""
    return Features(observatory)


@pytest.fixture(params=["signalements", "divisions", "mailles"])
def collection(request: pytest.FixtureRequest) -> str:
    """A collection: points with a time, polygons, many polygons."""
    name: str = request.param
    return name
