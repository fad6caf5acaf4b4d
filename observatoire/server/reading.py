"""From the parameters of a request to a query: every parameter applied, or refused by name."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from zoneinfo import ZoneInfo

from observatoire.cql2 import FilterError, Queryable, compile_filter, queryables_of
from observatoire.errors import BadInput
from observatoire.layers.model import Audience, Layer, Property
from observatoire.server import cursor, parameters
from observatoire.server.crs import System, Systems
from observatoire.server.parameters import read_value
from observatoire.server.query import Filter, Query, shown_properties

_FILTERS = ("filter", "filter-lang", "filter-crs")
_WHICH = ("bbox", "bbox-crs", "datetime", *_FILTERS)
#: What pages of items understand beside the names of properties.
ITEMS = (
    "f", "lang", "limit", "offset", "cursor", *_WHICH, "crs", "sortby", "properties", "skipGeometry",
)  # fmt: skip
#: What a file of all items understands beside them.
FILE = ("f", "lang", *_WHICH, "crs", "sortby", "properties")
#: What a tile understands beside them.
TILE = ("f", "lang", "datetime", *_FILTERS, "properties")
#: What one item understands.
ITEM = ("f", "lang", "crs")
#: What every other page understands.
PAGE = ("f", "lang")

TEXT, JSON = "cql2-text", "cql2-json"
#: Longest filter in an address, bytes; a body may hold four times as much (`cql2/guards.py`).
LONGEST_FILTER = 16_384


@dataclass(frozen=True)
class Reader:
    """Reads requests for one collection as one audience may see it."""

    layer: Layer
    audience: Audience
    systems: Systems
    limit_default: int
    limit_max: int
    zone: ZoneInfo
    secret: bytes

    @cached_property
    def fields(self) -> dict[str, Property]:
        """What the audience may see."""
        return self.layer.properties_for(self.audience)

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """What an item shows, unless less is asked for."""
        return shown_properties(self.layer, self.fields)

    @cached_property
    def queryables(self) -> dict[str, Queryable]:
        """What the audience may name in a filter."""
        return queryables_of(self.layer, self.audience, self.systems.storage.srid)

    def items(self, given: Iterable[tuple[str, str]], body: str | None = None) -> Query:
        """Return the query of a page of items.

        Parameters
        ----------
        given : iterable of (str, str)
            Parameters of the address.
        body : str, optional
            A filter in CQL2 JSON, posted.

        Raises
        ------
        BadInput
            If a parameter is unknown, given twice, or its value cannot be used; the text names it.
        """
        words = once(given)
        only(words, (*ITEMS, *self.fields))
        query = replace(
            self._which(words, self.systems.default, body),
            limit=parameters.read_limit(words["limit"], self.limit_max) if "limit" in words else self.limit_default,
            offset=parameters.read_offset(words["offset"]) if "offset" in words else 0,
            geometry=not ("skipGeometry" in words and parameters.read_boolean("skipGeometry", words["skipGeometry"])),
        )
        return self._after(query, words)

    def file(self, given: Iterable[tuple[str, str]]) -> Query:
        """Return the query of a file of all items that match; by default in the CRS of the store.

        Raises
        ------
        BadInput
            If a parameter is unknown, given twice, or its value cannot be used; the text names it.
        """
        words = once(given)
        only(words, (*FILE, *self.fields))
        return self._which(words, self.systems.storage, None)

    def tile(self, given: Iterable[tuple[str, str]], *, fields: bool = True) -> Query:
        """Return the query of the items in tiles; by default they carry what their style and their time need.

        Parameters
        ----------
        fields : bool
            Whether properties may be named as parameters: not where several collections are asked at once.

        Raises
        ------
        BadInput
            If a parameter is unknown, given twice, or its value cannot be used; the text names it.
        """
        words = once(given)
        only(words, (*TILE, *(self.fields if fields else ())))
        query = self._which(words, self.systems.storage, None)
        if "properties" in words:
            return query
        needed = {self.layer.style.property, self.layer.time_field}
        return replace(query, shown=tuple(name for name in query.shown if name in needed))

    def _which(self, words: Mapping[str, str], default: System, body: str | None) -> Query:
        """Return which items are asked for, which properties of them, in which order and CRS."""
        fields = self.fields
        sort = parameters.read_sort(words["sortby"], fields) if "sortby" in words else ()
        shown = self.shown
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
        return Query(
            layer=self.layer,
            audience=self.audience,
            systems=self.systems,
            system=self.systems.named("crs", words["crs"]) if "crs" in words else default,
            limit=self.limit_default,
            shown=shown,
            boxes=boxes,
            interval=parameters.read_datetime(words["datetime"]) if "datetime" in words else None,
            equals=tuple(
                (n, read_value(n, text, fields[n])) for n, text in words.items() if n in fields and n not in ITEMS
            ),
            filter=self._filter(words, body),
            sort=sort,
        )

    def _filter(self, words: Mapping[str, str], body: str | None) -> Filter | None:
        text, lang = (words.get("filter"), TEXT) if body is None else (body, JSON)
        if body is not None and "filter" in words:
            raise BadInput("filter: given in the address and in the body")
        for name in ("filter-lang", "filter-crs"):
            if text is None and name in words:
                raise BadInput(f"{name}: expected only together with filter")
        if text is None:
            return None
        offered = (TEXT, JSON) if body is None else (JSON,)
        if words.get("filter-lang", lang) not in offered:
            raise BadInput(f"filter-lang: expected {' or '.join(offered)}")
        if body is None and len(text.encode("utf-8", "surrogatepass")) > LONGEST_FILTER:
            raise FilterError(f"filter: longer than {LONGEST_FILTER} bytes; POST it to the same address as cql2-json")
        system = (
            self.systems.named("filter-crs", words["filter-crs"]) if "filter-crs" in words else self.systems.default
        )
        try:
            done = compile_filter(
                text,
                lang=words.get("filter-lang", lang),
                queryables=self.queryables,
                zone=self.zone,
                filter_crs=system.uri,
            )
        except FilterError as error:
            said = str(error)
            raise FilterError(said if said.startswith("filter") else f"filter: {said}") from None
        return Filter(done.where, tuple(done.args))

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
            shown=self.shown,
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
        if name not in expected:
            raise BadInput(f"no parameter {parameters.shown(name)}; expected one of {', '.join(expected)}")
