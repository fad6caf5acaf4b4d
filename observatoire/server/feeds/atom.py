"""Atom (RFC 4287), with GeoRSS positions."""

from collections.abc import Sequence
from datetime import UTC, datetime

from lxml import etree

ATOM, GEORSS = "http://www.w3.org/2005/Atom", "http://www.georss.org/georss"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"
#: Of a feed without entries: it never changed.
NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class Feed:
    """A feed that is written.

    Parameters
    ----------
    address : str
        Its own; its id as well.
    page : str
        For people.
    author : str
        Who answers for it.
    """

    def __init__(self, *, title: str, address: str, page: str, author: str, language: str) -> None:
        self._root = etree.Element(f"{{{ATOM}}}feed", nsmap={None: ATOM, "georss": GEORSS})
        self._root.set("{http://www.w3.org/XML/1998/namespace}lang", language)
        _add(self._root, "id", address)
        _add(self._root, "title", title)
        self._updated = _add(self._root, "updated", NEVER.isoformat())
        self._latest = NEVER
        _add(self._root, "link", rel="self", type="application/atom+xml", href=address)
        _add(self._root, "link", rel="alternate", type="text/html", href=page)
        _add(_add(self._root, "author"), "name", author)

    def add(
        self,
        *,
        id: str,  # noqa: A002  # the element's name
        title: str,
        updated: datetime,
        summary: str,
        page: str,
        published: datetime | None = None,
        categories: Sequence[tuple[str, str]] = (),
        position: tuple[float, float] | None = None,
    ) -> None:
        """Add an entry; `categories` are codes and labels, `position` is longitude and latitude."""
        entry = _add(self._root, "entry")
        _add(entry, "id", id)
        _add(entry, "title", title)
        _add(entry, "updated", updated.astimezone(UTC).isoformat())
        if published is not None:
            _add(entry, "published", published.astimezone(UTC).isoformat())
        _add(entry, "link", rel="alternate", type="text/html", href=page)
        for term, label in categories:
            _add(entry, "category", term=term, label=label)
        _add(entry, "summary", summary)
        if position is not None:
            etree.SubElement(entry, f"{{{GEORSS}}}point").text = f"{position[1]} {position[0]}"
        if updated > self._latest:
            self._latest = updated
            self._updated.text = updated.astimezone(UTC).isoformat()

    def text(self) -> bytes:
        """Return the feed."""
        return bytes(etree.tostring(self._root, xml_declaration=True, encoding="utf-8"))


def _add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    made = etree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    made.text = text
    return made
