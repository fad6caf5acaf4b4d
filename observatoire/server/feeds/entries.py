"""The items of a feed, read with the rights of everyone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from observatoire.errors import NotFound
from observatoire.layers.ddl import table
from observatoire.layers.nomenclature import codes
from observatoire.layers.rights import role
from observatoire.reports.tracking import STATUSES
from observatoire.server.feeds.calendar import pieces
from observatoire.server.feeds.choice import REPORTS, Choice
from observatoire.server.run import translated
from observatoire.server.state import State
from observatoire.text import Text

MOST = 500
BEFORE, AHEAD = timedelta(days=7), timedelta(days=366)  # of works and events
RECENT = timedelta(days=30)  # of reports
ALONG = 200.0  # m: reports are shown no more exactly than that
CLOSE = 20.0  # m: works without a street's name

_VIEWS = role("public")


@dataclass(frozen=True)
class Entry:
    """One item of a feed.

    Attributes
    ----------
    pieces : list of (datetime, datetime)
        When it holds its place; empty for a report.
    updated : datetime
        When we last learned something new of it.
    """

    id: int
    reference: str
    title: str
    nature: Text
    code: str
    status: Text | None
    status_code: str | None
    street: str | None
    start: datetime
    end: datetime | None
    lon: float
    lat: float
    updated: datetime
    pieces: list[tuple[datetime, datetime]]


async def entries(state: State, choice: Choice, language: str, now: datetime) -> list[Entry]:
    """Return the items: works and events that are not over for a week, reports of the last 30 days.

    Raises
    ------
    NotFound
        If there is no such street or division.
    """
    with translated():
        public = state.pools.of("public")
        async with public.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            await _check(cursor, choice)
            query, given = _query(choice, now)
            rows = await (await cursor.execute(query, given)).fetchall()
        async with state.pools.admin.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            found = await cursor.execute(_changed(choice), [[row["id"] for row in rows]])
            changed = {row["id"]: row for row in await found.fetchall()}
    made = [_entry(row, changed.get(row["id"], {}), choice, state, language, now) for row in rows]
    return [entry for entry in made if choice.layer.id == REPORTS or entry.pieces]


async def _check(cursor: Any, choice: Choice) -> None:
    for name, asked, view, column in (
        ("street", choice.street, "troncons", "voie"), ("division", choice.division, "divisions", "code"),
    ):  # fmt: skip
        if not asked:
            continue
        there = sql.SQL("SELECT 1 FROM {} WHERE lower({}) = lower(%s) LIMIT 1").format(
            sql.Identifier(_VIEWS, view), sql.Identifier(column)
        )
        if await (await cursor.execute(there, [asked])).fetchone() is None:
            raise NotFound(f"{name}: none of that name; the collection {view} names them")


def _query(choice: Choice, now: datetime) -> tuple[sql.Composed, dict[str, Any]]:
    layer = choice.layer
    given: dict[str, Any] = {"most": MOST, "street": choice.street, "division": choice.division, "now": now}
    shown = ["id", "reference", "nature"]
    clauses: list[sql.Composable] = []
    if layer.id == REPORTS:
        shown += ["date"]
        clauses.append(sql.SQL("t.date BETWEEN %(since)s AND %(until)s"))
        given |= {"since": now - RECENT, "until": now + timedelta(minutes=1)}
        order = sql.SQL("t.date DESC, t.id DESC")
    else:
        shown += [
            "titre",
            "voie",
            "statut",
            "debut",
            "fin",
            "regle",
            "heure_debut",
            "heure_fin",
            "feries",
            "exceptions",
        ]
        clauses.append(sql.SQL("t.fin > %(since)s AND t.debut < %(until)s"))
        given |= {"since": now - BEFORE, "until": now + AHEAD}
        order = sql.SQL("t.debut, t.id")
    if choice.natures:
        clauses.append(sql.SQL("t.nature = ANY(%(natures)s)"))
        given["natures"] = list(choice.natures)
    if choice.street:
        clauses.append(_along(choice))
    if choice.division:
        inside = "d WHERE lower(d.code) = lower(%(division)s) AND ST_Intersects(d.geom, t.geom))"
        view = sql.Identifier(_VIEWS, "divisions")
        clauses.append(sql.SQL("EXISTS (SELECT FROM {} " + inside).format(view))
    query = sql.SQL(
        "SELECT {}, ST_X(p) AS lon, ST_Y(p) AS lat FROM {} t CROSS JOIN LATERAL "
        "ST_Transform(ST_PointOnSurface(t.geom), 4326) AS p WHERE {} ORDER BY {} LIMIT %(most)s"
    ).format(
        sql.SQL(", ").join(sql.Identifier("t", name) for name in shown),
        sql.Identifier(_VIEWS, layer.table),
        sql.SQL(" AND ").join(clauses),
        order,
    )
    return query, given


def _along(choice: Choice) -> sql.Composed:
    """Return the clause of a street: its name, or nearness where there is no name."""
    near = sql.SQL(
        "ST_DWithin(t.geom, (SELECT ST_Collect(s.geom) FROM {} s WHERE lower(s.voie) = lower(%(street)s)), {})"
    ).format(sql.Identifier(_VIEWS, "troncons"), sql.Literal(ALONG if choice.layer.id == REPORTS else CLOSE))
    if choice.layer.id == REPORTS:
        return near
    return sql.SQL("CASE WHEN t.voie IS NULL THEN {} ELSE lower(t.voie) = lower(%(street)s) END").format(near)


def _changed(choice: Choice) -> sql.Composed:
    """Return the query of when items last changed: a report's own history, else the load that brought the change."""
    return sql.SQL(
        "SELECT t.id, coalesce(r.updated, l.finished) AS updated, r.status FROM {} t "
        "LEFT JOIN obs.loads l ON l.id = t.load_id LEFT JOIN obs.public_reports r "
        "ON r.reference = t.reference WHERE t.id = ANY(%s)"
    ).format(table(choice.layer))


def _entry(
    row: dict[str, Any], changed: dict[str, Any], choice: Choice, state: State, language: str, now: datetime
) -> Entry:
    layer = choice.layer
    report = layer.id == REPORTS
    nature = codes(layer.properties["nature"].codes or "")[row["nature"]]
    status = changed.get("status") if report else row["statut"]
    branch = STATUSES if report else layer.properties["statut"].codes
    start = row["date"] if report else row["debut"]
    within = (now - BEFORE, now + AHEAD)
    return Entry(
        id=row["id"],
        reference=row["reference"] or str(row["id"]),
        title=nature.in_(language) if report else row["titre"] or nature.in_(language),
        nature=nature,
        code=row["nature"],
        status=codes(branch or "").get(status) if status else None,
        status_code=status,
        street=None if report else row["voie"],
        start=start,
        end=None if report else row["fin"],
        lon=round(row["lon"], 6),
        lat=round(row["lat"], 6),
        updated=(changed.get("updated") or start).astimezone(UTC).replace(second=0, microsecond=0),
        pieces=[] if report else pieces(row, state.city.time_zone, within),
    )
