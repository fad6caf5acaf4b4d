"""`/reports/{reference}`: read, « me too », follow, « not fixed », delete; `POST /suivi` for a browser alone."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from observatoire.layers.nomenclature import codes
from observatoire.reports.errors import Refused
from observatoire.reports.forms import BRANCH, Question, forms
from observatoire.reports.moderation import photo
from observatoire.reports.photo import MEDIA_TYPE
from observatoire.reports.tracking import Tracked, delete, speak, tracked
from observatoire.server.citizen.page import Page
from observatoire.server.reading import once, only
from observatoire.server.reports.answers import HEADERS, answered, document, page
from observatoire.server.reports.body import Body, read_body
from observatoire.server.reports.send import KEY
from observatoire.server.reports.work import is_staff, limited_host, terms_of, with_store
from observatoire.text import Text

TOKEN = "X-Tracking-Token"  # noqa: S105  # the name of a header
_FORM = ("reference", "token", "action", "lang", "idempotency_key")
_ACTIONS = ("show", "me-too", "follow", "not-fixed", "delete")


async def report(request: Request) -> Response:
    """Answer a report as it stands; with its token, the owner's part."""
    only(once(request.query_params.multi_items()), ("f", "lang"))
    reference, token, staff = request.path_params["reference"], request.headers.get(TOKEN), is_staff()
    found = await with_store(request, lambda store: tracked(store, reference, token, staff=staff))
    return document(found.document())


async def voice(request: Request) -> Response:
    """Count « me too », a follower or « not fixed »."""
    reference, token, key = request.path_params["reference"], request.headers.get(TOKEN), request.headers.get(KEY)
    kind, terms, host = request.path_params["kind"], terms_of(request), limited_host()
    found = await with_store(
        request, lambda store: speak(store, terms, reference, kind, key=key, host=host, token=token)
    )
    return document(found.document())


async def remove(request: Request) -> Response:
    """Delete a report, with its token."""
    reference, token = request.path_params["reference"], request.headers.get(TOKEN)
    await with_store(request, lambda store: delete(store, reference, token))
    return Response(None, 204, HEADERS)


async def picture(request: Request) -> Response:
    """Answer a photo: a published one to anybody, a held one to staff."""
    reference, secret, staff = request.path_params["reference"], terms_of(request).secret, is_staff()
    body = await with_store(request, lambda store: photo(store, secret, reference, staff=staff))
    return Response(body, 200, HEADERS, media_type=MEDIA_TYPE)


async def track(request: Request) -> Response:
    """Answer a report's page to a browser without JavaScript, after what its form asks."""
    return await answered(request, lambda: read_body(request, _FORM), lambda body: _done(request, body))


async def _done(request: Request, body: Body) -> Response:
    fields: dict[str, Any] = body.fields
    reference, token = (
        str(fields.get("reference") or "").strip().upper(),
        str(fields.get("token") or "").strip() or None,
    )
    action = fields.get("action") or "show"
    if action not in _ACTIONS:
        raise Refused("action", f"attendu : {', '.join(_ACTIONS)}", f"expected {', '.join(_ACTIONS)}")
    if action == "delete":
        await with_store(request, lambda store: delete(store, reference, token))
        return page(request, "deleted.html", reference=reference)
    terms, host, key = terms_of(request), limited_host(), fields.get("idempotency_key")
    if action == "show":
        found = await with_store(request, lambda store: tracked(store, reference, token))
    else:
        found = await with_store(
            request, lambda store: speak(store, terms, reference, action, key=key, host=host, token=token)
        )
    return page(
        request, "track.html", report=found, token=token or "", title=codes(BRANCH)[found.nature],
        spoken=action if action != "show" else "", answers=_said(found, Page(request)), document=found.document(),
    )  # fmt: skip


def _said(found: Tracked, own: Page) -> list[tuple[Text, str]]:
    """Return the answers of the owner's part in words: question and answer."""
    questions = {question.id: question for question in forms().categories[found.nature].questions}
    given = (found.owner or {}).get("answers", {}).items()
    return [
        (questions[name].label, _in_words(questions[name], value, own)) for name, value in given if name in questions
    ]


def _in_words(question: Question, value: Any, own: Page) -> str:
    if question.kind == "boolean":
        return own.words["yes" if value else "no"]
    if question.kind == "datetime":
        return own.say.moment(datetime.fromisoformat(value))
    if question.kind == "number":
        unit = own.words[f"unit_{question.unit}"] if question.unit else ""
        return f"{own.say.number(value)} {unit}".strip()
    return next((own.say.text(option.label) for option in question.options if option.value == value), str(value))
