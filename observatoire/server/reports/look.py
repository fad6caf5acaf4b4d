"""`POST /signaler`: "already known here?" for a browser without a script. Nothing is kept; the form comes back."""

from typing import Any

from psycopg import Connection
from starlette.requests import Request
from starlette.responses import Response

from observatoire.cities import City
from observatoire.layers.catalog import layer_of
from observatoire.reports.errors import Refused
from observatoire.reports.forms import forms
from observatoire.reports.near import RADIUS, near
from observatoire.reports.place import STREETS, find_street, locate, read_degree
from observatoire.server.citizen.report import part_of
from observatoire.server.reports.answers import answered, filled, sentence
from observatoire.server.reports.body import Body, read_body
from observatoire.server.reports.work import language, terms_of, with_store


async def look(request: Request) -> Response:
    """Answer the form, filled in as it came, with what is known at its place."""
    return await answered(request, lambda: read_body(request), lambda body: _looked(request, body))


async def _looked(request: Request, body: Body) -> Response:
    fields = body.fields
    if fields.get("nature") not in forms().categories:
        expected = ", ".join(forms().categories)
        raise Refused("nature", f"attendu : {expected}", f"expected {expected}")
    try:
        found = await with_store(request, lambda store: _near(store, terms_of(request).city, fields))
    except Refused as error:
        said = sentence(error.said.in_(language(request)))
        return filled(request, body, error.status, wrong=part_of(error.field), said=said)
    return filled(request, body, near=found)


def _near(store: Connection[Any], city: City, fields: dict[str, Any]) -> dict[str, Any]:
    lon, lat = read_degree("lon", fields.get("lon")), read_degree("lat", fields.get("lat"))
    if lon is None or lat is None:
        address = str(fields.get("address") or "").strip()
        if not address:
            raise Refused("address", "indiquez la rue, comme sur sa plaque", "give the street, as on its sign")
        with store.transaction():
            lon, lat, _ = find_street(store, layer_of(STREETS), address)
    locate(city, lon, lat)
    return near(store, lon, lat, nature=fields["nature"], radius=RADIUS)
