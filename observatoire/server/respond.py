"""Answers: entity tags, freshness, what varies."""

from collections.abc import Mapping
from functools import lru_cache
from hashlib import blake2b

from starlette.requests import Request
from starlette.responses import Response

from observatoire.layers.model import Audience

VARY = "X-API-Key, Authorization, Accept, Accept-Encoding, Accept-Language"
GEOJSON, JSON, HTML, CSV, JSONLD = (
    "application/geo+json", "application/json", "text/html; charset=utf-8", "text/csv; charset=utf-8",
    "application/ld+json",
)  # fmt: skip
_BY_TYPE = {
    GEOJSON: "json", JSON: "json", "*/*": "json", "application/*": "json", "text/html": "html",
    "application/xhtml+xml": "html", "text/csv": "csv", JSONLD: "jsonld",
    "application/vnd.mapbox.style+json": "json", "application/vnd.qgis.qml": "qml",
    "image/png": "png",
}  # fmt: skip


def caching(audience: Audience) -> str:
    """Return Cache-Control: always asked again, which a 304 makes cheap; kept by shared caches if public."""
    return "public, no-cache" if audience == "public" else "private, no-cache"


def tag(*parts: object) -> str:
    """Return a weak entity tag (the body holds the time at which it was made)."""
    return f'W/"{blake2b("\n".join(map(str, parts)).encode(), digest_size=12).hexdigest()}"'


def not_modified(request: Request, etag: str) -> bool:
    """Tell whether the client has what it asks for (RFC 9110, §13.1.2: weak comparison)."""
    given = request.headers.get("if-none-match")
    if given is None:
        return False
    return given.strip() == "*" or etag in (part.strip() for part in given.split(","))


def answer(
    body: bytes | str,
    media_type: str,
    *,
    audience: Audience,
    language: str,
    etag: str | None = None,
    headers: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Return a whole answer."""
    common = {"Cache-Control": caching(audience), "Vary": VARY, "Content-Language": language}
    if etag is not None:
        common["ETag"] = etag
    return Response(body, status, common | dict(headers or {}), media_type=media_type)


def unchanged(etag: str, audience: Audience) -> Response:
    """Return 304."""
    return Response(None, 304, {"ETag": etag, "Cache-Control": caching(audience), "Vary": VARY})


@lru_cache(maxsize=1024)
def accepted(accept: str, offered: tuple[str, ...]) -> str:
    """Return the format of `offered` that an Accept header prefers; JSON where it names none of them."""
    best, best_q = "json", 0.0
    for part in accept.split(",")[:32]:
        type_, *options = (piece.strip() for piece in part.split(";"))
        form = _BY_TYPE.get(type_.lower())
        weight = next((_weight(option[2:]) for option in options if option.startswith("q=")), 1.0)
        if form in offered and weight > best_q:
            best, best_q = form, weight
    return best


def language_of(request: Request, offered: tuple[str, ...]) -> str:
    """Return the language of an answer: by `lang`, else by Accept-Language; what is not offered gives the first."""
    return _preferred(request.query_params.get("lang") or request.headers.get("accept-language", ""), offered)


@lru_cache(maxsize=1024)
def _preferred(accept_language: str, offered: tuple[str, ...]) -> str:
    best, best_q = offered[0], 0.0
    for part in accept_language.split(",")[:32]:
        name, _, option = part.strip().partition(";")
        language = name.strip().lower()[:2]
        weight = _weight(option.strip()[2:]) if option.strip().startswith("q=") else 1.0
        if language in offered and weight > best_q:
            best, best_q = language, weight
    return best


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
