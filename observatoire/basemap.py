"""The map of a third party that a city may allow under its own layers; without one, nobody else is asked anything."""

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator

from observatoire.layers.model import Model
from observatoire.text import Text

#: The national map without a key, in Web Mercator (the Géoplateforme's WMTS, whose tiles have no limit of rate).
PLAN_IGN = {
    "title": {"fr": "Plan IGN", "en": "Plan IGN"},
    "tiles": "https://data.geopf.fr/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0"
    "&LAYER=GEOGRAPHICALGRIDSYSTEMS.PLANIGNV2&STYLE=normal&FORMAT=image/png&TILEMATRIXSET=PM"
    "&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}",
    "credit": "© IGN",
    "max_zoom": 19,
}
#: What stands in a security policy as it is: a scheme, a name, a port.
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?", re.IGNORECASE)
_LOOPBACK = ("127.0.0.1", "localhost")


class BaseMap(Model):
    """Raster tiles of others, offered to a reader who asks for them."""

    title: Text
    tiles: str = Field(description="Address of a tile in Web Mercator, with {z}, {x} and {y}; https")
    credit: str = Field(min_length=1, max_length=200, description="What the licence asks to be shown beside the map")
    max_zoom: int = Field(default=19, ge=0, le=22)

    @field_validator("tiles")
    @classmethod
    def _template(cls, tiles: str) -> str:
        if missing := [name for name in ("{z}", "{x}", "{y}") if name not in tiles]:
            raise ValueError(f"tiles: expected an address with {', '.join(missing)}")
        parts = urlsplit(tiles)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            raise ValueError("tiles: expected an address that begins with https://")
        if not _ORIGIN.fullmatch(f"{parts.scheme}://{parts.netloc}"):
            raise ValueError("tiles: expected a plain host, without user, password or braces")
        return tiles

    @property
    def origin(self) -> str:
        """Scheme, host and port: all that the security policy lets in besides ourselves."""
        parts = urlsplit(self.tiles)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def host(self) -> str:
        """Name of the host, as a reader is told it."""
        return urlsplit(self.tiles).hostname or ""


def _by_name(given: Any) -> Any:
    return PLAN_IGN if given == "plan-ign" else given


#: In a city's file: `plan-ign`, or a map of another's in full.
Basemap = Annotated[BaseMap, BeforeValidator(_by_name)]
