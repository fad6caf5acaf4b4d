"""The provider: a collection of the catalogue for pygeoapi.

Our own server asks it for the fields only (it runs queries itself, see `items.py`). Under pygeoapi's own server
(`pygeoapi serve` on `pygeoapi-config.yml`) it also answers, over a connection of its own: the login in the address
decides what can be seen.
"""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from functools import cache
from typing import Any

import orjson
import psycopg
from psycopg_pool import ConnectionPool
from pygeoapi.provider.base import (
    BaseProvider,
    ProviderConnectionError,
    ProviderGenericError,
    ProviderInvalidQueryError,
    ProviderItemNotFoundError,
    ProviderQueryError,
)

from observatoire.errors import BadInput, ObsError, internal
from observatoire.layers.catalog import layer_of
from observatoire.layers.model import Property
from observatoire.server import parameters, upstream
from observatoire.server.crs import CRS84, Systems, systems
from observatoire.server.page import page_of
from observatoire.server.plan import count_plan, item_plan, page_plan
from observatoire.server.query import Box, Query, SortKey, shown_properties
from observatoire.server.reading import only
from observatoire.server.run import rows_now

upstream.keep_boxes()

INT64 = 2**63
#: What pygeoapi's own server understands beside the names of properties.
KNOWN = (
    "f", "lang", "limit", "offset", "bbox", "bbox-crs", "datetime", "crs", "sortby", "properties", "skipGeometry",
    "resulttype",
)  # fmt: skip


class PostGIS(BaseProvider):  # type: ignore[misc]  # pygeoapi is not typed
    """A layer as one audience may see it."""

    def __init__(self, definition: dict[str, Any]) -> None:
        """Take the resource's definition (`layers/resources.py`); no connection is made here."""
        super().__init__(definition)
        # pygeoapi drops a parameter that it does not know, unless asked not to: here it is refused.
        self.include_extra_query_parameters = True
        options = definition["options"]
        self.layer = layer_of(options["layer"])
        self.audience = options["audience"]
        self.extent = tuple(options["extent"])
        self.srid = int(definition["storage_crs"].rsplit("/", 1)[1])
        self._fields = {name: field(prop) for name, prop in self.layer.properties_for(self.audience).items()}

    def get_fields(self) -> dict[str, Any]:
        """Return what the audience may see, each property with its JSON Schema."""
        return self._fields

    @property
    def systems(self) -> Systems:
        """The CRSs of the collection."""
        return _systems(self.srid, self.extent)

    def query(  # pygeoapi's interface
        self,
        offset: int = 0,
        limit: int = 10,
        resulttype: str = "results",
        bbox: Sequence[float] = (),
        datetime_: str | None = None,
        properties: Sequence[tuple[str, str]] = (),
        sortby: Sequence[dict[str, str]] = (),
        select_properties: Sequence[str] = (),
        skip_geometry: bool = False,
        q: str | None = None,
        filterq: Any = None,
        crs_transform_spec: Any = None,
        **_: Any,
    ) -> dict[str, Any]:
        """Return a FeatureCollection."""
        refused = [("q", q is not None), ("filter", filterq is not None)]
        refused += [("resulttype", resulttype not in ("results", "hits"))]
        if named := [name for name, wrong in refused if wrong]:
            # pygeoapi has read the filter with equal precedence for AND and OR: its tree is not what was asked.
            raise ProviderInvalidQueryError(user_msg=f"{named[0]}: not supported here")
        try:
            query = self._query(
                limit=limit, offset=offset, bbox=bbox, datetime_=datetime_, properties=properties, sortby=sortby,
                select=select_properties, geometry=not skip_geometry, crs=_target(crs_transform_spec, self),
            )  # fmt: skip
        except BadInput as error:
            raise ProviderInvalidQueryError(user_msg=str(error)) from None
        if resulttype == "hits":
            matched = self._rows(count_plan(query))[0][0]
            return {"type": "FeatureCollection", "features": [], "numberMatched": matched, "numberReturned": 0}
        page = page_of(self._rows(page_plan(query)), query)
        found: dict[str, Any] = {
            "type": "FeatureCollection", "features": page.parsed(), "numberReturned": len(page.features),
        }  # fmt: skip
        if self.count:
            found["numberMatched"] = self._rows(count_plan(query))[0][0]
        return found

    def get(self, identifier: str, *, crs_transform_spec: Any = None, **_: Any) -> dict[str, Any]:
        """Return one Feature."""
        if identifier.isascii() and identifier.isdigit() and len(identifier) < 20 and int(identifier) < INT64:
            query = self._query(crs=_target(crs_transform_spec, self))
            if rows := self._rows(item_plan(query, int(identifier))):
                feature: dict[str, Any] = orjson.loads(rows[0][0])
                return feature
        raise ProviderItemNotFoundError(user_msg="no such item")

    def _query(
        self,
        *,
        crs: str,
        limit: int = 1,
        offset: int = 0,
        bbox: Sequence[float] = (),
        datetime_: str | None = None,
        properties: Sequence[tuple[str, str]] = (),
        sortby: Sequence[dict[str, str]] = (),
        select: Sequence[str] = (),
        geometry: bool = True,
    ) -> Query:
        fields: dict[str, Property] = self.layer.properties_for(self.audience)
        only([name for name, _ in properties], (*KNOWN, *fields))
        boxes: tuple[Box, ...] | None = None
        if bbox:
            system = self.systems.named("bbox-crs", getattr(bbox, "crs", CRS84))
            boxes = parameters.read_bbox(",".join(map(repr, bbox)), system)
        return Query(
            layer=self.layer,
            audience=self.audience,
            systems=self.systems,
            system=self.systems.named("crs", crs),
            limit=limit,
            offset=parameters.read_offset(str(offset)),
            shown=tuple(name for name in shown_properties(self.layer, fields) if not select or name in select),
            boxes=None if boxes is not None and parameters.everywhere(boxes) else boxes,
            interval=parameters.read_datetime(datetime_) if datetime_ is not None else None,
            equals=tuple((name, parameters.read_value(name, text, fields[name])) for name, text in properties),
            sort=tuple(SortKey(key["property"], descending=key["order"] == "-") for key in sortby),
            geometry=geometry,
        )

    def _rows(self, plan: Any) -> list[tuple[Any, ...]]:
        try:
            with _pool(self.data).connection() as connection:
                return rows_now(connection, plan)
        except BadInput as error:
            raise ProviderInvalidQueryError(user_msg=str(error)) from None
        except ObsError as error:
            kind = ProviderConnectionError if error.status == 503 else ProviderQueryError
            raise kind(user_msg=str(error)) from None
        except psycopg.Error as error:
            raise ProviderGenericError(user_msg=internal(error)) from None


def field(prop: Property) -> dict[str, Any]:
    """Return the JSON Schema of a property."""
    schema: dict[str, Any] = {"type": prop.type}
    if prop.format is not None:
        schema["format"] = prop.format
    if prop.title is not None:
        schema["title"] = prop.title.in_("en")
    if prop.unit is not None:
        schema["x-ogc-unit"] = prop.unit
    return schema


def _target(spec: Any, provider: PostGIS) -> str:
    """Return the URI of the CRS that the answer is to be in; pygeoapi says nothing where that is the store's."""
    return provider.systems.storage.uri if spec is None else str(spec.target_crs_uri)


@cache
def _systems(srid: int, extent: tuple[float, ...]) -> Systems:
    return systems(srid, extent)


@cache
def _pool(data: str) -> ConnectionPool[Any]:
    """Return the pool of an address, opened on first use."""
    options = (
        "-c default_transaction_read_only=on -c plan_cache_mode=force_custom_plan -c TimeZone=UTC -c DateStyle=ISO"
    )
    pool: ConnectionPool[Any] = ConnectionPool(
        data, min_size=0, max_size=6, open=True, kwargs={"autocommit": True, "options": options}, name="pygeoapi"
    )
    atexit.register(pool.close)
    return pool
