"""Passwords of the audiences' logins: made once per machine, kept in `var/roles.json` readable by its owner only."""

import json
import os
import secrets
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from psycopg import sql

from observatoire.layers.model import AUDIENCES, Audience
from observatoire.layers.rights import role


@dataclass(frozen=True)
class Passwords:
    """One password per audience."""

    by_audience: dict[Audience, str]

    def fingerprint(self) -> str:
        """Return a digest of all passwords, to notice that they changed."""
        return sha256(json.dumps(self.by_audience, sort_keys=True).encode()).hexdigest()

    def statements(self) -> list[sql.Composed]:
        """Return the statements that set them."""
        return [
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role(a)), sql.Literal(p))
            for a, p in self.by_audience.items()
        ]


def passwords(var: Path) -> Passwords:
    """Return the passwords kept under `var`, made on the first call (safe with several commands at once)."""
    path = var / "roles.json"
    if not path.exists():
        var.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps({a: secrets.token_urlsafe(24) for a in AUDIENCES}))
        try:
            os.link(fresh, path)  # fails where another command was first: theirs then holds
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return Passwords(json.loads(path.read_text()))
