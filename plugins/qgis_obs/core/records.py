"""Records of the catalogue (OGC API Records, JSON): what a server has, said by itself. No QGIS in here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .unexpected import Unexpected

#: Days since the last look at the sources up to which a collection is fresh, and up to which it is only ageing.
FRESH_DAYS, AGEING_DAYS = 2, 14
#: Themes in the order in which people look for them; those of other servers follow, by title.
ORDER = ("information-public", "coordination", "prevision", "referentiel", "technique")


class BadRecord(Unexpected):
    """The answer is not a page of records; the text names the member."""


@dataclass(frozen=True)
class Record:
    """One collection of the catalogue.

    Attributes
    ----------
    id, title, description : str
        In the language that was asked for.
    theme, theme_title : str
        First concept of the record's themes; empty where it has none.
    licence : str
        Address or name of the licence; empty where unknown.
    updated, checked : datetime or None
        When its items last changed; when its sources were last looked at. Aware.
    audience : tuple of str
        Who may see it; empty where the server does not say.
    simulated : bool
        Whether the data are invented.
    links : tuple of mapping
        As in the record: `rel`, `href`, `type`, `title`.
    """

    id: str
    title: str
    description: str = ""
    theme: str = ""
    theme_title: str = ""
    licence: str = ""
    updated: datetime | None = None
    checked: datetime | None = None
    audience: tuple[str, ...] = ()
    simulated: bool = False
    sources: tuple[str, ...] = ()
    links: tuple[Mapping[str, Any], ...] = ()

    def link(self, rel: str, media_type: str = "") -> str:
        """Return the first address of a relation (its last word, for those that are URIs), or an empty string."""
        for link in self.links:
            if str(link.get("rel", "")).rsplit("/", 1)[-1] == rel and str(link.get("type", "")).startswith(media_type):
                return str(link.get("href", ""))
        return ""

    def freshness(self, now: datetime) -> str:
        """Return `fresh`, `ageing`, `old` or `unknown`, by the last look at the sources, else the last change."""
        seen = self.checked or self.updated
        if seen is None:
            return "unknown"
        days = (now - seen).total_seconds() / 86_400
        if days <= FRESH_DAYS:
            return "fresh"
        return "ageing" if days <= AGEING_DAYS else "old"


def records(page: Any) -> list[Record]:
    """Return the records of one page.

    Raises
    ------
    BadRecord
        If the page is not a FeatureCollection, or a record has no `id` or `properties`.
    """
    if not isinstance(page, dict) or not isinstance(page.get("features"), list):
        raise BadRecord("features: expected a list of records")
    return [_record(feature, number) for number, feature in enumerate(page["features"])]


def following(page: Mapping[str, Any]) -> str:
    """Return the address of the next page, or an empty string."""
    links = page.get("links") or []
    return next((str(link.get("href", "")) for link in links if link.get("rel") == "next"), "")


def search(found: Iterable[Record], words: str) -> list[Record]:
    """Return those that hold every word, without regard to case and accents, in title, description, id or theme."""
    wanted = plain(words).split()
    return [r for r in found if all(w in plain(f"{r.id} {r.title} {r.description} {r.theme_title}") for w in wanted)]


def by_theme(found: Iterable[Record]) -> list[tuple[str, list[Record]]]:
    """Return the titles of the themes with their records, by title; what has no theme comes last, under no title."""
    themes: dict[tuple[int, str], list[Record]] = {}
    for record in found:
        place = ORDER.index(record.theme) if record.theme in ORDER else len(ORDER) + (not record.theme)
        themes.setdefault((place, record.theme_title), []).append(record)
    return [(title, sorted(themes[place, title], key=lambda r: plain(r.title))) for place, title in sorted(themes)]


def plain(text: str) -> str:
    """Return a text without case and accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _record(feature: Any, number: int) -> Record:
    if not isinstance(feature, dict) or not feature.get("id"):
        raise BadRecord(f"features[{number}].id: missing")
    said = feature.get("properties")
    if not isinstance(said, dict):
        raise BadRecord(f"features[{number}].properties: expected an object")
    theme, theme_title = _theme(said.get("themes"))
    return Record(
        id=str(feature["id"]),
        title=str(said.get("title") or feature["id"]),
        description=str(said.get("description") or ""),
        theme=theme,
        theme_title=theme_title,
        licence=str(said.get("license") or ""),
        updated=moment(said.get("updated")),
        checked=moment(said.get("obs:checked")),
        audience=_strings(said.get("obs:audience")),
        simulated=said.get("obs:simulated") is True,
        sources=_strings(said.get("obs:sources")),
        links=tuple(link for link in feature.get("links") or () if isinstance(link, dict)),
    )


def _theme(themes: Any) -> tuple[str, str]:
    for theme in themes if isinstance(themes, list) else ():
        for concept in theme.get("concepts") or () if isinstance(theme, dict) else ():
            return str(concept.get("id", "")), str(concept.get("title") or concept.get("id", ""))
    return "", ""


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(str(v) for v in value) if isinstance(value, Sequence) and not isinstance(value, str) else ()


def moment(text: Any) -> datetime | None:
    """Return the instant of an RFC 3339 text, or None where there is none or it has no offset."""
    try:
        found = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else None
