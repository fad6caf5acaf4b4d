"""pygeoapi's API object, one per process, seen through each audience's own configuration.

pygeoapi keeps caches by language only, so that two API objects with different configurations would show each other's
pages. There is one; a view is a shallow copy whose configuration holds what one audience may see and nothing else.
"""

import copy
import logging
from collections.abc import Callable, Iterable
from typing import Any

import orjson
import pygeoapi.api
from pygeoapi.api import API, APIRequest
from starlette.requests import Request

from observatoire.cities import City
from observatoire.errors import NotFound
from observatoire.layers.model import AUDIENCES, Audience, Layer
from observatoire.layers.render import config
from observatoire.server import upstream
from observatoire.settings import Settings

Document = dict[str, Any]


class MetadataRequest(APIRequest):  # type: ignore[misc]  # pygeoapi is not typed
    """A request to pygeoapi in a format and a language that we have chosen."""

    def __init__(self, request: Request, locales: list[Any], form: str, language: str) -> None:
        super().__init__(request, locales)
        self._format = form
        self._locale = next(locale for locale in locales if locale.language == language)
        self._raw_locale = language


class Api:
    """All views."""

    def __init__(self, city: City, layers: Iterable[Layer], settings: Settings, base: str) -> None:
        upstream.mend()
        # pygeoapi calls `logging.basicConfig` with its own level: ours must stand first.
        logging.basicConfig(level=settings.log_level)
        logging.getLogger("pygeoapi").setLevel(logging.ERROR)
        layers = list(layers)
        self._configs = {
            audience: config(
                city, layers, audience, url=base, data="ours",
                limit_default=settings.limit_default, limit_max=settings.limit_max,
            )
            for audience in AUDIENCES
        }  # fmt: skip
        whole = copy.deepcopy(self._configs["public"]) | {"resources": {}}
        self._api = API(whole, {})

    def config(self, audience: Audience) -> dict[str, Any]:
        """Return what pygeoapi knows of an audience."""
        return self._configs[audience]

    def view(self, audience: Audience) -> Any:
        """Return pygeoapi's API object as one audience may see it, for one request (pygeoapi leaves marks on it)."""
        view = copy.copy(self._api)
        view.config = self._api.config | {"resources": self._configs[audience]["resources"]}
        return view

    def ask(
        self, function: Callable[..., Any], request: Request, audience: Audience, language: str, *path: str, form: str
    ) -> Document:
        """Call a function of pygeoapi's API and return the document that it makes.

        Raises
        ------
        NotFound
            If pygeoapi has no such thing for this audience.
        RuntimeError
            If it fails otherwise: nothing of that is for the client.
        """
        view = self.view(audience)
        _, status, body = function(view, MetadataRequest(request, view.locales, form, language), *path)
        if status == 404:
            raise NotFound("no such collection")
        if status != 200:
            raise RuntimeError(f"pygeoapi answered {status}: {body}")
        document: Document = orjson.loads(body)
        return document


landing_page = pygeoapi.api.landing_page
describe_collections = pygeoapi.api.describe_collections
conformance = pygeoapi.api.conformance
