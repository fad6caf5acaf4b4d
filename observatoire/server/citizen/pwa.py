"""`/manifest.webmanifest` and `/sw.js`: what makes the pages an application that opens without a network."""

from typing import Any

import orjson
from starlette.responses import Response

from observatoire.reports.forms import forms
from observatoire.server import respond
from observatoire.server.citizen.page import Page
from observatoire.server.static import web

#: Kept when the application is first opened: it then opens anywhere. The map is kept when it is first looked at.
KEPT = (
    "shared/mark.svg", "shared/address.js", "citizen/app.js",
    "citizen/install.js", "citizen/locate.js", "citizen/views.js", "citizen/report.js", "citizen/place.js",
    "citizen/known.js", "citizen/photo.js", "citizen/exif.js", "citizen/outbox.js", "citizen/store.js",
    "citizen/mine.js", "citizen/follow.js", "citizen/dom.js",
)  # fmt: skip


async def manifest(page: Page) -> Response:
    """Answer the manifest of the application, in the language asked for."""
    city, words = page.state.city, page.words
    icons: list[dict[str, Any]] = [
        {"src": page.asset("shared/mark.svg"), "sizes": "any", "type": "image/svg+xml"},
        *(
            {"src": page.asset(f"citizen/icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png",
             "purpose": purpose}
            for size in (192, 512) for purpose in ("any", "maskable")
        ),
    ]  # fmt: skip
    document = {
        "id": "/",
        "name": city.title.in_(page.language),
        "short_name": city.title.in_(page.language).split(" (")[0][:12],
        "description": words["about"],
        "lang": page.language,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f4f3ee",
        "theme_color": "#0d5967",
        "icons": icons,
        "shortcuts": [{"name": words["tab_report"], "url": "/signaler"}],
    }
    return respond.answer(
        orjson.dumps(document), "application/manifest+json", audience="public", language=page.language
    )


async def worker(page: Page) -> Response:
    """Answer the service worker, told which version of which files to keep; asked again at each visit."""
    source = (web().folder / "citizen" / "worker.js").read_text("utf-8")
    kept = {"version": web().version, "files": [page.asset(name) for name in KEPT], "pages": shell()}
    body = source.replace("__KEPT__", orjson.dumps(kept).decode())
    body = body.replace("__OUTBOX__", page.asset("citizen/outbox.js"))
    return Response(body, headers={"Cache-Control": "no-cache"}, media_type="text/javascript")


def shell() -> list[str]:
    """Return the pages that are kept with them: a report can be made where there is no network at all."""
    return ["/", "/signaler", "/mes-signalements", *(f"/signaler?nature={nature}" for nature in forms().categories)]
