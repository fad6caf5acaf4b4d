"""Numbers of loads, refused rows and items, given inside the transaction of a load: a killed one leaves no gap."""

from typing import Any

from psycopg import Cursor


def take_ids(cursor: Cursor[Any], name: str, count: int) -> int:
    """Return the first of `count` consecutive numbers that are now taken; given back if the transaction fails.

    Whoever takes of the same name waits until the transaction ends, even where `count` is 0. A negative one gives the
    last numbers back.
    """
    row = cursor.execute(
        "INSERT INTO obs.counters AS c (name, last_id) VALUES (%(name)s, %(count)s) "
        "ON CONFLICT (name) DO UPDATE SET last_id = c.last_id + %(count)s RETURNING last_id - %(count)s + 1",
        {"name": name, "count": count},
    ).fetchone()
    assert row is not None
    return int(row[0])
