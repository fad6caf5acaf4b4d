"""`POST requests`, and tokens."""

from typing import Any

from psycopg import Connection
from starlette.requests import Request
from starlette.responses import Response

from observatoire.errors import Unauthorised
from observatoire.reports.errors import Refused, no_report
from observatoire.reports.forms import forms
from observatoire.reports.photo import decoded
from observatoire.reports.report import Given
from observatoire.reports.secret import token_digest
from observatoire.reports.submit import Receipt, submit
from observatoire.server.open311.errors import BadKey, format_of
from observatoire.server.open311.formats import answer
from observatoire.server.open311.services import no_service
from observatoire.server.open311.words import check_jurisdiction, words_of
from observatoire.server.reports.body import Body, read_body
from observatoire.server.reports.send import KEY
from observatoire.server.reports.work import language, limited_host, terms_of, with_store
from observatoire.server.state import state_of
from observatoire.text import Language

#: About who reports. Other cities ask for them; here they are let go unread.
PERSONAL = ("email", "device_id", "account_id", "first_name", "last_name", "phone")
FIELDS = (
    "service_code", "lat", "long", "address_string", "address_id", "description", "media", "media_url",
    "requested_datetime", "jurisdiction_id", "api_key", "lang", *PERSONAL,
)  # fmt: skip
_ATTRIBUTE = "attribute["
_NAMES = {"lon": "long", "lon, lat": "lat, long", "photo": "media", "occurred": "requested_datetime",
          "address": "address_string", "nature": "service_code", "answers": "attribute"}  # fmt: skip


async def create(request: Request) -> Response:
    """Take a report: 201 and its id; the token follows it."""
    words = words_of(request)
    body = await read_body(request, FIELDS, prefix=_ATTRIBUTE, file="media")
    check_jurisdiction(request, body.fields.get("jurisdiction_id"))
    keyed = await _has_key(request, body.fields.get("api_key") or words.get("api_key"))
    given, terms, host = _given(body, request.headers.get(KEY)), terms_of(request), "" if keyed else limited_host()
    try:
        receipt = await with_store(request, lambda store: submit(store, terms, given, door="open311", host=host))
    except Refused as error:
        raise error.named(_named(error.field)) from None
    row = {
        "service_request_id": receipt.reference,
        "service_notice": _notice(receipt, language(request)),
        "account_id": None,
        "token": receipt.token,
    }
    headers = {"Location": f"/open311/v2/requests/{receipt.reference}.{format_of(request)}"}
    return answer("service_requests", [row], format_of(request), 201, headers)


async def token(request: Request) -> Response:
    """Answer which request a token belongs to."""
    words_of(request)
    given = request.path_params["token"]
    reference = await with_store(request, lambda store: _reference(store, given))
    return answer("service_requests", [{"service_request_id": reference, "token": given}], format_of(request))


def _reference(store: Connection[Any], given: str) -> str:
    with store.transaction():
        row = store.execute(
            "SELECT reference FROM obs.reports WHERE token = %s AND deleted IS NULL", [token_digest(given)]
        ).fetchone()
    if row is None:
        raise no_report()
    return str(row[0])


async def _has_key(request: Request, key: Any) -> bool:
    """Tell whether a known `api_key` was given; none is as good, but for the limit of an hour."""
    if not key:
        return False
    try:
        await state_of(request).keys.audience(str(key))
    except Unauthorised:
        raise BadKey("api_key", "cette clé n'est pas connue", "this key is not known") from None
    return True


def _given(body: Body, key: str | None) -> Given:
    fields = body.fields
    if fields.get("media_url"):
        raise Refused(
            "media_url",
            "ce serveur ne va chercher aucune adresse ; envoyez l'image dans media",
            "this server fetches no addresses; send the picture itself as media",
        )
    if fields.get("address_id"):
        raise Refused("address_id", "inconnu ici ; envoyez lat et long", "not known here; send lat and long")
    answers = {
        name.removeprefix(_ATTRIBUTE).rstrip("[]"): value
        for name, value in fields.items()
        if name.startswith(_ATTRIBUTE)
    }
    if not fields.get("service_code"):
        raise Refused("service_code", "un service est attendu", "a service is expected")
    if fields["service_code"] not in forms().categories:
        raise no_service()
    return Given(
        nature=fields["service_code"],
        lon=fields.get("long"),
        lat=fields.get("lat"),
        address=fields.get("address_string"),
        answers=answers,
        description=fields.get("description"),
        photo=body.photo or decoded(fields.get("media")),
        occurred=fields.get("requested_datetime"),
        idempotency_key=key,
    )


def _named(field: str) -> str:
    """Return what a field of a report is called in this standard."""
    if field.startswith("answers."):
        return f"{_ATTRIBUTE}{field.removeprefix('answers.')}]"
    return _NAMES.get(field, field)


def _notice(receipt: Receipt, spoken: Language) -> str:
    said = {
        "fr": "Description et coordonnées ne sont pas gardées ; la position est publique à 200 m près.",
        "en": "Description and contact details are not kept; the position is public to within 200 m.",
    }[spoken]
    return " ".join((said, *(text.in_(spoken) for text in receipt.notices)))
