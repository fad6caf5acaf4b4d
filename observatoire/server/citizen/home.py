"""`/`: what happens around me, as a list; the map only for who asks for it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from starlette.responses import Response

from observatoire.server.citizen.describe import Describer, Line
from observatoire.server.citizen.happening import COLLECTIONS, Happening, around, statuses
from observatoire.server.citizen.page import Page
from observatoire.server.citizen.place import Place, find, read_point
from observatoire.server.citizen.places import beside
from observatoire.server.citizen.sources import ages

RADII = (300, 1000, 3000)
#: Lines of a page; the rest is a link away, in the calendar and in the API.
SHOWN = 30


@dataclass(frozen=True)
class Look:
    """What the address asks for: a place, a radius, one sort of happening."""

    place: Place | None
    radius: int
    only: str

    @classmethod
    def of(cls, page: Page) -> "Look":
        """Read the address; what cannot be read is as if it were not there."""
        place = read_point(page.given("at"), page.state.city.extent)
        if place is not None and page.given("nom"):
            place = Place(place.lon, place.lat, page.given("nom"))
        radius = next((r for r in RADII if page.given("rayon") == str(r)), RADII[0])
        return cls(place, radius, page.given("voir") if page.given("voir") in COLLECTIONS else "")


async def home(page: Page) -> Response:
    """Answer the page."""
    look, asked = Look.of(page), page.given("ou")
    found = await find(page.state, asked) if asked else []
    if len(found) == 1 and look.place is None:
        look = Look(found[0], look.radius, look.only)
        found = []
    now = datetime.now(UTC)
    all_, counts = await around(page.state, look.place, look.radius, now)
    kept = [one for one in all_ if one.collection == look.only or not look.only]
    shown = _fair(kept, SHOWN) if look.place is None and not look.only else kept[:SHOWN]
    writer = Describer(page.state, page.say, now, await statuses(page.state, [one.item for one in shown]))
    lines = [writer.line(one) for one in shown]
    total = sum(n for name, n in counts.items() if look.only in ("", name))
    return page.render(
        "home.html",
        look=look, asked=asked, found=found, lines=lines, counts=counts, total=total, radii=RADII,
        summary=summary(page, look, counts), chips=chips(page, look, counts),
        ages=await ages(page.state), now=now, maps=maps(lines), here=lambda **more: here(page, look, **more),
        street=await _street(page, look.place),
        emptied=bool(asked and not found and look.place is None),
    )  # fmt: skip


async def _street(page: Page, place: Place | None) -> str:
    """Return the street whose feeds are offered: the one that was asked for, or the one beside the point."""
    if place is None or place.kind == "division":
        return ""
    beside_it = await beside(page.state, place)
    return beside_it[0].name if beside_it else ""


def _fair(found: list[Happening], most: int) -> list[Happening]:
    """Return some of each sort: of a whole city there is too much, and works would hide the rest."""
    share = most // len(COLLECTIONS)
    return [one for name in COLLECTIONS for one in [o for o in found if o.collection == name][:share]]


def here(page: Page, look: Look, **more: str) -> str:
    """Return the address of this page with something changed."""
    now = {
        "at": look.place.at if look.place else "", "nom": look.place.name if look.place else "",
        "rayon": str(look.radius) if look.radius != RADII[0] else "", "voir": look.only,
    }  # fmt: skip
    return page.link("/", **(now | more))


def chips(page: Page, look: Look, counts: dict[str, int]) -> list[tuple[str, str, bool]]:
    """Return the filters: words, address, whether it is the one of now."""
    words = page.words
    every = sum(counts.values())
    number = page.say.number
    listed = [(f"{words['all']} ({number(every)})", here(page, look, voir=""), not look.only)]
    return listed + [
        (f"{words[name]} ({number(counts.get(name, 0))})", here(page, look, voir=name), look.only == name)
        for name in COLLECTIONS
    ]


def summary(page: Page, look: Look, counts: dict[str, int]) -> str:
    """Say in one sentence what there is: 3 works, 1 event and 2 reports within 300 m."""
    words, parts = page.words, []
    for name in COLLECTIONS:
        n = counts.get(name, 0)
        if n:
            parts.append(f"{page.say.number(n)} {words[('one_' if n == 1 else 'many_') + name].lower()}")
    if not parts:
        said = words["nothing"]
    else:
        said = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {words['and']} {parts[-1]}"
    where = words["within"].format(distance=page.say.distance(look.radius)) if look.place else words["in_city"]
    return f"{said[0].upper()}{said[1:]} {where}."


def maps(lines: list[Line]) -> dict[str, str]:
    """Return, by collection, the address in the API of the items that the list shows: map and list are the same."""
    ids: dict[str, list[str]] = {}
    for line in lines:
        ids.setdefault(line.collection, []).append(str(line.id))
    return {
        name: f"/api/collections/{name}/items?f=json&limit={len(some)}&filter={quote(f'id IN ({",".join(some)})')}"
        for name, some in ids.items()
    }
