"""The server: one Starlette application, made from the settings, the city and the catalogue."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.cities import City, read_city
from observatoire.jobs.callbacks import callbacks_of
from observatoire.jobs.desk import Desk
from observatoire.jobs.queue import queue_of
from observatoire.layers.catalog import catalog
from observatoire.layers.rights import role
from observatoire.reports.terms import longest_body
from observatoire.server import city as about
from observatoire.server import download, items, metadata
from observatoire.server.api import Api
from observatoire.server.citizen.routes import citizen_routes
from observatoire.server.counts import Counts
from observatoire.server.coverage.routes import coverage_routes
from observatoire.server.crs import systems
from observatoire.server.desk import desk_routes
from observatoire.server.developers import developer_routes
from observatoire.server.executions import Executions
from observatoire.server.extents import Extents
from observatoire.server.feeds.routes import feed_routes
from observatoire.server.forecast import forecast_routes
from observatoire.server.forms import form_routes
from observatoire.server.hub import Hub
from observatoire.server.jobs import job_routes
from observatoire.server.middleware import Compress, Limit, Secure, Wider
from observatoire.server.open311.errors import too_long
from observatoire.server.open311.routes import open311_routes
from observatoire.server.plugin import plugin_routes
from observatoire.server.policy import policy_of
from observatoire.server.pools import Pools
from observatoire.server.principal import Keys, Principal
from observatoire.server.problems import Guard, Plain, on_http
from observatoire.server.processes import process_routes
from observatoire.server.qgis import qgis_routes
from observatoire.server.rates import Rates
from observatoire.server.records.routes import record_routes
from observatoire.server.reports.routes import PATHS, WITH_PHOTO, report_routes
from observatoire.server.skill_cards import skill_card_routes
from observatoire.server.state import State
from observatoire.server.static import Static, web
from observatoire.server.styles import style_routes
from observatoire.server.tiles.routes import tile_routes
from observatoire.server.tiles.shared import Shared
from observatoire.server.turns import Turns
from observatoire.server.versions import Versions
from observatoire.server.works_feeds.routes import works_feed_routes
from observatoire.settings import Settings
from observatoire.settings import settings as settings_of_this_process
from observatoire.store import schema
from observatoire.store.database import Store, open_store
from observatoire.store.roles import passwords

#: Requests below these are made in the name of the audience of their key.
RESTRICTED = ("/api", "/city.json", "/pro/", "/fiches", "/qgis/", *PATHS)
API = "/api"

Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(settings: Settings | None = None) -> Starlette:
    """Return the application; its store is opened when it starts and closed when it stops."""
    settings = settings or settings_of_this_process()
    return Starlette(
        routes=routes(),
        middleware=[
            Middleware(Secure, policy_of=policy_of),
            Middleware(
                CORSMiddleware,
                allow_origins=[origin.strip() for origin in settings.cors_origins.split(",") if origin.strip()],
                allow_methods=["GET", "HEAD", "POST", "DELETE"],
                allow_headers=["X-API-Key", "Content-Type", "Prefer", "Idempotency-Key", "X-Tracking-Token"],
                expose_headers=["Content-Crs", "Content-Disposition", "ETag", "Link", "Location", "Retry-After"],
            ),
            Middleware(Compress),
            Middleware(Plain, below=("/api/processes", "/api/jobs")),
            Middleware(Guard),
            Middleware(
                Limit,
                most=settings.max_body_bytes,
                longest=settings.max_url_bytes,
                wider=Wider(WITH_PHOTO, longest_body(settings.photo_bytes), too_long),
            ),
            Middleware(Principal, paths=RESTRICTED),
            Middleware(Rates, per_second=settings.rate_per_second),
        ],
        exception_handlers={HTTPException: on_http},
        lifespan=lambda app: lifespan(app, settings),
    )


def routes() -> list[Route]:
    """Return all routes."""
    own = Static(Path(str(files("observatoire.server") / "static")))
    collection = "/collections/{collection}"
    api = [
        Route("/", metadata.landing_page),
        Route("/collections", metadata.collections),
        *record_routes(),
        Route(collection, metadata.collection),
        Route(f"{collection}/schema", metadata.schema),
        Route(f"{collection}/queryables", metadata.schema),
        Route(f"{collection}/sortables", metadata.schema),
        Route(f"{collection}/items", items.items, methods=["GET", "POST"]),
        Route(f"{collection}/items/{{item}}", items.item),
        Route(f"{collection}/download", download.download),
        Route("/openapi", metadata.definition),
        Route("/conformance", metadata.conformance),
        Route("/functions", metadata.functions),
        *style_routes(),
        *tile_routes(),
        *coverage_routes(),
        *process_routes(),
        *job_routes(),
        *form_routes(),
    ]
    return [
        *[Route(API + route.path, route.endpoint, methods=_methods(route)) for route in api],
        Route(API, metadata.landing_page),
        *citizen_routes(),
        Route("/city.json", about.city),
        Route("/health", about.health),
        *forecast_routes(),
        *skill_card_routes(),
        *plugin_routes(),
        *qgis_routes(),
        *works_feed_routes(),
        *developer_routes(),
        *desk_routes(_file(web(), "pro/index.html")),
        Route("/web/{path:path}", _files(web())),
        *report_routes(),
        *open311_routes(),
        *feed_routes(),
        Route("/static/{path:path}", _files(own)),
    ]


def _methods(route: Route) -> list[str]:
    return sorted(route.methods or {"GET"})


def _files(static: Static) -> Endpoint:
    async def answer(request: Request) -> Response:
        return static.answer(request, request.path_params["path"])

    return answer


def _file(static: Static, name: str) -> Endpoint:
    async def answer(request: Request) -> Response:
        return static.answer(request, name)

    return answer


@asynccontextmanager
async def lifespan(app: Starlette, settings: Settings) -> AsyncIterator[None]:
    """Open the store and all that rests on it, for the life of the server."""
    city = read_city(settings.city)
    app.state.callbacks = callbacks_of(settings)
    with open_store(settings, patience=settings.store_wait_s) as store:
        await asyncio.to_thread(_ready, store, city, settings)
        async with Pools(store, passwords(settings.var), settings, city) as pools:
            app.state.obs = state = state_for(settings, city, store, pools)
            app.state.executions = executions = Executions(
                city=city,
                settings=settings,
                pool=pools.of,
                conninfo=lambda audience: store.conninfo(role(audience), state.passwords.by_audience[audience]),
                admin=store.admin,
            )
            async with (
                Desk(pools.jobs, queue_of(pools.jobs, settings), store) as app.state.desk,
                Hub(store, state.layers) as app.state.hub,
            ):
                try:
                    yield
                finally:
                    await executions.close()


def _ready(store: Store, city: City, settings: Settings) -> None:
    """Bring tables, roles and views to what the catalogue says; usually they are."""
    with store.connect() as connection:
        schema.prepare(connection, city, catalog().values(), passwords(settings.var))


def state_for(settings: Settings, city: City, store: Store, pools: Pools) -> State:
    """Return all that answers rest on: of a server, or of a command that answers as one."""
    layers = catalog()
    return State(
        settings=settings,
        city=city,
        layers=layers,
        store=store,
        passwords=passwords(settings.var),
        pools=pools,
        versions=Versions(pools.admin),
        keys=Keys(pools.admin),
        counts=Counts(),
        extents=Extents(pools),
        turns=Turns(settings.downloads),
        tiles=Shared(settings.tiles_kept_mb * 2**20),
        systems=systems(city.srid, city.extent),
        api=Api(city, layers.values(), settings, settings.base),
        base=settings.base,
    )
