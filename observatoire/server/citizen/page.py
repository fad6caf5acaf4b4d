"""How a residents' page is made: our words, the addresses of its files, links that keep the language."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from observatoire.server import pages, respond
from observatoire.server.citizen.icons import icon
from observatoire.server.citizen.say import Say
from observatoire.server.citizen.sheet import sheet
from observatoire.server.citizen.words import WORDS
from observatoire.server.policy import let_in
from observatoire.server.state import State, state_of
from observatoire.server.static import web


@dataclass(frozen=True)
class Page:
    """One request for a residents' page."""

    request: Request

    @cached_property
    def state(self) -> State:
        """What the server's routes share."""
        return state_of(self.request)

    @cached_property
    def language(self) -> str:
        """By `lang`, else by the browser."""
        return respond.language_of(self.request, self.state.city.languages)

    @cached_property
    def words(self) -> dict[str, str]:
        """Our words in the language."""
        return WORDS[self.language]

    @cached_property
    def say(self) -> Say:
        """Writer of dates, ages and distances."""
        return Say(self.language, self.state.city.zone)

    def given(self, name: str) -> str:
        """Return a parameter of the address, empty where there is none; what no text holds is taken out."""
        return self.request.query_params.get(name, "").replace("\0", "").strip()[:200]

    def link(self, path: str, **parameters: str) -> str:
        """Return an address of ours that keeps the language where the address of now names it."""
        if "lang" in self.request.query_params:
            parameters.setdefault("lang", self.language)
        query = urlencode({name: value for name, value in parameters.items() if value})
        return f"{path}?{query}" if query else path

    def asset(self, name: str) -> str:
        """Return the address of a file of `web/`, good for as long as nothing in the folder changes."""
        return f"/web/{web().address(name)}"

    def body(self, template: str, **data: Any) -> str:
        """Return a page of `templates/`, its style sheet in it."""
        style = sheet()
        let_in(self.request.scope, style.source)
        return pages.render(
            self.request, template, self.language, c=self.words, say=self.say, link=self.link, asset=self.asset,
            icon=icon, path=self.request.url.path, other_link=self._other(), style=style.text,
            basemap=self._basemap(), **data,
        )  # fmt: skip

    def render(self, template: str, *, status: int = 200, **data: Any) -> Response:
        """Answer a page of `templates/citizen/`."""
        body = self.body(f"citizen/{template}", **data)
        return respond.answer(body, respond.HTML, audience="public", language=self.language, status=status)

    def _basemap(self) -> dict[str, Any] | None:
        """Return the map of others that a reader may ask for, with its words; None where the city allows none."""
        base = self.state.city.basemap
        if base is None:
            return None
        title = base.title.in_(self.language)
        return {
            "tiles": base.tiles, "host": base.host, "credit": base.credit, "maxZoom": base.max_zoom,
            "use": self.words["basemap_use"].format(title=title),
            "note": self.words["basemap_note"].format(title=title, host=base.host),
        }  # fmt: skip

    def _other(self) -> str:
        """Return this page in the other language; the answer to a report has no address, and leads to a new one."""
        kept: Mapping[str, str] = self.request.query_params
        other = "en" if self.language == "fr" else "fr"
        path = self.request.url.path
        return f"{'/signaler' if path == '/reports' else path}?{urlencode({**kept, 'lang': other})}"
