"""Forecasts in the store: rows of the collection `risque`, and the card of each forecast."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, LiteralString

import numpy as np
import shapely
from psycopg import Connection, Cursor, sql
from psycopg.types.json import Jsonb

from observatoire.cities import City
from observatoire.layers.catalog import layer_of
from observatoire.layers.ddl import table
from observatoire.store.skill_cards import reference_to_last
from observatoire.store.upsert import create_staging, merge, stage, staged_columns

if TYPE_CHECKING:  # scikit-learn takes seconds to load, and a server that only reads forecasts does without
    from observatoire.risk.forecast import Forecast
    from observatoire.risk.grid import Grid

COLLECTION = "risque"
SOURCE = "forecast"
_NUMBERS = ("expected", "lower", "upper", "probability", "rank")
#: Other maps of the same cells: `observatoire.risk.forecast.BESIDE`.
_BESIDE = ("baseline", "without_recent", "without_lasting", "without_around", "without_season")


def write_forecast(
    connection: Connection[Any], city: City, *, target: str, horizon_days: int, forecast: "Forecast", grid: "Grid"
) -> dict[str, Any]:
    """Keep a forecast: its cells in `risque`, its card in `obs.forecasts`, in one transaction.

    A forecast of the same target, origin and horizon is replaced; cells keep their id; nothing changes where the
    forecast is the same.

    Returns
    -------
    dict
        The card as it is kept: with `target`, `start`, `end`, and the link and date of the last nightly `skill_card`.
    """
    layer = layer_of(COLLECTION)
    as_of = forecast.frame["as_of"].iloc[0]
    card = _dated(city, target, horizon_days, forecast)
    common = {
        "as_of": as_of.to_pydatetime(),
        "debut": card["start"],
        "fin": card["end"],
        "target": target,
        "origin": "derived",
        "precision": "day",
        "accuracy": None,
        "until": None,
    }
    prefix = f"{target}/{as_of.isoformat()}/{horizon_days}/"
    with connection.transaction(), connection.cursor() as cursor:
        # Asked inside: a query before would begin a transaction that the block does not end.
        card["skill_card"] = reference_to_last(connection, target, horizon_days)
        create_staging(cursor, layer)
        names = staged_columns(layer)
        stage(cursor, layer, ([row[name] for name in names] for row in _rows(forecast, grid, common, prefix)), [])
        merged = merge(cursor, layer, SOURCE)
        cursor.execute(
            "INSERT INTO obs.loads (id, source, collection, finished, read, inserted, updated, unchanged, quarantined) "
            "VALUES (%s, %s, %s, clock_timestamp(), %s, %s, %s, %s, 0)",
            [merged.load_id, SOURCE, COLLECTION, grid.n_cells, merged.inserted, merged.updated, merged.unchanged],
        )
        _drop_other_cells(cursor, prefix)
        _keep_card(cursor, card, as_of, horizon_days)
    return card


def write_card(
    connection: Connection[Any], city: City, *, target: str, horizon_days: int, forecast: "Forecast"
) -> dict[str, Any]:
    """Keep the card of a forecast in `obs.forecasts`, its cells nowhere; return it as it is kept."""
    card = _dated(city, target, horizon_days, forecast) | {"skill_card": None}
    with connection.transaction(), connection.cursor() as cursor:
        _keep_card(cursor, card, forecast.frame["as_of"].iloc[0], horizon_days)
    return card


def _dated(city: City, target: str, horizon_days: int, forecast: "Forecast") -> dict[str, Any]:
    """Return the card with its target and the ends of its period, by the city's clock."""
    start = forecast.frame["as_of"].iloc[0].tz_convert(city.time_zone)
    end = (start.tz_localize(None) + np.timedelta64(horizon_days, "D")).tz_localize(
        city.time_zone, ambiguous=True, nonexistent="shift_forward"
    )
    return forecast.card | {"target": target, "start": start.isoformat(), "end": end.isoformat()}


def _keep_card(cursor: Cursor[Any], card: dict[str, Any], as_of: Any, horizon_days: int) -> None:
    cursor.execute(
        "INSERT INTO obs.forecasts (target, as_of, horizon_days, card) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (target, as_of, horizon_days) DO UPDATE SET card = EXCLUDED.card, made = now()",
        [card["target"], as_of.to_pydatetime(), horizon_days, Jsonb(card)],
    )


def _rows(forecast: "Forecast", grid: "Grid", common: dict[str, Any], prefix: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of `risque`; a cell's unknown numbers are null."""
    srid = int(grid.crs.rpartition(":")[2])
    places = shapely.to_wkb(shapely.set_srid(grid.polygons(), srid), hex=True, include_srid=True)
    beside = {name: forecast.beside.get(name, np.nan) for name in _BESIDE}
    shown = forecast.frame[list(_NUMBERS)].assign(**beside).astype(object)
    numbers: Any = shown.where(shown.notna(), None).to_dict("records")
    for k, (name, place, values) in enumerate(zip(grid.cell_id, places, numbers, strict=True)):
        yield (
            common
            | values
            | {
                "seq": k + 1,
                "line": k + 1,
                "digest": b"",
                "geom": place,
                "source_key": prefix + name,
                "cell_id": name,
                "answer": forecast.answer,
            }
        )


def _drop_other_cells(cursor: Cursor[Any], prefix: str) -> None:
    """Remove the cells of the same forecast that it no longer has: it was made on another grid before."""
    cursor.execute(
        sql.SQL(
            "DELETE FROM {} t WHERE t.source = %s AND starts_with(t.source_key, %s) "
            "AND NOT EXISTS (SELECT FROM pg_temp.incoming i WHERE i.source_key = t.source_key)"
        ).format(table(layer_of(COLLECTION))),
        [SOURCE, prefix],
    )
    if cursor.rowcount:
        cursor.execute(
            "UPDATE obs.versions SET version = version + 1, changed = now() WHERE collection = %s", [COLLECTION]
        )


def latest(city: City) -> tuple[LiteralString, list[Any]]:
    """Return the query of the card that screens show: of those that the city's file names, the one made last.

    Without any of them, of what callers of `risk-forecast` had made.
    """
    named = [[wanted.target for wanted in city.forecasts], [wanted.horizon_days for wanted in city.forecasts]]
    return (
        "SELECT card FROM obs.forecasts ORDER BY (target, horizon_days) IN "
        "(SELECT * FROM unnest(%s::text[], %s::integer[])) DESC, as_of DESC, horizon_days, target LIMIT 1",
        named,
    )


def summary(card: dict[str, Any]) -> dict[str, Any]:
    """Return what a screen shows of a card: place, period, skill, and what the map finds beside a flat one."""
    cell_km2 = (card["cell_m"] / 1000) ** 2
    flagged = card["flagged_cells"]
    total = (card["total"] or {}).get("expected")
    flat = card["flat_rate"] if total is None else total / card["n_cells"]
    pai = card["pai"]
    gain = card["gain"]
    return {
        "as_of": card["as_of"],
        "start": card["start"],
        "end": card["end"],
        "target": card["target"],
        "cell_m": card["cell_m"],
        "n_cells": card["n_cells"],
        "area_km2": card["area_km2"],
        "n_events": card["n_events"],
        "last_event": card["last_date"],
        "answer": card["answer"],
        "words": card["words"],
        "skill_card": card.get("skill_card"),
        "pai2": {name: pai.get(name, {}).get("2") for name in ("model", "count", "flat")},
        "gain": {
            to: None if gain.get(name) is None else 100 * gain[name]
            for to, name in (("estimate", "relative"), ("lower", "lower"), ("upper", "upper"))
        },
        "flat_rate_per_km2": card["flat_rate"] / cell_km2,
        "top2_area_km2": flagged * cell_km2,
        "expected_hits_top2": card["hits_flagged"].get(card["answer"]),
        "expected_hits_flat": flat * flagged,
        "places": card.get("places") or {},
        "factors": card.get("factors") or [],
    }
