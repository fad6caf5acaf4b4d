"""Routes of OGC API Tiles: tile matrix sets, tile sets, tiles; of one collection, and of several as one map."""

import gzip
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.errors import BadInput, NotFound
from observatoire.layers.model import Audience, Layer, Property
from observatoire.server import pages, respond
from observatoire.server.abandon import unless_gone
from observatoire.server.asked import Asked, asked
from observatoire.server.context import current
from observatoire.server.encodings import takes
from observatoire.server.query import Query
from observatoire.server.reading import PAGE, once, only
from observatoire.server.state import State, state_of
from observatoire.server.tiles import documents, plans
from observatoire.server.tiles.make import whole_tile
from observatoire.server.tiles.subset import as_datetime
from observatoire.tiles.pyramid import Pyramid, Tile

#: Most collections of one tile.
MOST_LAYERS = 12
_SHOWN = ("json", "html")


def tile_routes() -> list[Route]:
    """Return the routes, below the root of the API."""
    found = [Route("/tileMatrixSets", matrix_sets), Route("/tileMatrixSets/{pyramid}", matrix_set)]
    for prefix in ("", "/collections/{collection}"):
        found += [
            Route(f"{prefix}/tiles", tilesets),
            Route(f"{prefix}/tiles/{{pyramid}}", tileset),
            Route(f"{prefix}/tiles/{{pyramid}}/{{zoom}}/{{row}}/{{column}}", tile),
        ]
    return found


async def matrix_sets(request: Request) -> Response:
    """Answer the list of tile matrix sets."""
    state, look = _opened(request)
    return _document(request, look, documents.matrix_sets(state), "Tile matrix sets")


async def matrix_set(request: Request) -> Response:
    """Answer one tile matrix set."""
    state, look = _opened(request)
    pyramid = pyramid_of(request, state)
    return _document(request, look, documents.matrix_set(pyramid), pyramid.id)


async def tilesets(request: Request) -> Response:
    """Answer the tile sets of a collection, or of the whole observatory."""
    state, look = _opened(request)
    here, title, _ = _about(request, state, look)
    return _document(request, look, documents.tilesets(state, here, title), title, "tilesets.html")


async def tileset(request: Request) -> Response:
    """Answer the metadata of a tile set, or its TileJSON, for which what is asked of tiles may be said too."""
    state, audience = state_of(request), current().audience
    look = asked(request, state, (*_SHOWN, "tilejson"))
    pyramid = pyramid_of(request, state)
    here, title, layers = _about(request, state, look)
    if look.format == "tilejson":
        queries = _queries(request, state, audience)
        shown = [(query.layer, {n: query.layer.properties[n] for n in query.shown}) for query in queries]
        given = "&".join(part for part in request.url.query.split("&") if part and not part.startswith(("f=", "lang=")))
        body = documents.tilejson(state, pyramid, here, title, shown, f"?{given}" if given else "")
        return respond.answer(orjson.dumps(body), documents.TILEJSON, audience=audience, language=look.language)
    words = once(request.query_params.multi_items())
    only(words, PAGE if "collection" in request.path_params else (*PAGE, "collections"))
    if "collections" in words:
        layers = [(query.layer, query.layer.properties_for(audience)) for query in _queries(request, state, audience)]
    document = documents.tileset(state, pyramid, here, title, layers, look.language)
    return _document(request, look, document, title, "tileset.html")


async def tile(request: Request) -> Response:
    """Answer a tile: 200, or 204 where nothing lies in it, or 404 where the tile set has none there."""
    state, audience = state_of(request), current().audience
    wanted = tile_of(request, pyramid_of(request, state))
    if request.query_params.get("f", "mvt") != "mvt":
        raise BadInput("f: expected mvt")
    queries = _queries(request, state, audience)
    versions = [await state.versions.of(query.layer.id) for query in queries]
    etag = respond.tag(state.edition, versions, audience, request.url.path, request.url.query)
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    pool = state.pools.of(audience)
    requests = [plans.Request(query, wanted) for query in queries]
    body = await unless_gone(request, state.tiles.of(etag, lambda: whole_tile(pool, requests)))
    language = respond.language_of(request, state.city.languages)
    answer = respond.answer(body, documents.MVT, audience=audience, language=language, etag=etag)
    if not body:
        answer.status_code = 204
        del answer.headers["content-length"], answer.headers["content-type"]
    elif takes(request.headers.get("accept-encoding", ""), "gzip"):
        answer.headers["Content-Encoding"] = "gzip"
    else:
        answer.body = gzip.decompress(body)
        answer.headers["Content-Length"] = str(len(answer.body))
    return answer


def _opened(request: Request) -> tuple[State, Asked]:
    only(once(request.query_params.multi_items()), PAGE)
    state = state_of(request)
    return state, asked(request, state, _SHOWN)


def pyramid_of(request: Request, state: State) -> Pyramid:
    """Return the pyramid that an address names."""
    try:
        return state.pyramids[request.path_params["pyramid"]]
    except KeyError:
        raise NotFound(f"no such tile matrix set; there are {', '.join(state.pyramids)}") from None


def tile_of(request: Request, pyramid: Pyramid) -> Tile:
    """Return the tile that an address names.

    Raises
    ------
    NotFound
        If the pyramid has none there.
    """
    numbers = [request.path_params[name] for name in ("zoom", "row", "column")]
    whole = all(text.isascii() and text.isdigit() and len(text) <= 9 for text in numbers)
    found = pyramid.tile(*map(int, numbers)) if whole else None
    if found is None:
        raise NotFound(f"no such tile: {pyramid.id} has zooms 0 to {pyramid.deepest}, and 2^zoom rows and columns")
    return found


def _about(request: Request, state: State, look: Asked) -> tuple[str, str, list[tuple[Layer, dict[str, Property]]]]:
    """Return the address of what has tiles, its title, and its layers with what the caller may see of them."""
    audience = current().audience
    if "collection" in request.path_params:
        reader = state.reader(request.path_params["collection"], audience)
        title = reader.layer.title.in_(look.language)
        return f"{state.base}/collections/{reader.layer.id}", title, [(reader.layer, reader.fields)]
    layers = [(layer, layer.properties_for(audience)) for layer in state.visible(audience).values()]
    return state.base, state.city.title.in_(look.language), layers


def _queries(request: Request, state: State, audience: Audience) -> list[Query]:
    """Return what is asked of each collection of a tile."""
    given = as_datetime((name, text) for name, text in request.query_params.multi_items() if name != "f")
    if "collection" in request.path_params:
        return [state.reader(request.path_params["collection"], audience).tile(given)]
    words = once(given)
    only(words, ("f", "lang", "collections", "datetime"))
    names = list(
        dict.fromkeys(words.pop("collections", ",".join(list(state.visible(audience))[:MOST_LAYERS])).split(","))
    )
    if len(names) > MOST_LAYERS:
        raise BadInput(f"collections: expected at most {MOST_LAYERS}")
    for name in names:
        if name not in state.visible(audience):
            raise BadInput(f"collections: expected some of {', '.join(state.visible(audience))}")
    return [state.reader(name, audience).tile(words.items(), fields=False) for name in names]


def _document(
    request: Request, look: Asked, document: dict[str, Any], title: str, template: str = "document.html"
) -> Response:
    audience = current().audience
    if look.format == "json":
        return respond.answer(orjson.dumps(document), respond.JSON, audience=audience, language=look.language)
    body = pages.render(request, template, look.language, document=document, title=title)
    return respond.answer(body, respond.HTML, audience=audience, language=look.language)
