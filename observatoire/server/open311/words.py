"""The parameters of a request of GeoReport v2: known ones, each once, of our city."""

from starlette.requests import Request

from observatoire.reports.errors import Refused
from observatoire.server.open311.errors import NoService
from observatoire.server.state import state_of

COMMON = ("jurisdiction_id", "api_key", "lang")


def words_of(request: Request, *known: str) -> dict[str, str]:
    """Return the parameters of the address by name.

    Raises
    ------
    Refused
        An unknown parameter, one given twice, or one with a NUL.
    NoService
        `jurisdiction_id`: of another city.
    """
    words: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        shown = name[:40] if name.isascii() and name.isprintable() else "query"
        if name not in (*COMMON, *known):
            expected = ", ".join((*known, *COMMON))
            raise Refused(shown, f"paramètre inconnu ; attendu : {expected}", f"no such parameter; expected {expected}")
        if name in words or "\0" in value:
            raise Refused(shown, "une seule valeur est attendue, sans NUL", "expected one value, without NUL")
        words[name] = value
    check_jurisdiction(request, words.get("jurisdiction_id"))
    return words


def check_jurisdiction(request: Request, given: str | None) -> None:
    """Refuse another city's name; ours, or none, is as good.

    Raises
    ------
    NoService
        `jurisdiction_id`.
    """
    city = state_of(request).city.id
    if given not in (None, "", city):
        raise NoService("jurisdiction_id", f"attendu : {city}, ou rien", f"expected {city}, or nothing")
