"""`GET /reports/forms`, `GET /reports/near`, `POST /reports`."""

import time
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from starlette.requests import Request
from starlette.responses import Response

from observatoire.layers.nomenclature import codes, nomenclature
from observatoire.reports.errors import Refused
from observatoire.reports.form_answers import with_offset
from observatoire.reports.forms import BRANCH, Category, Forms, forms, group_of
from observatoire.reports.near import MOST_RADIUS, RADIUS, near
from observatoire.reports.photo import TYPES
from observatoire.reports.place import locate, read_degree
from observatoire.reports.report import DESCRIPTION, Given
from observatoire.reports.submit import Receipt, collection, submit
from observatoire.server.reading import once, only
from observatoire.server.reports.answers import answered, document, from_browser, page
from observatoire.server.reports.body import Body, read_body
from observatoire.server.reports.work import limited_host, terms_of, with_store

KEY = "Idempotency-Key"


async def form_list(request: Request) -> Response:
    """Answer what can be reported, and a fresh nonce."""
    only(once(request.query_params.multi_items()), ("f", "lang"))
    known, terms = forms(), terms_of(request)
    return document(
        {
            "categories": [_category(known, code, category) for code, category in known.categories.items()],
            "groups": [
                {"code": code, "title": theme.label.model_dump()}
                for code, theme in nomenclature().domains[BRANCH].themes.items()
            ],
            "limits": {"photo_bytes": terms.photo_bytes, "description": DESCRIPTION, "photo_types": list(TYPES)},
            "nonce": terms.secret.nonce(time.time()),
            "privacy": known.privacy.model_dump(),
            "rounding_m": collection().privacy.rounding,
        }
    )


def _category(known: Forms, code: str, category: Category) -> dict[str, Any]:
    return {
        "code": code,
        "title": codes(BRANCH)[code].model_dump(),
        "group": group_of(code),
        "urgent": category.urgent.model_dump() if category.urgent else None,
        "questions": [question.model_dump(exclude_none=True) for question in category.questions],
        "handled_by": known.services[category.handled_by].model_dump(),
        "photo": category.photo,
    }


async def nearby(request: Request) -> Response:
    """Answer what is already known near a place."""
    words = once(request.query_params.multi_items())
    only(words, ("lon", "lat", "nature", "radius", "lang"))
    lon, lat = (read_degree(name, words.get(name)) for name in ("lon", "lat"))
    if lon is None or lat is None:
        raise Refused(
            "lon" if lon is None else "lat", "un nombre de degrés est attendu", "expected a number of degrees"
        )
    locate(terms_of(request).city, lon, lat)
    nature = words.get("nature")
    if nature is not None and nature not in forms().categories:
        expected = ", ".join(forms().categories)
        raise Refused("nature", f"attendu : {expected}", f"expected {expected}")
    radius = read_radius(words.get("radius"))
    return document(await with_store(request, lambda store: near(store, lon, lat, nature=nature, radius=radius)))


def read_radius(text: str | None, default: float = RADIUS, most: float = MOST_RADIUS) -> float:
    """Return a radius in metres.

    Raises
    ------
    Refused
        `radius`: no number, or out of its range.
    """
    try:
        radius = default if text is None else float(text)
    except ValueError:
        radius = 0.0
    if not 0 < radius <= most:
        raise Refused("radius", f"de 1 à {most:g} m", f"expected 1 to {most:g} m")
    return radius


async def send(request: Request) -> Response:
    """Take a report: 201, its address in `Location`."""
    return await answered(request, lambda: read_body(request), lambda body: _taken(request, body))


async def _taken(request: Request, body: Body) -> Response:
    terms = terms_of(request)
    given, host = _in_zone(_with_key(request, body), body, terms.city.zone), limited_host()
    receipt = await with_store(request, lambda store: submit(store, terms, given, door="app", host=host))
    headers = {"Location": f"/reports/{receipt.reference}"}
    told = receipt.document(collection().privacy.rounding or 0)
    if from_browser(request):
        return page(request, "sent.html", 201, headers, receipt=receipt, told=told, title=_title(receipt))
    return document(told, 201, headers)


def _in_zone(given: Given, body: Body, zone: ZoneInfo) -> Given:
    """Return a form's report with the offset of the city's zone: without a script a browser sends local times."""
    if not body.form:
        return given
    answers = given.answers
    if isinstance(answers, dict):
        answers = {name: with_offset(value, zone) for name, value in answers.items()}
    return replace(given, answers=answers, occurred=with_offset(given.occurred, zone))


def _title(receipt: Receipt) -> Any:
    return codes(BRANCH)[receipt.nature]


def _with_key(request: Request, body: Body) -> Given:
    """Return the report with its key. A form that gives none has a nonce, and that is its key: sent twice, taken once.

    The page is not closed when a person goes back and changes something: then it is another report.
    """
    given = body.given(request.headers.get(KEY))
    if given.idempotency_key or not (body.form or body.fields.get("nonce")):
        return given
    nonce = str(body.fields.get("nonce") or "")
    secret = terms_of(request).secret
    secret.check_nonce(nonce, time.time())
    said = "\x1f".join(f"{name}={value}" for name, value in sorted(body.fields.items()))
    key = secret.digest("form", nonce.encode(), said.encode("utf-8", "surrogatepass")).hex()
    return replace(given, idempotency_key=key)
