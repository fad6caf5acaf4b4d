"""Where a report is: a position inside the city, or a street of the city by its name."""

import re
from typing import Any

import psycopg
from psycopg import sql

from observatoire.cities import City
from observatoire.intake.firewall.normalise import fold
from observatoire.intake.locate import Locator
from observatoire.intake.source import Rejected
from observatoire.layers.ddl import table
from observatoire.layers.model import Layer
from observatoire.reports.errors import Refused

STREETS = "troncons"
LONGEST = 200  # characters of an address
_OUTSIDE = {
    "outside-city": ("hors de la ville", "outside the city"),
    "swapped-coordinates": ("longitude et latitude semblent échangées", "longitude and latitude seem swapped"),
    "not-degrees": ("des degrés sont attendus (WGS 84)", "expected degrees (WGS 84)"),
}


def read_degree(field: str, value: Any) -> float | None:
    """Return a coordinate, None where there is none.

    Raises
    ------
    Refused
        If it is no number.
    """
    if value is None or value == "":
        return None
    try:
        number = float(str(value).strip())
    except ValueError:
        number = float("nan")
    if not -180 <= number <= 180:  # NaN as well
        raise Refused(field, "un nombre de degrés est attendu", "expected a number of degrees")
    return number


def locate(city: City, lon: float, lat: float) -> str:
    """Return a position in the city's CRS, as EWKB in hexadecimal.

    Raises
    ------
    Refused
        `lon, lat`: outside the city's extent.
    """
    item = {"lon": lon, "lat": lat, "x": None, "y": None, "geometry": None}
    place = Locator(city, "Point")([item])[0]
    if isinstance(place, Rejected):
        west, south, east, north = city.extent
        reason = str(place).rpartition(": ")[2]
        fr, en = _OUTSIDE.get(reason, _OUTSIDE["outside-city"])
        box = f"{west:g} ≤ lon ≤ {east:g}, {south:g} ≤ lat ≤ {north:g}"
        raise Refused("lon, lat", f"{fr} ; attendu : {box}", f"{en}; expected {box}")
    return place


def find_street(connection: psycopg.Connection[Any], streets: Layer, address: str) -> tuple[float, float, float]:
    """Return the middle of the street that an address names, and how far its ends are.

    The address is looked at and forgotten. Its number is not used: the street is all that is told.

    Returns
    -------
    lon, lat : float, degrees
    accuracy : float, m

    Raises
    ------
    Refused
        `address`: it is too long, or names no street of the city's graph, or several.
    """
    if len(address) > LONGEST:
        raise Refused("address", f"au plus {LONGEST} caractères", f"at most {LONGEST} characters")
    asked = f" {_words(address)} "
    names = [
        name
        for (name,) in connection.execute(
            sql.SQL("SELECT DISTINCT voie FROM {} WHERE voie IS NOT NULL").format(table(streets))
        )
        if f" {_words(name)} " in asked
    ]
    longest = max(map(len, names), default=0)
    names = [name for name in names if len(name) == longest]
    if len(names) != 1:
        raise Refused(
            "address",
            "aucune rue connue de ce nom ; indiquez la rue comme sur la plaque, ou une position",
            "no known street of that name; give the street as on its sign, or a position",
        )
    row = connection.execute(
        sql.SQL(
            "WITH street AS (SELECT ST_Collect(geom) AS g FROM {} WHERE voie = %s), "
            "middle AS (SELECT g, ST_ClosestPoint(g, ST_Centroid(g)) AS p FROM street) "
            "SELECT ST_X(q), ST_Y(q), ceil(ST_MaxDistance(g, p)) FROM middle, ST_Transform(p, 4326) AS q"
        ).format(table(streets)),
        names,
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


def _words(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", fold(text).casefold()))
