"""`/lieux`: streets and districts by name, or the street next to a point, for the form's script."""

import orjson
from psycopg import sql
from starlette.responses import Response

from observatoire.errors import BadInput
from observatoire.server import respond
from observatoire.server.citizen.page import Page
from observatoire.server.citizen.place import Place, find, read_point
from observatoire.server.plan import Plan
from observatoire.server.run import rows_of
from observatoire.server.state import State

#: A point farther than this from any street is named after none, m.
REACH = 150.0
_NEXT = (
    sql.SQL(
        "WITH here AS (SELECT ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 4326), %s::int) AS p) "
        "SELECT voie FROM {}, here WHERE voie IS NOT NULL AND ST_DWithin(geom, p, %s) ORDER BY ST_Distance(geom, p) "
        "LIMIT 1"
    )
    .format(sql.Identifier("troncons"))
    .as_string()
    .encode()
)


async def places(page: Page) -> Response:
    """Answer places as JSON: by `q`, a name of at least two characters; or by `at`, as `lon,lat`.

    Raises
    ------
    BadInput
        If neither is given, or the point is not in the city.
    """
    if asked := page.given("q"):
        found = await find(page.state, asked)
    elif given := page.given("at"):
        point = read_point(given, page.state.city.extent)
        if point is None:
            raise BadInput("at: expected lon,lat in degrees, inside the city")
        found = await beside(page.state, point)
    else:
        raise BadInput("q: expected a name, or at=lon,lat")
    listed = [{"name": one.name, "kind": one.kind, "lon": one.lon, "lat": one.lat} for one in found]
    return respond.answer(
        orjson.dumps({"places": listed}), respond.JSON, audience="public", language=page.language,
    )  # fmt: skip


async def beside(state: State, point: Place) -> list[Place]:
    """Return the point, named after the street next to it; nothing where there is none near."""
    plan = Plan(_NEXT, (point.lon, point.lat, state.city.srid, REACH))
    return [Place(point.lon, point.lat, name, "street") for (name,) in await rows_of(state.pools.of("public"), plan)]
