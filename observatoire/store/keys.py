"""Keys of the API: shown once, kept as a digest. A key is 256 random bits: its SHA-256 cannot be guessed back."""

import secrets
from hashlib import sha256

from psycopg import Connection

from observatoire.errors import BadInput
from observatoire.layers.model import AUDIENCES, Audience


def digest(key: str) -> bytes:
    """Return what is kept of a key."""
    return sha256(key.encode()).digest()


def fresh_key() -> str:
    """Return a key that nobody has yet."""
    return f"obs_{secrets.token_urlsafe(32)}"


def create_key(connection: Connection, audience: str, label: str) -> str:
    """Make a key for `audience` and return it; it cannot be read again.

    Raises
    ------
    BadInput
        If there is no such audience.
    """
    if audience not in AUDIENCES:
        raise BadInput(f"audience: expected one of {', '.join(AUDIENCES)}, got {audience!r}")
    key = fresh_key()
    with connection.transaction():
        connection.execute(
            "INSERT INTO obs.keys (digest, audience, label) VALUES (%s, %s, %s)", [digest(key), audience, label]
        )
    return key


def known_keys(connection: Connection) -> dict[bytes, Audience]:
    """Return the digests of all keys in force, with their audience."""
    rows = connection.execute("SELECT digest, audience FROM obs.keys WHERE revoked IS NULL")
    return {bytes(kept): audience for kept, audience in rows}


def revoke_key(connection: Connection, label: str) -> int:
    """Revoke the keys of that label and return how many there were."""
    with connection.transaction():
        done = connection.execute("UPDATE obs.keys SET revoked = now() WHERE label = %s AND revoked IS NULL", [label])
    return done.rowcount
