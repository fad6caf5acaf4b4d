"""Findings that were shared: an address that cannot be guessed, for each, kept for some months."""

import secrets
from hashlib import blake2b
from typing import Any, LiteralString

import orjson
from psycopg import Connection
from psycopg.types.json import Jsonb

PAGE = "/works/findings"
DAYS = 180  # longer than works are discussed


def share(connection: Connection[Any], finding: dict[str, Any], project: Any) -> str:
    """Keep a finding and return the path of its page; the same one shared again keeps its address.

    Parameters
    ----------
    project : Any
        What JSON can say of the candidate; None for works of `chantiers`. Two projects never share an address.
    """
    digest = blake2b(orjson.dumps([finding["id"], project], option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
    row = connection.execute(
        "INSERT INTO obs.shared_findings (token, digest, finding, expires) "
        "VALUES (%s, %s, %s, now() + make_interval(days => %s)) ON CONFLICT (digest) DO UPDATE "
        "SET finding = EXCLUDED.finding, made = now(), expires = EXCLUDED.expires RETURNING token",
        [secrets.token_urlsafe(16), digest, Jsonb(finding), DAYS],
    ).fetchone()
    assert row is not None
    return f"{PAGE}/{row[0]}"


def forget_expired(connection: Connection[Any]) -> None:
    """Remove those whose time is over."""
    connection.execute("DELETE FROM obs.shared_findings WHERE expires < now()")


def shared(token: str) -> tuple[LiteralString, list[Any]]:
    """Return the query of a finding by its token."""
    return "SELECT finding, made FROM obs.shared_findings WHERE token = %s AND expires >= now()", [token]
