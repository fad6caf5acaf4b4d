"""Discovery, services and their questions."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from observatoire.layers.nomenclature import codes, nomenclature
from observatoire.reports.forms import BRANCH, Question, forms, group_of
from observatoire.server.open311.errors import NoService, format_of
from observatoire.server.open311.formats import answer
from observatoire.server.open311.words import words_of
from observatoire.server.reports.work import language
from observatoire.server.state import state_of
from observatoire.text import Language

SPECIFICATION = "http://wiki.open311.org/GeoReport_v2"
#: When what we say in this standard last changed.
CHANGESET = "2026-11-28T00:00:00Z"
_KINDS = {"choice": "singlevaluelist", "number": "number", "datetime": "datetime", "boolean": "singlevaluelist"}
_YES_NO = {"fr": (("true", "Oui"), ("false", "Non")), "en": (("true", "Yes"), ("false", "No"))}


async def discovery(request: Request) -> Response:
    """Answer where the endpoint is, and what it speaks."""
    words_of(request)
    state = state_of(request)
    site = state.base.removesuffix("/api")
    endpoint = {
        "specification": SPECIFICATION,
        "url": f"{site}/open311/v2",
        "changeset": CHANGESET,
        "type": "test" if state.city.simulated else "production",
        "formats": ["text/xml", "application/json"],
    }
    content = {
        "changeset": CHANGESET,
        "contact": f"{state.city.title.in_(language(request))} : {site}/",
        "key_service": {"fr": "Aucune clé n'est nécessaire.", "en": "No key is needed."}[language(request)],
        "endpoints": [endpoint],
    }
    return answer("discovery", content, format_of(request))


async def services(request: Request) -> Response:
    """Answer what can be reported."""
    words_of(request)
    spoken = language(request)
    themes = nomenclature().domains[BRANCH].themes
    rows = [
        {
            "service_code": code,
            "service_name": codes(BRANCH)[code].in_(spoken),
            "description": _description(code, spoken),
            "metadata": bool(category.questions),
            "type": "realtime",
            "keywords": ",".join((code, group_of(code))),
            "group": themes[group_of(code)].label.in_(spoken),
        }
        for code, category in forms().categories.items()
    ]
    return answer("services", rows, format_of(request))


async def definition(request: Request) -> Response:
    """Answer the questions of one service."""
    words_of(request)
    code, spoken = request.path_params["code"], language(request)
    category = forms().categories.get(code)
    if category is None:
        raise no_service()
    attributes = [_attribute(question, rank, spoken) for rank, question in enumerate(category.questions, 1)]
    return answer("service_definition", {"service_code": code, "attributes": attributes}, format_of(request))


def no_service() -> NoService:
    """Return the answer to a code that is not a service's."""
    expected = ", ".join(forms().categories)
    return NoService("service_code", f"attendu : {expected}", f"expected {expected}")


def _description(code: str, spoken: Language) -> str:
    category = forms().categories[code]
    handled = forms().services[category.handled_by].in_(spoken)
    said = f"Pris en charge par : {handled}." if spoken == "fr" else f"Handled by: {handled}."
    return f"{said} {category.urgent.in_(spoken)}" if category.urgent else said


def _attribute(question: Question, rank: int, spoken: Language) -> dict[str, Any]:
    values = [{"key": option.value, "name": option.label.in_(spoken)} for option in question.options]
    if question.kind == "boolean":
        values = [{"key": key, "name": name} for key, name in _YES_NO[spoken]]
    return {
        "variable": True,
        "code": question.id,
        "datatype": _KINDS[question.kind],
        "required": question.required,
        "datatype_description": _bounds(question),
        "order": rank,
        "description": question.label.in_(spoken),
        "values": values,
    }


def _bounds(question: Question) -> str | None:
    if question.kind == "datetime":
        return "2026-11-28T21:30:00+01:00"
    if question.least is None or question.most is None:
        return None
    return f"{question.least:g}..{question.most:g}" + (f" {question.unit}" if question.unit else "")
