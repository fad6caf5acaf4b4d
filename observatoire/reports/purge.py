"""What is over: photos after thirty days, what is left of deleted reports, counts of the hours, old salts."""

from typing import Any

from psycopg import Cursor

from observatoire.reports.rates import KEPT

#: What says that a report was deleted, so that a late retry does not make it anew.
TOMBSTONES = "30 days"


def purge(cursor: Cursor[Any]) -> int:
    """Remove what is over; return how many photos that were. The night does it, and `obs purge`."""
    photos = cursor.execute(
        "DELETE FROM obs.report_photos WHERE ctid = ANY(ARRAY("
        "SELECT ctid FROM obs.report_photos WHERE purge_after <= now() FOR UPDATE SKIP LOCKED))"
    ).rowcount
    cursor.execute("DELETE FROM obs.reports WHERE deleted < now() - %s::interval", [TOMBSTONES])
    cursor.execute("DELETE FROM obs.report_rates WHERE hour < now() - %s::interval", [KEPT])
    cursor.execute("DELETE FROM obs.report_salts WHERE day < (now() - interval '1 hour')::date")
    return photos


def forget(cursor: Cursor[Any]) -> None:
    """Remove what is kept of the reports whose items are in the temporary table `gone` (id, reference).

    Their photos and their history go with them.
    """
    cursor.execute("DELETE FROM obs.report_voices v USING pg_temp.gone g WHERE v.reference = g.reference")
    cursor.execute("DELETE FROM obs.reports r USING pg_temp.gone g WHERE r.item = g.id")
