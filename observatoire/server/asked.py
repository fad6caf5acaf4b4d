"""What an answer looks like: its format and its language, as a request asks for them."""

from dataclasses import dataclass

from starlette.requests import Request

from observatoire.errors import BadInput
from observatoire.server import respond
from observatoire.server.state import State


@dataclass(frozen=True)
class Asked:
    """What the answer looks like."""

    format: str
    language: str


def asked(request: Request, state: State, offered: tuple[str, ...]) -> Asked:
    """Return format and language: by `f` and `lang`, else by the headers.

    Raises
    ------
    BadInput
        If `f` is none of those that are offered.
    """
    words = request.query_params
    form = words.get("f") or respond.accepted(request.headers.get("accept", "*/*"), offered)
    if form not in offered:
        raise BadInput(f"f: expected one of {', '.join(offered)}")
    return Asked(form, respond.language_of(request, state.city.languages))
