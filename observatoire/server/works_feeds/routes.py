"""`/works`: what feeds there are and what each does not carry; `/works/chantiers.<format>`: the feeds."""

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.errors import NotFound
from observatoire.server import respond
from observatoire.server.state import state_of
from observatoire.server.works_feeds.feed import Feeds
from observatoire.server.works_feeds.finding import shared_finding
from observatoire.server.works_feeds.forms import FORMS, summed
from observatoire.store.shared_findings import PAGE

ROOT = "/works"


def works_feed_routes() -> list[Route]:
    """Return the routes, to be put at the root."""
    feeds = Feeds()

    async def index(request: Request) -> Response:
        """Answer the list of feeds; the losses are those of the works of today."""
        state = state_of(request)
        edition = await feeds.edition(state)
        listed = []
        for form in FORMS.values():
            written, edition = await feeds.document(state, form.name)
            listed.append(
                {
                    "href": f"{ROOT}/chantiers.{form.name}", "type": form.media_type, "title": form.title,
                    "works": len(edition.works), "bytes": len(written.data), "losses": summed(written.losses),
                }
            )  # fmt: skip
        body = {"updated": edition.made.isoformat(), "feeds": listed,
                "unreadable": [u.as_json() for u in edition.unreadable]}  # fmt: skip
        return respond.answer(orjson.dumps(body), respond.JSON, audience="public", language=state.city.languages[0])

    async def feed(request: Request) -> Response:
        """Answer one feed; 304 where the client has it."""
        state, name = state_of(request), request.path_params["form"]
        form = FORMS.get(name)
        if form is None:
            raise NotFound(f"no feed chantiers.{name[:40]}; expected one of {', '.join(FORMS)}")
        edition = await feeds.edition(state)
        etag = respond.tag(name, edition.version, edition.day)
        if respond.not_modified(request, etag):
            return respond.unchanged(etag, "public")
        written, edition = await feeds.document(state, name)
        headers = {"Link": f'<{ROOT}>; rel="describedby"; type="application/json"'}
        return respond.answer(
            written.data, form.media_type, audience="public", language=state.city.languages[0],
            etag=respond.tag(name, edition.version, edition.day), headers=headers,
        )  # fmt: skip

    return [
        Route(ROOT, index),
        Route(f"{ROOT}/chantiers.{{form}}", feed),
        Route(f"{PAGE}/{{token}}", shared_finding),
    ]
