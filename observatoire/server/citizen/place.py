"""Where a resident looks: a point of an address, or a place found by its name among our own streets and divisions."""

import re
from dataclasses import dataclass
from math import isfinite

from psycopg import sql

from observatoire.server.plan import Plan
from observatoire.server.run import rows_of
from observatoire.server.state import State

#: Places listed for a name.
MOST = 8
#: A house number before a street: we know streets.
_HOUSE = re.compile(r"^\d+\s*(?:bis|ter|quater)?\s*,?\s+", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A point with a name.

    Attributes
    ----------
    lon, lat : float, degrees (WGS 84)
    name : str
        Empty where it is only a point.
    kind : str
        `street`, `division` or `point`.
    """

    lon: float
    lat: float
    name: str = ""
    kind: str = "point"

    @property
    def at(self) -> str:
        """As it is written in an address: to four decimals, some 10 m."""
        return f"{self.lon:.4f},{self.lat:.4f}"


def read_point(text: str, extent: tuple[float, float, float, float]) -> Place | None:
    """Return the point written as `lon,lat`; None where it is none, or not in the city.

    Examples
    --------
    >>> read_point("5.37,43.29", (5, 43, 6, 44))
    Place(lon=5.37, lat=43.29, name='', kind='point')
    >>> read_point("0,0", (5, 43, 6, 44)), read_point("nan,43.5", (5, 43, 6, 44)), read_point("x", (5, 43, 6, 44))
    (None, None, None)
    """
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        return None
    west, south, east, north = extent
    inside = isfinite(lon) and isfinite(lat) and west <= lon <= east and south <= lat <= north
    return Place(lon, lat) if inside else None


async def find(state: State, name: str) -> list[Place]:
    """Return the streets and divisions whose name holds `name`, whatever its accents and capitals.

    Parameters
    ----------
    name : str
        At least two characters; a house number before it is left out.
    """
    wanted = _HOUSE.sub("", name.strip())
    if len(wanted) < 2:
        return []
    escaped = re.sub(r"([\\%_])", r"\\\1", wanted)
    rows = await rows_of(state.pools.of("public"), Plan(_SEARCH, (f"%{escaped}%", f"{escaped}%", MOST)))
    return [Place(lon, lat, found, kind) for found, kind, lon, lat in rows]


def _named(view: str, column: str, kind: str, where: str) -> sql.Composed:
    """A street of many segments is where its middle is: the point of it that is nearest to its centroid."""
    return sql.SQL(
        "SELECT {column} AS name, {kind} AS kind, "
        "ST_ClosestPoint(ST_Collect(geom), ST_Centroid(ST_Collect(geom))) AS g "
        "FROM {view} WHERE {column} IS NOT NULL AND {where} GROUP BY {column}"
    ).format(
        column=sql.Identifier(column), kind=sql.Literal(kind), view=sql.Identifier(view),
        where=sql.SQL(where),
    )  # fmt: skip


_SEARCH = (
    sql.SQL(
        "WITH named AS ({streets} UNION ALL {divisions}), found AS ("
        "SELECT * FROM named WHERE public.unaccent(name) ILIKE public.unaccent(%s)) "
        "SELECT name, kind, ST_X(p), ST_Y(p) FROM (SELECT *, ST_Transform(g, 4326) AS p FROM found) AS placed "
        "ORDER BY public.unaccent(name) ILIKE public.unaccent(%s) DESC, kind, length(name), name LIMIT %s"
    )
    .format(
        streets=_named("troncons", "voie", "street", "true"),
        divisions=_named("divisions", "nom", "division", "systeme IS NULL"),
    )
    .as_string()
    .encode()
)
