"""Morning briefs in the store: kept as they were made, the last one shown."""

from typing import Any, LiteralString

from psycopg import Connection
from psycopg.types.json import Jsonb

#: Older ones are removed when a new one is kept.
KEPT = "90 days"
LAST: LiteralString = "SELECT report FROM obs.briefs WHERE audience = %(audience)s ORDER BY until DESC LIMIT 1"


def keep_brief(connection: Connection[Any], report: dict[str, Any]) -> None:
    """Keep a brief; one of the same audience and moment is replaced."""
    connection.execute(
        "INSERT INTO obs.briefs (audience, since, until, report) VALUES (%s, %s, %s, %s) "
        "ON CONFLICT (audience, until) DO UPDATE SET report = excluded.report, made = now()",
        [report["audience"], report["since"], report["until"], Jsonb(report)],
    )
    connection.execute("DELETE FROM obs.briefs WHERE made < now() - %s::interval", [KEPT])
