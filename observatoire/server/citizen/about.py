"""`/donnees`, `/vie-privee`, `/accessibilite`: what we hold, what we do with it, for whom the pages work."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.responses import Response

from observatoire.server.citizen.page import Page
from observatoire.server.citizen.sources import ages


async def data(page: Page) -> Response:
    """Answer which collections the public may see, whose licence, how old, and who keeps them how long."""
    found = await ages(page.state)
    layers = page.state.visible("public").values()
    licence = {layer.id: urlsplit(layer.license).netloc or layer.license for layer in layers}
    return page.render("data.html", layers=layers, ages=found, licence=licence, now=datetime.now(UTC), kept=_kept(page))


async def privacy(page: Page) -> Response:
    """Answer what is kept of a visit and of a report."""
    layer = page.state.layers.get("signalements")
    rounding = layer.privacy.rounding if layer is not None else None
    return page.render("privacy.html", rounding=f"{rounding:g} m" if rounding else "", kept=_kept(page))


async def accessibility(page: Page) -> Response:
    """Answer the statement of accessibility."""
    return page.render("accessibility.html")


def _kept(page: Page) -> dict[str, str]:
    """Return how long the items of each public collection are kept, in words, where it is said."""
    return {
        name: page.say.span(retention)
        for name, layer in page.state.visible("public").items()
        if (retention := layer.privacy.retention) is not None
    }
