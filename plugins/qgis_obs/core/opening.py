"""How a collection is best opened in QGIS, by its size and what the server offers; the addresses QGIS wants."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlsplit

#: Items up to which all are read at once; up to which those of the map window are; beyond, tiles.
ALL, WINDOW = 5_000, 200_000
#: Items that QGIS asks for at once. Left to itself it takes 100 from servers whose OpenAPI document does not say more.
PAGE_SIZE = 5_000
TILES_REL, COVERAGE_REL = "tilesets-vector", "coverage"
#: The deepest zoom asked of a server that does not say; QGIS draws deeper ones from it.
DEEPEST = 16


@dataclass(frozen=True)
class Opening:
    """How to open one collection.

    Attributes
    ----------
    kind : str
        `items` (all of them), `window` (those of the map window), `tiles` or `raster`.
    provider, uri : str
        What `QgsVectorLayer`, `QgsVectorTileLayer` or `QgsRasterLayer` is made of.
    """

    kind: str
    provider: str
    uri: str


def choose(count: int | None, *, has_tiles: bool, spatial: bool = True) -> str:
    """Return `items`, `window` or `tiles`.

    Parameters
    ----------
    count : int or None
        Items of the collection; None where the server does not say.
    has_tiles : bool
        Whether it offers vector tiles.
    spatial : bool
        Without a geometry there is neither window nor tile.
    """
    if not spatial or (count is not None and count <= ALL):
        return "items"
    if count is not None and count > WINDOW and has_tiles:
        return "tiles"
    return "window"


def items(base: str, collection: str, *, authcfg: str = "", window: bool = False) -> Opening:
    """Return the opening of a collection as items, in pages.

    Parameters
    ----------
    base : str
        Address of the landing page.
    authcfg : str
        Id of an authentication of QGIS: a name, never a key.

    Raises
    ------
    ValueError
        If a value holds a quote: it would end early in QGIS's datasource.
    """
    words = {"url": base, "typename": collection, "pagingEnabled": "true", "pageSize": str(PAGE_SIZE)}
    if window:
        words["restrictToRequestBBOX"] = "1"
    if authcfg:
        words["authcfg"] = authcfg
    for name, value in words.items():
        if "'" in value:
            raise ValueError(f"{name}: {value!r} holds a quote")
    uri = " ".join(f"{name}='{value}'" for name, value in words.items())
    return Opening("window" if window else "items", "OAPIF", uri)


def tiles(base: str, collection: str, *, authcfg: str = "", deepest: int = DEEPEST) -> Opening:
    """Return the opening of a collection as vector tiles, all properties in them that a style may need."""
    address = f"{base.rstrip('/')}/collections/{quote(collection)}/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}?f=mvt"
    # QGIS reads its datasource as a query: what could end the address early is encoded, the braces are not.
    uri = f"type=xyz&url={quote(address, safe=':/{}')}&zmin=0&zmax={deepest}"
    return Opening("tiles", "vectortile", f"{uri}&authcfg={authcfg}" if authcfg else uri)


def raster(base: str, collection: str, *, authcfg: str = "") -> Opening:
    """Return the opening of a collection of cells as a Cloud-Optimized GeoTIFF, read by ranges.

    Raises
    ------
    ValueError
        If the address is not http or https.
    """
    if urlsplit(base).scheme not in ("http", "https"):
        raise ValueError(f"url: {base!r}; expected http or https")
    uri = f"/vsicurl/{base.rstrip('/')}/collections/{quote(collection)}/coverage"
    return Opening("raster", "gdal", f"{uri} authcfg='{authcfg}'" if authcfg else uri)
