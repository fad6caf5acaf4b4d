"""From the parameters of a request to a query: every parameter applied, or refused by name."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from observatoire.errors import BadInput
from observatoire.layers.model import Audience, Layer, Property
from observatoire.server import cursor, parameters
from observatoire.server.crs import Systems
from observatoire.server.parameters import read_value
from observatoire.server.query import Query, shown_properties

#: What pages of items understand beside the names of properties.
ITEMS = (
    "f", "lang", "limit", "offset", "cursor", "bbox", "bbox-crs", "crs", "datetime", "sortby", "properties",
    "skipGeometry",
)  # fmt: skip
#: What one item understands.
ITEM = ("f", "lang", "crs")
#: What every other page understands.
PAGE = ("f", "lang")
_FILTERS = ("filter", "filter-lang", "filter-crs")


@dataclass(frozen=True)
class Reader:
    """Reads requests for one collection as one audience may see it."""

    layer: Layer
    audience: Audience
    systems: Systems
    limit_default: int
    limit_max: int
    secret: bytes

    @property
    def fields(self) -> dict[str, Property]:
        """What the audience may see."""
        return self.layer.properties_for(self.audience)

    def items(self, given: Iterable[tuple[str, str]]) -> Query:
        """Return the query of a page of items.

        Raises
        ------
        BadInput
            If a parameter is unknown, given twice, or its value cannot be used; the text names it.
        """
        fields = self.fields
        words = once(given)
        only(words, (*ITEMS, *fields))
        sort = parameters.read_sort(words["sortby"], fields) if "sortby" in words else ()
        shown = shown_properties(self.layer, fields)
        if "properties" in words:
            wanted = parameters.read_names(words["properties"], "properties", fields)
            shown = tuple(name for name in shown if name in wanted)
        if "bbox-crs" in words and "bbox" not in words:
            raise BadInput("bbox-crs: expected only together with bbox")
        boxes = None
        if "bbox" in words:
            system = self.systems.named("bbox-crs", words["bbox-crs"]) if "bbox-crs" in words else self.systems.default
            boxes = parameters.read_bbox(words["bbox"], system)
            boxes = None if parameters.everywhere(boxes) else boxes
        query = Query(
            layer=self.layer,
            audience=self.audience,
            systems=self.systems,
            system=self.systems.named("crs", words["crs"]) if "crs" in words else self.systems.default,
            limit=parameters.read_limit(words["limit"], self.limit_max) if "limit" in words else self.limit_default,
            offset=parameters.read_offset(words["offset"]) if "offset" in words else 0,
            shown=shown,
            boxes=boxes,
            interval=parameters.read_datetime(words["datetime"]) if "datetime" in words else None,
            equals=tuple(
                (n, read_value(n, text, fields[n])) for n, text in words.items() if n in fields and n not in ITEMS
            ),
            sort=sort,
            geometry=not ("skipGeometry" in words and parameters.read_boolean("skipGeometry", words["skipGeometry"])),
        )
        return self._after(query, words)

    def _after(self, query: Query, words: Mapping[str, str]) -> Query:
        if "cursor" not in words:
            return query
        if "offset" in words:
            raise BadInput("cursor: expected without offset")
        return replace(query, after=cursor.decode(words["cursor"], query.purpose, self.secret))

    def item(self, given: Iterable[tuple[str, str]]) -> Query:
        """Return the query of one item."""
        words = once(given)
        only(words, ITEM)
        return Query(
            layer=self.layer,
            audience=self.audience,
            systems=self.systems,
            system=self.systems.named("crs", words["crs"]) if "crs" in words else self.systems.default,
            limit=1,
            shown=shown_properties(self.layer, self.fields),
        )


def once(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the parameters by name.

    Raises
    ------
    BadInput
        If one is given twice, or holds a NUL, which no value of the store does.
    """
    pairs = list(given)
    words = dict(pairs)
    if len(words) != len(pairs):
        name, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise BadInput(f"{parameters.shown(name)}: given twice")
    for name, text in pairs:
        if "\0" in name or "\0" in text:
            raise BadInput(f"{parameters.shown(name)}: holds a NUL character")
    return words


def only(words: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a parameter that is not known.

    Raises
    ------
    BadInput
        The text names it and lists those that are.
    """
    expected = tuple(known)
    for name in words:
        if name in _FILTERS and name not in expected:
            raise BadInput(f"{name}: this server does not filter by expressions; use bbox, datetime and property=value")
        if name not in expected:
            raise BadInput(f"no parameter {parameters.shown(name)}; expected one of {', '.join(expected)}")
