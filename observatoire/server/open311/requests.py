"""Reports as requests of GeoReport v2: only what everyone may know of them."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg import Connection, sql
from psycopg.rows import dict_row
from starlette.requests import Request
from starlette.responses import Response

from observatoire.cities import City
from observatoire.layers.nomenclature import codes
from observatoire.reports.errors import Refused, gone, no_report
from observatoire.reports.form_answers import read_instant
from observatoire.reports.forms import BRANCH, forms
from observatoire.reports.place import read_degree
from observatoire.reports.tracking import CLOSED, REASONS, STATUSES
from observatoire.server.open311.errors import format_of
from observatoire.server.open311.formats import answer
from observatoire.server.open311.services import no_service
from observatoire.server.open311.words import words_of
from observatoire.server.reports.send import read_radius
from observatoire.server.reports.work import language, with_store
from observatoire.server.state import state_of
from observatoire.text import Language

SPAN = timedelta(days=90)  # of a list, where no other dates are given: the standard's own
MOST = 1_000  # requests a page: the standard's own
FARTHEST = 50_000.0  # m
PARAMETERS = (
    "service_request_id", "service_code", "start_date", "end_date", "status", "page", "page_size", "updated_after",
    "updated_before", "lat", "long", "radius", "extensions",
)  # fmt: skip

_FROM = (
    "SELECT v.*, coalesce(p.state = 'published' AND p.purge_after > now(), false) AS photo "
    "FROM obs.public_reports v LEFT JOIN obs.report_photos p ON p.report = v.id WHERE "
)


async def requests(request: Request) -> Response:
    """Answer the requests that match, newest first."""
    words = words_of(request, *PARAMETERS)
    query, given = _query(words)
    rows = await with_store(request, lambda store: _rows(store, query, given))
    return _answer(request, rows, extended=_flag(words))


async def one(request: Request) -> Response:
    """Answer one request, as a list of one."""
    words = words_of(request, "extensions")
    reference = request.path_params["reference"]
    rows = await with_store(request, lambda store: _rows(store, sql.SQL("v.reference = %s"), [reference]))
    if not rows:
        raise await with_store(request, lambda store: _absent(store, reference))
    return _answer(request, rows, extended=_flag(words))


def _answer(request: Request, rows: list[dict[str, Any]], *, extended: bool) -> Response:
    state, spoken = state_of(request), language(request)
    site = state.base.removesuffix("/api")
    content = [_request(row, state.city, spoken, site, extended=extended) for row in rows]
    return answer("service_requests", content, format_of(request))


def _request(row: dict[str, Any], city: City, spoken: Language, site: str, *, extended: bool) -> dict[str, Any]:
    """Return a report as the standard says it. Description and address are always empty: nobody keeps them."""
    planned = row["planned_for"]
    said = {
        "service_request_id": row["reference"],
        "status": "closed" if row["status"] in CLOSED else "open",
        "status_notes": _notes(row, spoken),
        "service_name": codes(BRANCH)[row["nature"]].in_(spoken),
        "service_code": row["nature"],
        "description": None,
        "agency_responsible": forms().handler(row["nature"], {}).in_(spoken),
        "service_notice": None,
        "requested_datetime": _local(row["received"], city),
        "updated_datetime": _local(row["updated"], city),
        "expected_datetime": datetime.combine(planned, datetime.min.time(), city.zone).isoformat() if planned else None,
        "address": None,
        "address_id": None,
        "zipcode": None,
        "lat": row["lat"],
        "long": row["lon"],
        "media_url": f"{site}/reports/{row['reference']}/photo" if row["photo"] else None,
    }
    if extended:
        said["extended_attributes"] = {
            "detailed_status": row["status"],
            "detailed_reason": row["reason"],
            "me_too": row["me_too"],
            "not_fixed": row["not_fixed"],
        }
    return said


def _notes(row: dict[str, Any], spoken: Language) -> str:
    title = codes(STATUSES)[row["status"]].in_(spoken)
    colon = " : " if spoken == "fr" else ": "
    return title + (colon + codes(REASONS)[row["reason"]].in_(spoken) if row["reason"] else "")


def _local(instant: datetime, city: City) -> str:
    return instant.astimezone(city.zone).replace(second=0, microsecond=0).isoformat()


def _rows(store: Connection[Any], where: sql.Composable, given: list[Any]) -> list[dict[str, Any]]:
    with store.transaction(), store.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql.SQL(_FROM) + where, given).fetchall()


def _absent(store: Connection[Any], reference: str) -> Refused:
    with store.transaction():
        deleted = store.execute("SELECT 1 FROM obs.reports WHERE reference = %s", [reference]).fetchone()
    return gone() if deleted else no_report()


def _query(words: Mapping[str, str]) -> tuple[sql.Composable, list[Any]]:
    """Return what is asked for. Ids, where they are given, are all that counts: the standard's own rule."""
    page, size = _whole(words, "page", 1, 10_000), _whole(words, "page_size", MOST, MOST)
    clauses: list[str] = []
    given: list[Any] = []

    def add(clause: str, *values: Any) -> None:
        clauses.append(clause)
        given.extend(values)

    if "service_request_id" in words:
        add("v.reference = ANY(%s)", _list(words, "service_request_id"))
    else:
        _add_filters(words, add)
    tail = " ORDER BY v.received DESC, v.id DESC LIMIT %s OFFSET %s"
    given += [size, (page - 1) * size]
    return sql.SQL(" AND ".join(clauses) + tail), given


def _add_filters(words: Mapping[str, str], add: Any) -> None:
    dates = {
        name: read_instant(name, words[name])
        for name in ("start_date", "end_date", "updated_after", "updated_before")
        if name in words
    }
    end = dates.get("end_date", datetime.now(UTC) + timedelta(minutes=1))
    add("v.received <= %s", end)
    if not dates.keys() & {"start_date", "updated_after"}:
        dates["start_date"] = end - SPAN
    for name, clause in (
        ("start_date", "v.received >= %s"), ("updated_after", "v.updated > %s"), ("updated_before", "v.updated < %s"),
    ):  # fmt: skip
        if name in dates:
            add(clause, dates[name])
    if "service_code" in words:
        wanted = _list(words, "service_code")
        if set(wanted) - forms().categories.keys():
            raise no_service()
        add("v.nature = ANY(%s)", wanted)
    if "status" in words:
        asked = _list(words, "status")
        if not asked or set(asked) - {"open", "closed"}:
            raise Refused("status", "attendu : open, closed", "expected open, closed")
        add("(v.status = ANY(%s)) = ANY(%s)", list(CLOSED), [status == "closed" for status in asked])
    if words.keys() & {"lat", "long", "radius"}:
        lon, lat = (read_degree(name, words.get(name)) for name in ("long", "lat"))
        if lon is None or lat is None:
            raise Refused("lat, long", "les deux sont attendus, avec radius", "expected both, with radius")
        radius = read_radius(words.get("radius"), most=FARTHEST)
        add("ST_DWithin(v.place, ST_SetSRID(ST_MakePoint(%s, %s), 4326)::geography, %s)", lon, lat, radius)


def _list(words: Mapping[str, str], name: str) -> list[str]:
    return [part.strip() for part in words[name].split(",") if part.strip()][:MOST]


def _whole(words: Mapping[str, str], name: str, default: int, most: int) -> int:
    text = words.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 7 and 1 <= int(text) <= most):
        raise Refused(name, f"un entier de 1 à {most} est attendu", f"expected a whole number from 1 to {most}")
    return int(text)


def _flag(words: Mapping[str, str]) -> bool:
    if words.get("extensions", "false") not in ("true", "false", "v1"):
        raise Refused("extensions", "attendu : true, false", "expected true or false")
    return words.get("extensions", "false") != "false"
