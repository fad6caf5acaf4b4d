"""Refused rows, sealed so that the loader itself cannot read them again: for stewards, seven days at most.

Each row is encrypted to the stewards' public key by RFC 9180 (HPKE, base mode). A key of the loader's own, as with
Fernet, would open everything to whoever holds the loader; here its memory holds no secret, and the store none either.
The context (source, collection, fingerprint of the row) is bound into the encryption: a body moved to another row does
not open.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from psycopg import Connection, Cursor
from shapely import from_wkb

from observatoire.errors import BadInput
from observatoire.intake.source import Record

SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
LARGEST = 65_536  # bytes of a row as JSON; a larger one is not kept
MOST = 10_000  # rows of one load: where more are refused, it is the source that is wrong, and its file is still there
#: Under this name the geometry of a refused feature is sealed with its attributes, as WKB in hexadecimal.
SHAPE = "@geometry"
_PURPOSE = b"observatoire/sealed/1"

#: Line, fingerprint, « field: reason », and the row as it came (None where it could not be read).
Refusal = tuple[int, bytes, str, Mapping[str, Any] | None]


@dataclass(frozen=True)
class Opened:
    """A refused row that a steward has opened; `row` is None where it was sealed to another key."""

    source: str
    collection: str
    line: int
    message: str
    row: dict[str, str] | None
    row_digest: bytes = b""


class Sealer:
    """Seals the refused rows of one load.

    Parameters
    ----------
    key_id : int
    key : X25519PublicKey
        Of the stewards.
    source, collection : str
    """

    def __init__(self, key_id: int, key: X25519PublicKey, source: str, collection: str) -> None:
        self.key_id, self.key = key_id, key
        self.source, self.collection = source, collection
        self.kept = 0

    def __call__(self, cursor: Cursor[Any], refused: Sequence[Refusal]) -> None:
        """Keep those that no earlier load has met; must run before they are written to the quarantine."""
        new = self._new(cursor, [refusal for refusal in refused if refusal[3] is not None])[: MOST - self.kept]
        rows = [
            (self.source, self.collection, digest, line, message, self.key_id, self._seal(digest, text))
            for line, digest, message, text in ((n, d, m, _written(row)) for n, d, m, row in new if row is not None)
            if len(text) <= LARGEST
        ]
        if rows:
            cursor.executemany(
                "INSERT INTO obs.sealed (source, collection, row_digest, line, message, key_id, body) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                rows,
            )
        self.kept += len(rows)

    def _new(self, cursor: Cursor[Any], refused: Sequence[Refusal]) -> list[Refusal]:
        known = cursor.execute(
            "SELECT row_digest FROM obs.quarantine WHERE source = %s AND collection = %s AND row_digest = ANY(%s) "
            "AND settled IS NULL",
            [self.source, self.collection, [digest for _, digest, _, _ in refused]],
        ).fetchall()
        met = {bytes(digest) for (digest,) in known}
        first: dict[bytes, Refusal] = {}
        for refusal in refused:
            if refusal[1] not in met:
                first.setdefault(refusal[1], refusal)
        return list(first.values())

    def _seal(self, digest: bytes, text: bytes) -> bytes:
        return SUITE.encrypt(text, self.key, info=_context(self.source, self.collection, digest))


def sealer(cursor: Cursor[Any], source: str, collection: str) -> Sealer | None:
    """Return what seals the rows of a load, or None where no steward has a key: then refused rows are not kept."""
    found = cursor.execute(
        "SELECT id, public_key FROM obs.sealing_keys WHERE retired IS NULL ORDER BY id DESC LIMIT 1"
    ).fetchone()
    if found is None:
        return None
    return Sealer(found[0], X25519PublicKey.from_public_bytes(bytes(found[1])), source, collection)


def make_key(connection: Connection, path: Path, *, password: str | None = None) -> None:
    """Make a pair of keys: the private one goes to a file, the public one to the store; older ones retire.

    Run by a steward, on a machine of theirs: the file must not stay where loads run.

    Parameters
    ----------
    path : Path
        Of the new file, readable by its owner only.
    password : str, optional
        That will be asked to open it.

    Raises
    ------
    BadInput
        If the file exists.
    """
    private = X25519PrivateKey.generate()
    protection: KeySerializationEncryption = (
        NoEncryption() if password is None else BestAvailableEncryption(password.encode())
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise BadInput("key: the file exists; a key is never written over another") from None
    with os.fdopen(file, "wb") as out:
        out.write(pem)
    with connection.transaction():
        connection.execute("UPDATE obs.sealing_keys SET retired = now() WHERE retired IS NULL")
        connection.execute(
            "INSERT INTO obs.sealing_keys (public_key) VALUES (%s)", [private.public_key().public_bytes_raw()]
        )


def read_key(path: Path, *, password: str | None = None) -> X25519PrivateKey:
    """Return a steward's private key from its file.

    Raises
    ------
    BadInput
        If there is no such file, it is not such a key, or the password is wrong.
    """
    try:
        key = load_pem_private_key(path.read_bytes(), None if password is None else password.encode())
    except (OSError, ValueError, TypeError):
        raise BadInput("key: expected a steward's key file, and its password if it has one") from None
    if not isinstance(key, X25519PrivateKey):
        raise BadInput("key: expected a key of X25519")
    return key


def opened(
    connection: Connection, key: X25519PrivateKey, *, source: str | None = None, collection: str | None = None
) -> Iterator[Opened]:
    """Give the sealed rows that are not past their time, opened where they were sealed to this key."""
    rows = connection.execute(
        "SELECT source, collection, row_digest, line, message, body FROM obs.sealed "
        "WHERE purge_after > now() AND (%(source)s::text IS NULL OR source = %(source)s) "
        "AND (%(collection)s::text IS NULL OR collection = %(collection)s) ORDER BY source, collection, line",
        {"source": source, "collection": collection},
    ).fetchall()
    for name, kept_in, digest, line, message, body in rows:
        try:
            text = SUITE.decrypt(bytes(body), key, info=_context(name, kept_in, bytes(digest)))
        except InvalidTag:
            yield Opened(name, kept_in, line, message, None, bytes(digest))
        else:
            yield Opened(name, kept_in, line, message, json.loads(text), bytes(digest))


def records(rows: Iterable[Opened]) -> Iterator[Record]:
    """Give opened rows as their connector gave them; what another key sealed stays closed."""
    for one in rows:
        if one.row is not None:
            row = dict(one.row)
            shape = row.pop(SHAPE, None)
            yield Record(one.line, row, one.row_digest, None if shape is None else from_wkb(shape))


def purge(cursor: Cursor[Any]) -> int:
    """Remove the sealed rows whose seven days are over; return how many. Every load begins with it."""
    # Loads of other collections do the same at this moment: none waits for another's end.
    return cursor.execute(
        "DELETE FROM obs.sealed WHERE ctid = ANY(ARRAY("
        "SELECT ctid FROM obs.sealed WHERE purge_after <= now() FOR UPDATE SKIP LOCKED))"
    ).rowcount


def _written(row: Mapping[str, Any]) -> bytes:
    return json.dumps({str(name): str(value) for name, value in row.items()}, ensure_ascii=True).encode()


def _context(source: str, collection: str, digest: bytes) -> bytes:
    return b"\x1f".join((_PURPOSE, source.encode(), collection.encode(), digest))
