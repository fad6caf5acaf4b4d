"""GTFS: bus lines with their route and hours, or stops in the order of their line, from the zip of a network.

Reads `routes`, `trips`, `stop_times`, `stops`, `shapes`; hours beyond 24:00 are those of the next day. Departures
an hour are those of the service and direction (`service_id`, `direction_id`) that has most trips of the line.
"""

import csv
import io
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import shapely

from etl.connectors.features import asked, record
from observatoire.errors import BadInput, BadSource
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, Record, Rejected, Table, digest

REQUEST = {
    "what": "`lines` (default) or `stops`",
    "types": "`route_type` of GTFS that are kept, by commas; default: 3, buses",
}
LINES = ("id", "code", "heure_debut", "heure_fin", "frequence")
STOPS = ("id", "code", "ligne", "rang", "voie", "accessible", "lon", "lat")
LARGEST = 2 * 2**30  # bytes of one table, unpacked
STEP_FREE = {"1": "true", "2": "false"}


@dataclass
class Route:
    """What is gathered of one line, first of its trips."""

    code: str
    trips: Counter[tuple[str, str]] = field(default_factory=Counter)
    first: int | None = None
    last: int | None = None
    shapes: Counter[str] = field(default_factory=Counter)
    stops: list[str] = field(default_factory=list)


def read(file: Path | BinaryIO, options: Options) -> Table:
    """Open the zip of a network.

    Raises
    ------
    BadSource
        If it is no zip, or lacks a table or a column; the text names it.
    """
    request = asked(options, REQUEST)
    what = request.get("what", "lines")
    if what not in ("lines", "stops"):
        raise BadInput("request.what: expected lines or stops")
    types = {part.strip() for part in request.get("types", "3").split(",")}
    if not isinstance(file, Path):
        raise BadInput("file: this connector needs a file, not a pipe")
    try:
        with zipfile.ZipFile(file) as network:
            routes = _routes(network, types)
            if what == "lines":
                return Table(LINES, iter(list(_lines(network, routes, options))), "OGC:CRS84")
            return Table(STOPS, iter(list(_stops(network, routes, options))))
    except (zipfile.BadZipFile, UnicodeDecodeError, csv.Error):
        raise BadSource("the file cannot be read as the zip of a GTFS network; is it whole?") from None


def _rows(network: zipfile.ZipFile, name: str, needed: tuple[str, ...]) -> Iterator[dict[str, str]]:
    try:
        about = network.getinfo(f"{name}.txt")
    except KeyError:
        raise BadSource(f"the network has no table {name}.txt") from None
    if about.file_size > LARGEST:
        raise BadSource(f"{name}.txt: over {LARGEST} bytes")
    with network.open(about) as raw:
        table = csv.DictReader(io.TextIOWrapper(raw, "utf-8-sig", newline=""))
        if missing := sorted(set(needed) - set(table.fieldnames or ())):
            raise BadSource(f"{name}.txt has no column {missing[0]}")
        yield from table


def _routes(network: zipfile.ZipFile, types: set[str]) -> dict[str, Route]:
    """Return the lines that are kept, with first and last departure, their commonest shape, their longest trip."""
    routes = {
        row["route_id"]: Route(row.get("route_short_name") or row["route_id"])
        for row in _rows(network, "routes", ("route_id", "route_type"))
        if row["route_type"] in types
    }
    of_trip: dict[str, Route] = {}
    for row in _rows(network, "trips", ("route_id", "trip_id")):
        if (route := routes.get(row["route_id"])) is not None:
            of_trip[row["trip_id"]] = route
            route.trips[row.get("service_id") or "", row.get("direction_id") or ""] += 1
            route.shapes[row.get("shape_id") or ""] += 1
    calls: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row in _rows(network, "stop_times", ("trip_id", "stop_id", "stop_sequence", "departure_time")):
        route = of_trip.get(row["trip_id"])
        if route is None or not row["stop_sequence"].strip().isdecimal():
            continue
        calls[row["trip_id"]].append((int(row["stop_sequence"]), row["stop_id"]))
        if (moment := _seconds(row["departure_time"])) is not None:
            route.first = moment if route.first is None else min(route.first, moment)
            route.last = moment if route.last is None else max(route.last, moment)
    for trip, called in calls.items():
        route = of_trip[trip]
        if len(called) > len(route.stops):
            route.stops = [stop for _, stop in sorted(called)]
    return routes


def _lines(network: zipfile.ZipFile, routes: dict[str, Route], options: Options) -> Iterator[Record]:
    wanted = {shape for route in routes.values() for shape, _ in route.shapes.most_common(1) if shape}
    points: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
    for row in _rows(network, "shapes", ("shape_id", "shape_pt_lat", "shape_pt_lon", "shape_pt_sequence")):
        if row["shape_id"] in wanted:
            try:
                place = float(row["shape_pt_lon"]), float(row["shape_pt_lat"])
                points[row["shape_id"]].append((int(row["shape_pt_sequence"]), *place))
            except ValueError:
                points[row["shape_id"]].append((-1, float("nan"), float("nan")))
    for rank, (key, route) in enumerate(sorted(routes.items()), start=1):
        if not route.trips or route.first is None or route.last is None:
            yield Record(rank, Rejected("no-service", "route_id"), digest(key.encode()))
            continue
        hours = max((route.last - route.first) / 3600, 1.0)
        values = {
            "id": key, "code": route.code, "heure_debut": _wall(route.first), "heure_fin": _wall(route.last),
            "frequence": round(max(route.trips.values()) / hours, 1),
        }  # fmt: skip
        way = points.get(route.shapes.most_common(1)[0][0], [])
        yield record(rank, values, LINES, options, geometry=partial(_line, way))


def _line(points: list[tuple[int, float, float]]) -> Any:
    if len(points) < 2 or any(sequence < 0 for sequence, _, _ in points):
        raise ValueError("a shape needs two points, each with its place")
    return shapely.LineString([(x, y) for _, x, y in sorted(points)])


def _stops(network: zipfile.ZipFile, routes: dict[str, Route], options: Options) -> Iterator[Record]:
    stops = {row["stop_id"]: row for row in _rows(network, "stops", ("stop_id", "stop_lat", "stop_lon"))}
    rank = 0
    for key, route in sorted(routes.items()):
        for order, stop in enumerate(route.stops, start=1):
            rank += 1
            found = stops.get(stop)
            if found is None:
                yield Record(rank, Rejected("unknown-code", "stop_id"), digest(key.encode(), stop.encode()))
                continue
            values = {
                "id": f"{key}/{order}/{stop}", "code": f"{route.code}-{order:02d}", "ligne": route.code, "rang": order,
                "voie": found.get("stop_name") or "", "accessible": STEP_FREE.get(found.get("wheelchair_boarding", "")),
                "lon": found["stop_lon"].strip(), "lat": found["stop_lat"].strip(),
            }  # fmt: skip
            yield record(rank, values, STOPS, options)


def _seconds(text: str) -> int | None:
    parts = text.strip().split(":")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return None
    hours, minutes, seconds = (int(part) for part in parts)
    return hours * 3600 + minutes * 60 + seconds


def _wall(seconds: int) -> str:
    return f"{seconds // 3600 % 24:02d}:{seconds % 3600 // 60:02d}"


CONNECTOR = Connector("gtfs", read=read)
