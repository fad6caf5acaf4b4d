"""Skill cards in the store: kept by night, the last one shown."""

from typing import Any, LiteralString

from psycopg import Connection
from psycopg.types.json import Jsonb

PAGE = "/fiches"


def write_card(connection: Connection[Any], card: dict[str, Any], plots: dict[str, dict[str, str]]) -> None:
    """Keep a card and its plots; one of the same collection, horizon and origin is replaced."""
    connection.execute(
        "INSERT INTO obs.skill_cards (collection, horizon_days, as_of, computed, card, plots) "
        "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (collection, horizon_days, as_of) DO UPDATE "
        "SET card = EXCLUDED.card, plots = EXCLUDED.plots, computed = EXCLUDED.computed",
        [card["collection"], card["horizon_days"], card["as_of"], card["computed"], Jsonb(card), Jsonb(plots)],
    )


def last_card(collection: str, horizon_days: int | None = None) -> tuple[LiteralString, list[Any]]:
    """Return the query of a collection's last card and its plots; of the shortest horizon unless one is asked."""
    return (
        "SELECT card, plots FROM obs.skill_cards WHERE collection = %s AND (%s::int IS NULL OR horizon_days = %s) "
        "ORDER BY as_of DESC, horizon_days LIMIT 1",
        [collection, horizon_days, horizon_days],
    )


def all_last() -> LiteralString:
    """Return the query of every collection's and horizon's last card, as `reference` shows it."""
    return (
        "SELECT DISTINCT ON (collection, horizon_days) collection, horizon_days, computed, card->>'answer', "
        "card->>'badge' FROM obs.skill_cards ORDER BY collection, horizon_days, as_of DESC"
    )


def address(collection: str, horizon_days: int) -> str:
    """Return the path of a card's page."""
    return f"{PAGE}/{collection}?horizon={horizon_days}"


def reference_to_last(connection: Connection[Any], collection: str, horizon_days: int) -> dict[str, Any] | None:
    """Return link and date of the last card, as each forecast carries them; None before the first."""
    row = connection.execute(
        "SELECT computed, as_of FROM obs.skill_cards WHERE collection = %s AND horizon_days = %s "
        "ORDER BY as_of DESC LIMIT 1",
        [collection, horizon_days],
    ).fetchone()
    if row is None:
        return None
    return {"href": address(collection, horizon_days), "computed": row[0].isoformat(), "as_of": row[1].isoformat()}
