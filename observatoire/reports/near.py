"""What is already known near a place: reports at their public position, authorised works and events."""

from datetime import UTC, datetime
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row

from observatoire.layers.catalog import layer_of
from observatoire.layers.ddl import table
from observatoire.reports.submit import collection

RADIUS, MOST_RADIUS = 250.0, 1_000.0  # m
DAYS = 30  # of reports
MOST = 10  # of each

#: Works and events that may explain what is seen or heard now.
ALLOWED = {"chantiers": ("autorise", "en-cours"), "evenements": ("declare", "autorise")}


def near(
    connection: Connection[Any],
    lon: float,
    lat: float,
    *,
    nature: str | None,
    radius: float,
    now: datetime | None = None,
) -> dict[str, Any]:
    """Return reports of the last 30 days that are not over, and works and events of today, nearest first.

    Distances of reports are from their rounded position: exact ones would tell where they are.

    Parameters
    ----------
    lon, lat : float, degrees
    nature : str or None
        Of the reports; None: of any kind.
    radius : float, m
    """
    now = now or datetime.now(UTC)
    given = {"lon": lon, "lat": lat, "nature": nature, "radius": radius, "now": now, "days": DAYS, "most": MOST}
    with connection.transaction(), connection.cursor(row_factory=dict_row) as cursor:
        reports = cursor.execute(
            sql.SQL(
                "WITH here AS (SELECT ST_Transform(ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326), "
                "(SELECT ST_SRID(geom_rounded) FROM {t} LIMIT 1)) AS g) "
                "SELECT t.reference, t.nature, t.date, round(ST_Distance(t.geom_rounded, here.g)) AS distance, "
                "r.status, (SELECT count(*) FROM obs.report_voices v WHERE v.reference = t.reference "
                "AND v.kind = 'me-too') AS me_too "
                "FROM {t} t CROSS JOIN here LEFT JOIN obs.reports r ON r.reference = t.reference "
                "WHERE t.reference IS NOT NULL AND ST_DWithin(t.geom_rounded, here.g, %(radius)s) "
                "AND t.date BETWEEN %(now)s - make_interval(days => %(days)s) AND %(now)s + interval '1 minute' "
                "AND (%(nature)s::text IS NULL OR t.nature = %(nature)s) "
                "AND coalesce(r.status, 'received') NOT IN ('done', 'closed') "
                "ORDER BY distance, t.date DESC LIMIT %(most)s"
            ).format(t=table(collection())),
            given,
        ).fetchall()
        works, events = (_planned(cursor, name, given) for name in ALLOWED)
    for report in reports:
        report["date"] = report["date"].astimezone(UTC).isoformat()
        report["distance"] = int(report["distance"])
    return {"reports": reports, "works": works, "events": events}


def _planned(cursor: Any, name: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = cursor.execute(
        sql.SQL(
            "WITH here AS (SELECT ST_Transform(ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326), "
            "(SELECT ST_SRID(geom) FROM {t} LIMIT 1)) AS g) "
            "SELECT t.id, coalesce(t.titre, t.voie, t.reference) AS title, t.nature, t.debut, t.fin, t.heure_debut, "
            "t.heure_fin, t.voie AS street, round(ST_Distance(t.geom, here.g)) AS distance FROM {t} t CROSS JOIN here "
            "WHERE t.debut <= %(now)s + interval '1 day' AND t.fin > %(now)s - interval '1 day' "
            "AND t.statut = ANY(%(statuses)s) AND ST_DWithin(t.geom, here.g, %(radius)s) "
            "ORDER BY distance, t.debut LIMIT %(most)s"
        ).format(t=table(layer_of(name))),
        given | {"statuses": list(ALLOWED[name])},
    ).fetchall()
    return [
        {
            "id": row["id"],
            "collection": name,
            "title": row["title"],
            "nature": row["nature"],
            "street": row["street"],
            "from": row["debut"].astimezone(UTC).isoformat(),
            "until": row["fin"].astimezone(UTC).isoformat(),
            "hours": [row["heure_debut"], row["heure_fin"]] if row["heure_debut"] else None,
            "distance": int(row["distance"]),
        }
        for row in rows
    ]
