"""`/signaler`: what is wrong, where, a few questions, what will be public. The same form with and without a script."""

import time

from starlette.responses import Response

from observatoire.layers.nomenclature import codes
from observatoire.reports.forms import BRANCH, forms
from observatoire.reports.photo import TYPES
from observatoire.reports.report import DESCRIPTION
from observatoire.reports.submit import collection
from observatoire.reports.terms import terms
from observatoire.server.citizen.page import Page


async def report(page: Page) -> Response:
    """Answer the tiles of what can be reported; the form of `nature` where it names one."""
    known, titles = forms(), codes(BRANCH)
    nature = page.given("nature")
    category = known.categories.get(nature)
    if category is None:
        tiles = [(code, titles[code].in_(page.language)) for code in known.categories]
        return page.render("report_tiles.html", tiles=tiles, status=404 if nature else 200, unknown=bool(nature))
    state = page.state
    own = terms(state.settings, state.city)
    return page.render(
        "report_form.html",
        nature=nature, title=titles[nature].in_(page.language), category=category,
        handled_by=known.services[category.handled_by].in_(page.language), nonce=own.secret.nonce(time.time()),
        privacy=known.privacy.in_(page.language), rounding=f"{collection().privacy.rounding or 0:g}",
        photo_bytes=own.photo_bytes, photo_types=",".join(TYPES), longest=DESCRIPTION,
        place=page.given("at"), street=page.given("ou"), words=words(page),
    )  # fmt: skip


def words(page: Page) -> dict[str, str]:
    """Return what the script says: the words of the page's language whose names begin with `js_`."""
    return {name.removeprefix("js_"): text for name, text in page.words.items() if name.startswith("js_")}
