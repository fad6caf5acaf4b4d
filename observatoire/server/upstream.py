"""What pygeoapi 0.24 gets wrong and we use, put right in one place. A test fails for each that upstream has fixed."""

import re
from functools import cache
from gettext import translation
from typing import Any

import orjson
import pygeoapi.api
import pygeoapi.api.itemtypes
import pygeoapi.l10n


class Bounded(list[float]):
    """A bounding box that remembers its CRS."""

    def __init__(self, values: list[float], crs: str) -> None:
        super().__init__(values)
        self.crs = crs


def keep_box(bbox: list[float], from_crs: Any, to_crs: Any, always_xy: bool = False) -> Bounded:  # noqa: ARG001
    """Stand in for `pygeoapi.crs.transform_bbox`: hand the box on as it was given.

    Upstream makes a `pyproj.Transformer` at every request (17 ms, even from CRS84 to CRS84) and transforms two corners,
    so that in a turned CRS items at the other two are lost. Our provider lets PostGIS transform the whole outline.
    """
    return Bounded(bbox, str(from_crs))


@cache
def translated(value: str, language: str) -> str:
    """Stand in for `pygeoapi.l10n.translate_gettext`.

    Upstream fills a shared dictionary without care: two threads that meet a text for the first time together get an
    UnboundLocalError.
    """
    texts = translation("messages", localedir=pygeoapi.l10n.LOCALEDIR, languages=[language], fallback=True)
    return texts.gettext(value)


def dumped(document: Any, pretty: bool = False) -> str:
    """Stand in for `pygeoapi.util.to_json`.

    Upstream rewrites `<` and `>` in every text to `&lt;` and `&gt;`: the data that leave are not those that came in.
    """
    options = orjson.OPT_NON_STR_KEYS | (orjson.OPT_INDENT_2 if pretty else 0)
    return orjson.dumps(document, default=str, option=options).decode()


def closed(text: str) -> str:
    """Return JSON-LD of pygeoapi as JSON: upstream leaves a comma before the last bracket where there are no items."""
    return re.sub(r",\s*\}\s*$", "\n}", text)


def keep_boxes() -> None:
    """Rebind what the provider needs, in pygeoapi's own server as well."""
    pygeoapi.api.itemtypes.transform_bbox = keep_box


def mend() -> None:
    """Rebind all of it, for our server."""
    keep_boxes()
    pygeoapi.l10n.translate_gettext = translated
    pygeoapi.api.to_json = dumped
    pygeoapi.api.itemtypes.to_json = dumped
