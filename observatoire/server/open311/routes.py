"""The routes of Open311, to be put at the root."""

from starlette.routing import Route

from observatoire.server.open311.create import create, token
from observatoire.server.open311.errors import Endpoint, spoken
from observatoire.server.open311.requests import one, requests
from observatoire.server.open311.services import definition, discovery, services

BASE = "/open311/v2"


def open311_routes() -> list[Route]:
    """Return the routes; each address ends with `.xml`, `.json`, or with neither."""
    pages: list[tuple[str, Endpoint, str]] = [
        ("/discovery", discovery, "GET"),
        ("/services", services, "GET"),
        ("/services/{code}", definition, "GET"),
        ("/requests", requests, "GET"),
        ("/requests", create, "POST"),
        ("/requests/{reference}", one, "GET"),
        ("/tokens/{token}", token, "GET"),
    ]
    return [
        Route(f"{BASE}{path}{ending}", spoken(endpoint), methods=[method])
        for path, endpoint, method in pages
        for ending in (".{form}", "")
    ]
