"""Secrets of reports: one key in `var/`, never in the store; what is made from it for each use."""

import hmac
import os
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from observatoire.reports.errors import Refused

FILE = "reports.key"
YOUNGEST, OLDEST = 3, 7_200  # s, of a form's nonce: nobody fills a form faster, or goes on after two hours
_NONCE = 16  # bytes
_TOKEN = 16  # bytes: 128 bits


@dataclass(frozen=True)
class Secret:
    """The key of one installation.

    Attributes
    ----------
    key : bytes, 32
    """

    key: bytes = field(repr=False)

    def digest(self, purpose: str, *parts: bytes) -> bytes:
        """Return a keyed digest of 32 bytes: nothing can be guessed from it without the key."""
        framed = b"".join(len(part).to_bytes(4) + part for part in (purpose.encode(), *parts))
        return hmac.digest(self.key, framed, sha256)

    def token(self, idempotency: str | None) -> str:
        """Return a tracking token of 128 bits: random, or always the same for the same idempotency key.

        The store keeps a digest only; a sender that tries again is yet told the same token.
        """
        if idempotency is None:
            return secrets.token_urlsafe(_TOKEN)
        return _text(self.digest("token", idempotency.encode())[:_TOKEN])

    def nonce(self, now: float) -> str:
        """Return the signed nonce of a form that is shown at `now` (s since 1970)."""
        body = int(now).to_bytes(6) + secrets.token_bytes(8)
        return _text(body + self.digest("nonce", body)[:_NONCE])

    def check_nonce(self, nonce: str, now: float) -> None:
        """Check that a form is ours and neither too young nor too old.

        Raises
        ------
        Refused
            `nonce`.
        """
        try:
            whole = urlsafe_b64decode(nonce + "=" * (-len(nonce) % 4)) if len(nonce) < 100 else b""
        except (NotBase64, ValueError):
            whole = b""
        body, signature = whole[:-_NONCE], whole[-_NONCE:]
        if len(body) != 14 or not hmac.compare_digest(signature, self.digest("nonce", body)[:_NONCE]):
            raise Refused("nonce", "ce formulaire n'est pas le nôtre : rouvrez-le", "not our form: open it again")
        age = now - int.from_bytes(body[:6])
        if age < YOUNGEST:
            raise Refused("nonce", "envoyé trop vite : attendez trois secondes", "sent too fast: wait three seconds")
        if age > OLDEST:
            raise Refused("nonce", "formulaire ouvert il y a plus de deux heures", "the form is over two hours old")

    def seal(self, body: bytes, context: bytes) -> bytes:
        """Encrypt a photo (AES-256-GCM), bound to its report."""
        nonce = secrets.token_bytes(12)
        return nonce + AESGCM(self.digest("photo")).encrypt(nonce, body, context)

    def open(self, sealed: bytes, context: bytes) -> bytes | None:
        """Return a photo, or None where another installation's key had sealed it."""
        try:
            return AESGCM(self.digest("photo")).decrypt(sealed[:12], sealed[12:], context)
        except InvalidTag:
            return None


def token_digest(token: str) -> bytes:
    """Return what the store keeps of a token; of 128 random bits a plain digest gives nothing away."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()


def secret(var: Path) -> Secret:
    """Return the secret kept under `var`, made on the first call (safe with several programs at once)."""
    path = var / FILE
    if not path.exists():
        var.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_bytes(secrets.token_bytes(32))
        try:
            os.link(fresh, path)  # fails where another program was first: theirs then holds
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return Secret(path.read_bytes())


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
