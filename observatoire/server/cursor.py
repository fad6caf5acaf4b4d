"""Where the next page starts: the sort keys of the last item, signed so that only what we gave comes back."""

import base64
import binascii
import hmac
from hashlib import sha256

import orjson

from observatoire.errors import BadInput

Keys = tuple[str | None, ...]

_SIGNATURE = 12  # bytes: 2⁹⁶ guesses
_LONGEST = 4000  # characters


def encode(keys: Keys, purpose: str, secret: bytes) -> str:
    """Return the cursor of `keys`.

    Parameters
    ----------
    keys : tuple of str or None
        Values of the sort keys, as PostgreSQL writes them.
    purpose : str
        What the cursor is good for: collection and order.
    secret : bytes
        Known to the server only.
    """
    body = orjson.dumps(keys)
    return base64.urlsafe_b64encode(_sign(body, purpose, secret) + body).decode().rstrip("=")


def decode(cursor: str, purpose: str, secret: bytes) -> Keys:
    """Return the keys of a cursor.

    Raises
    ------
    BadInput
        If it was not made by `encode` for the same purpose with the same secret.
    """
    refused = BadInput("cursor: expected the value of a `next` link of this collection, with the same sortby")
    if len(cursor) > _LONGEST:
        raise refused
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise refused from None
    signature, body = raw[:_SIGNATURE], raw[_SIGNATURE:]
    if not hmac.compare_digest(signature, _sign(body, purpose, secret)):
        raise refused
    return tuple(orjson.loads(body))


def _sign(body: bytes, purpose: str, secret: bytes) -> bytes:
    return hmac.digest(secret, purpose.encode() + b"\0" + body, sha256)[:_SIGNATURE]
