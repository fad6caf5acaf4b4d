"""What staff ask of reports: what is open, what waits, decisions. For coordination and steward."""

from dataclasses import asdict
from datetime import date
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from observatoire.layers.nomenclature import codes
from observatoire.reports.errors import Refused
from observatoire.reports.moderation import PHOTO_REASONS, decide, held, open_reports, set_status
from observatoire.reports.tracking import REASONS, STATUSES, tracked
from observatoire.server.reports.answers import document
from observatoire.server.reports.work import clerk, staff, with_store


async def held_photos(request: Request) -> Response:
    """Answer the photos that wait to be looked at."""
    by = clerk()
    found = await with_store(request, lambda store: held(store, by))
    return document({"numberMatched": found.matched, "held": [asdict(one) for one in found.first]})


async def open_list(request: Request) -> Response:
    """Answer the reports that are not over, with their exact place and answers."""
    staff()
    found = await with_store(request, open_reports)
    return document({"numberMatched": found.matched, "reports": [asdict(one) for one in found.first]})


async def terms(_: Request) -> Response:
    """Answer the codes that decisions are made of: reasons to refuse a photo, statuses, reasons of a status."""
    staff()
    branches = {
        "photo_reasons": PHOTO_REASONS,
        "statuses": STATUSES,
        "close_reasons": f"{REASONS}/cloture",
        "next_reasons": f"{REASONS}/suite",
    }
    return document(
        {
            name: [{"code": code, "title": text.model_dump()} for code, text in codes(branch).items()]
            for name, branch in branches.items()
        }
    )


async def moderate(request: Request) -> Response:
    """Publish or refuse a photo: `{"decision": "publish"}`, `{"decision": "reject", "reason": "personne"}`.

    Two keys publish: after the first the photo waits on.
    """
    by, reference = clerk(), request.path_params["reference"]
    given = await _object(request, ("decision", "reason"))
    decision, reason = given.get("decision"), given.get("reason")
    if decision not in ("publish", "reject"):
        raise Refused("decision", "attendu : publish, reject", "expected publish or reject")
    await with_store(
        request, lambda store: decide(store, reference, publish=decision == "publish", reason=reason, by=by)
    )
    return await _shown(request, reference)


async def change_status(request: Request) -> Response:
    """Say what becomes of a report: `{"status": "planned", "planned_for": "2026-12-01"}`."""
    by, reference = staff(), request.path_params["reference"]
    given = await _object(request, ("status", "reason", "planned_for"))
    planned_for = _day(given.get("planned_for"))
    status, reason = given.get("status"), given.get("reason")
    await with_store(
        request,
        lambda store: set_status(store, reference, str(status), by=by, reason=reason, planned_for=planned_for),
    )
    return await _shown(request, reference)


async def _shown(request: Request, reference: str) -> Response:
    found = await with_store(request, lambda store: tracked(store, reference, staff=True))
    return document(found.document())


async def _object(request: Request, known: tuple[str, ...]) -> dict[str, Any]:
    try:
        given = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        given = None
    if not isinstance(given, dict):
        raise Refused("body", "un objet JSON est attendu", "expected a JSON object")
    for name, value in given.items():
        if name not in known:
            raise Refused("body", f"attendu : {', '.join(known)}", f"expected {', '.join(known)}")
        if value is not None and not isinstance(value, str):
            raise Refused(name, "un texte est attendu", "expected a text")
    return given


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise Refused(
            "planned_for", "un jour est attendu, comme 2026-12-01", "expected a day, like 2026-12-01"
        ) from None
