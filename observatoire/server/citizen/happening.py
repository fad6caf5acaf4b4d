"""What goes on in the city, in one form: works, events, reports, each with its place and its time."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import sql

from observatoire.layers.model import Layer
from observatoire.server.citizen.calendar import Span, instants, upcoming
from observatoire.server.citizen.place import Place
from observatoire.server.plan import Plan
from observatoire.server.run import rows_of
from observatoire.server.state import State

WORKS, EVENTS, REPORTS = "chantiers", "evenements", "signalements"
COLLECTIONS = (WORKS, EVENTS, REPORTS)
#: How far ahead works and events are told of, and how far back reports are.
AHEAD, BACK = timedelta(days=30), timedelta(days=30)
#: Rows read of a collection: all works and events of a month, the nearest or the last of the reports.
MOST = {WORKS: 1_000, EVENTS: 1_000, REPORTS: 40}
_PLANNED = (
    "id", "titre", "nature", "debut", "fin", "regle", "heure_debut", "heure_fin", "feries", "exceptions", "statut",
    "voie", "emprise",
)  # fmt: skip
_COLUMNS = {
    WORKS: (*_PLANNED, "bruit", "nuit", "deviation"),
    EVENTS: (*_PLANNED, "affluence_prevue"),
    REPORTS: ("id", "reference", "nature", "date", "precision"),
}
_LATEST = {WORKS: "debut", EVENTS: "debut", REPORTS: "date DESC"}
_WHERE = {
    WORKS: "fin > {now} AND debut < {ahead} AND statut NOT IN ('annule', 'termine')",
    EVENTS: "fin > {now} AND debut < {ahead} AND statut NOT IN ('annule', 'passe')",
    REPORTS: "date > {back} AND date <= {now}",
}


@dataclass(frozen=True)
class Happening:
    """One of them.

    Attributes
    ----------
    collection : str
        `chantiers`, `evenements` or `signalements`.
    item : dict
        Properties of the public collection, with the id.
    distance : float or None, m
        From the place that was asked for; to a footprint's edge.
    span : Span or None
        For works and events: the time that is now, else the next one.
    """

    collection: str
    item: dict[str, Any]
    distance: float | None
    span: Span | None = None

    @property
    def begins(self) -> datetime:
        """What it is ordered by in time."""
        found: datetime = self.span.start if self.span else self.item["date" if self.collection == REPORTS else "debut"]
        return found

    def now(self, now: datetime) -> bool:
        """Tell whether it holds its place now."""
        return self.span is not None and self.span.start <= now < self.span.end


async def around(
    state: State, place: Place | None, radius: float, now: datetime
) -> tuple[list[Happening], dict[str, int]]:
    """Return works and events, then reports: the nearest to a place first; by time in the whole city without a place.

    Parameters
    ----------
    radius : float, m

    Returns
    -------
    found : list of Happening
        All works and events; of the reports no more than `MOST`.
    totals : dict
        How many there are, by collection.
    """
    names = list(_held(state))
    parts = await asyncio.gather(*(_read(state, name, place, radius, now) for name in names))
    totals = {name: total for name, (_, total) in zip(names, parts, strict=True)}
    found = [one for part, _ in parts for one in part]
    coming = [one for one in found if one.span]
    reports = [one for one in found if not one.span]
    if place is not None:
        return [*sorted(coming, key=_nearest), *sorted(reports, key=_nearest)], totals
    coming.sort(key=lambda one: one.begins)
    reports.sort(key=lambda one: one.begins, reverse=True)
    return [*coming, *reports], totals


def _nearest(one: Happening) -> tuple[float, float]:
    """Of equals, which rounded positions are often, the next to come or the last to be reported is first."""
    begins = one.begins.timestamp()
    return (one.distance or 0.0, begins if one.span else -begins)


async def statuses(state: State, items: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Return the status of the residents' reports among some items, by reference: it is public, as on their page."""
    references = [item["reference"] for item in items if item.get("reference")]
    text = b"SELECT reference, status FROM obs.reports WHERE reference = ANY(%s) AND deleted IS NULL"
    return dict(await rows_of(state.pools.admin, Plan(text, (references,)))) if references else {}


async def planned(state: State, first: datetime, last: datetime) -> list[tuple[dict[str, Any], str]]:
    """Return the works and events whose period meets [first, last), with their collections."""
    found = []
    for name in (WORKS, EVENTS):
        layer = state.layers.get(name)
        if layer is None:
            continue
        columns = _columns(layer)
        text = _text(layer, columns, sql.SQL(_WHERE[name].format(now="%s", ahead="%s", back="")), near=False)
        rows = await rows_of(state.pools.of("public"), Plan(text, (first, last, 2_000)))
        found += [(dict(zip(columns, row[2:], strict=True)), name) for row in rows]
    return found


def _held(state: State) -> Iterable[str]:
    return (name for name in COLLECTIONS if name in state.layers)


async def _read(
    state: State, name: str, place: Place | None, radius: float, now: datetime
) -> tuple[list[Happening], int]:
    layer = state.layers[name]
    columns = _columns(layer)
    words = {"now": "%s", "ahead": "%s", "back": "%s"}
    where = sql.SQL(_WHERE[name].format(**words))
    times = (now - BACK, now) if name == REPORTS else (now, now + AHEAD)
    if place is None:
        plan = Plan(_text(layer, columns, where, near=False), (*times, MOST[name]))
    else:
        point = (place.lon, place.lat, state.city.srid)
        plan = Plan(_text(layer, columns, where, near=True), (*point, *times, radius, MOST[name]))
    rows = await rows_of(state.pools.of("public"), plan)
    made = (_made(name, dict(zip(columns, row[2:], strict=True)), row[0], state, now) for row in rows)
    found = [one for one in made if one is not None]
    return found, rows[0][1] if rows and name == REPORTS else len(found)


def _made(name: str, item: dict[str, Any], distance: float | None, state: State, now: datetime) -> Happening | None:
    if name == REPORTS:
        return Happening(name, item, distance)
    span = upcoming(instants(item, state.city.zone), now)
    return Happening(name, item, distance, span) if span is not None and span.start < now + AHEAD else None


def _columns(layer: Layer) -> tuple[str, ...]:
    """Return those of our columns that the public may see; a city may have a smaller layer file."""
    visible = layer.properties_for("public")
    return tuple(name for name in _COLUMNS[layer.id] if name in visible)


def _text(layer: Layer, columns: tuple[str, ...], where: sql.SQL, *, near: bool) -> bytes:
    order = f"distance, {_LATEST[layer.id]}" if near else _LATEST[layer.id]
    return (
        sql.SQL(
            "WITH here AS (SELECT {point} AS p) "
            "SELECT {distance} AS distance, count(*) OVER () AS total, {columns} FROM {view}, here "
            "WHERE {where} {within} ORDER BY {order}, id LIMIT %s"
        )
        .format(
            point=sql.SQL(
                "ST_Transform(ST_SetSRID(ST_MakePoint(%s, %s), 4326), %s::int)" if near else "NULL::geometry"
            ),
            distance=sql.SQL("ST_Distance(geom, p)" if near else "NULL::float8"),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            view=sql.Identifier(layer.table),
            where=where,
            within=sql.SQL("AND ST_DWithin(geom, p, %s)" if near else ""),
            order=sql.SQL(order),
        )
        .as_string()
        .encode()
    )
