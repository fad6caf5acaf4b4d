"""How much one prefix of the network may send in an hour. No address is kept: digests with the salt of the day."""

import secrets
from datetime import date, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from psycopg import Cursor

from observatoire.reports.errors import TooMany
from observatoire.reports.secret import Secret

KEPT = timedelta(hours=2)


def prefix_of(host: str) -> bytes:
    """Return the prefix of an address: /24 of IPv4, /56 of IPv6 (what one household or office has).

    Examples
    --------
    >>> prefix_of("192.0.2.77"), prefix_of("::ffff:192.0.2.1"), prefix_of("no address")
    (b'192.0.2.0/24', b'192.0.2.0/24', b'')
    """
    try:
        address = ip_address(host)
    except ValueError:
        return b""
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(ip_network((address, 24 if address.version == 4 else 56), strict=False)).encode()


def salted(cursor: Cursor[Any], secret: Secret, host: str, day: date) -> bytes:
    """Return the digest of an address's prefix on a day; older salts are thrown away."""
    cursor.execute(
        "INSERT INTO obs.report_salts (day, salt) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        [day, secrets.token_bytes(32)],
    )
    row = cursor.execute("SELECT salt FROM obs.report_salts WHERE day = %s", [day]).fetchone()
    assert row is not None
    return secret.digest("prefix", bytes(row[0]), prefix_of(host))


def count(cursor: Cursor[Any], secret: Secret, host: str, *, per_hour: int, now: datetime) -> None:
    """Count one more report or voice of an address's prefix.

    Parameters
    ----------
    per_hour : int
        0: no limit, nothing is counted.

    Raises
    ------
    TooMany
        With the seconds until the hour is over.
    """
    if not per_hour:
        return
    hour = now.replace(minute=0, second=0, microsecond=0)
    row = cursor.execute(
        "INSERT INTO obs.report_rates AS r (hour, prefix, n) VALUES (%s, %s, 1) "
        "ON CONFLICT (hour, prefix) DO UPDATE SET n = r.n + 1 RETURNING n",
        [hour, salted(cursor, secret, host, now.date())],
    ).fetchone()
    assert row is not None
    if row[0] > per_hour:
        wait = int((hour + timedelta(hours=1) - now).total_seconds()) + 1
        raise TooMany(
            "network",
            f"plus de {per_hour} envois en une heure depuis votre réseau ; réessayez dans {wait // 60 + 1} minutes : "
            "gardez le signalement, il n'est pas enregistré",
            f"over {per_hour} reports in one hour from your network; try again in {wait // 60 + 1} minutes: "
            "keep the report, it is not recorded",
            headers={"Retry-After": str(wait)},
        )
