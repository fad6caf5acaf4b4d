"""`/pro/alerts.atom`: the alerts of one's audience for a reader of feeds, which gives the key as a password."""

from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.layers.model import Audience
from observatoire.server import respond
from observatoire.server.alerts import as_json, rows_of
from observatoire.server.context import current
from observatoire.server.feeds import atom
from observatoire.server.reading import once, only
from observatoire.server.skill_cards import AskKey
from observatoire.server.state import State, state_of
from observatoire.store.alerts import listed

CLOSED = timedelta(days=30)  # how long an alert that is over is told
WORDS = {
    "fr": {"title": "Alertes", "over": "Terminée", "seen": "vue par", "looked": "période regardée"},
    "en": {"title": "Alerts", "over": "Over", "seen": "seen by", "looked": "time looked at"},
}
SEVERITIES = {
    "fr": {"urgent": "Urgent", "warning": "À voir", "info": "Pour information"},
    "en": {"urgent": "Urgent", "warning": "To see", "info": "For information"},
}
Json = dict[str, Any]


def alert_feed_routes() -> list[Route]:
    """Return the route, to be put at the root."""
    return [Route("/pro/alerts.atom", feed)]


async def feed(request: Request) -> Response:
    """Answer the open alerts and those closed in the last 30 days, but for those that the audience has muted; `?lang=`.

    Raises
    ------
    AskKey
        For the anonymous visitor.
    BadInput
        If another parameter is given.
    """
    only(once(request.query_params.multi_items()), ("lang",))
    state, audience = state_of(request), current().audience
    if audience == "public":
        raise AskKey("X-API-Key: the alerts are for those who have a key; a reader of feeds gives it as the password")
    language = respond.language_of(request, state.city.languages)
    spoken = language if language in WORDS else "en"
    rows = await rows_of(state, listed(closed=True), {"audience": audience, "since": datetime.now(UTC) - CLOSED})
    told = [as_json(state, row) for row in rows if row["muted_until"] is None]
    body = _written(state, audience, told, spoken)
    etag = respond.tag(state.edition, body)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    return respond.answer(body, atom.MEDIA_TYPE, audience=audience, language=spoken, etag=etag)


def _written(state: State, audience: Audience, told: list[Json], spoken: str) -> bytes:
    site = state.base.removesuffix("/api")
    page = f"{site}/pro/alertes?lang={spoken}"
    city = state.city.title.in_("fr" if spoken == "fr" else "en")
    made = atom.Feed(
        title=f"{WORDS[spoken]['title']}, {city} ({audience})", address=f"{site}/pro/alerts.atom?lang={spoken}",
        page=page, author=city, language=spoken,
    )  # fmt: skip
    for alert in sorted(told, key=_changed, reverse=True):
        made.add(
            id=f"{site}/pro/alerts/{alert['id']}",
            title=_title(alert, spoken),
            updated=_changed(alert),
            published=alert["first_seen"],
            summary=_summary(state, alert, spoken),
            page=page,
            categories=[(alert["severity"], SEVERITIES[spoken][alert["severity"]])],
            position=tuple(alert["place"]["coordinates"]) if "place" in alert else None,
        )
    return made.text()


def _changed(alert: Json) -> datetime:
    """Return when something last happened to it: it opened, somebody saw it, it ended."""
    moments = [alert["first_seen"], alert["acknowledged"], alert["closed"]]
    latest: datetime = max(moment for moment in moments if moment is not None)
    return latest


def _title(alert: Json, spoken: str) -> str:
    reason = str(alert["reason"][spoken])
    return f"{WORDS[spoken]['over']} : {reason}" if alert["closed"] else reason


def _summary(state: State, alert: Json, spoken: str) -> str:
    words = WORDS[spoken]
    pattern = "%d/%m/%Y %H:%M" if spoken == "fr" else "%Y-%m-%d %H:%M"
    start, end = (alert[k].astimezone(state.city.zone).strftime(pattern) for k in ("looked_from", "looked_until"))
    seen = f"{words['seen']} {alert['acknowledged_by']}" if alert["acknowledged"] else ""
    return ". ".join(filter(None, (alert["title"][spoken], f"{words['looked']} : {start} – {end}", seen)))
