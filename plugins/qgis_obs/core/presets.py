"""Presets: which collections a trade opens together, as style documents of the server say it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from .unexpected import Unexpected

#: Styles of these names are presets where the server does not mark them itself.
NAMES = ("planner", "roadworks", "coordination", "citizen")


@dataclass(frozen=True)
class Preset:
    """Collections that are opened together.

    Attributes
    ----------
    id, title : str
    collections : tuple of str
        Ids, the undermost first, none twice.
    moments : mapping of str to str
        The time, RFC 3339, to which a collection is narrowed: the last forecast, where older ones lie beside it.
    """

    id: str
    title: str
    collections: tuple[str, ...]
    moments: Mapping[str, str] = field(default_factory=dict)


def listed(styles: Any, collections: Iterable[str]) -> list[tuple[str, str]]:
    """Return id and title of the presets in a list of styles (OGC API Styles): those that are no collection's own.

    Raises
    ------
    Unexpected
        If the answer has no list `styles`.
    """
    if not isinstance(styles, dict) or not isinstance(styles.get("styles"), list):
        raise Unexpected("styles: expected a list")
    own = set(collections)
    found = [
        (str(s["id"]), str(s.get("title") or s["id"])) for s in styles["styles"] if isinstance(s, dict) and s.get("id")
    ]
    places = {name: place for place, name in enumerate(NAMES)}
    return sorted((s for s in found if s[0] not in own), key=lambda s: (places.get(s[0], len(NAMES)), s[1]))


def preset(id: str, title: str, style: Any) -> Preset:
    """Return the preset that a MapLibre style document is: the collections of its layers, in drawing order.

    Raises
    ------
    Unexpected
        If the document has no list `layers`, or names no collection.
    """
    if not isinstance(style, dict) or not isinstance(style.get("layers"), list):
        raise Unexpected("layers: expected a list")
    sources = style.get("sources") if isinstance(style.get("sources"), dict) else {}
    named: dict[str, None] = {}
    moments: dict[str, str] = {}
    for layer in style["layers"]:
        if isinstance(layer, dict) and (collection := _collection(layer, sources)):
            named.setdefault(collection)
            for address in _addresses(sources.get(str(layer.get("source", "")))):
                for when in parse_qs(urlsplit(address).query).get("datetime", ()):
                    moments[collection] = when
    if not named:
        raise Unexpected("layers: no collection is named")
    return Preset(id, title, tuple(named), moments)


def _collection(layer: dict[str, Any], sources: dict[str, Any]) -> str:
    """Return the collection of a layer: its source layer in tiles, else the one in the address of its source."""
    if layer.get("source-layer"):
        return str(layer["source-layer"])
    for address in _addresses(sources.get(str(layer.get("source", "")))):
        parts = urlsplit(address).path.split("/")
        if "collections" in parts[:-1]:
            return unquote(parts[parts.index("collections") + 1])
    return ""


def _addresses(source: Any) -> list[str]:
    if not isinstance(source, dict):
        return []
    tiles = source.get("tiles")
    listed_ = [source.get("data"), source.get("url"), *(tiles if isinstance(tiles, list) else ())]
    return [address for address in listed_ if isinstance(address, str)]
