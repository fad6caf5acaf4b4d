"""`/signaler`: what is wrong, where, a few questions, what will be public. The same form with and without a script."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from starlette.responses import Response

from observatoire.layers.nomenclature import codes
from observatoire.reports.forms import BRANCH, forms
from observatoire.reports.photo import TYPES
from observatoire.reports.report import DESCRIPTION
from observatoire.reports.submit import collection
from observatoire.reports.terms import terms
from observatoire.server.citizen.page import Page
from observatoire.server.citizen.say import COARSE

#: Fields of a report that the form asks for in one place.
_ASKED = ("photo", "description", "occurred")
_PLACES = {"lon, lat": "where", "lon": "where", "lat": "where", "address": "where"}


@dataclass(frozen=True)
class Filled:
    """What a form that was sent comes back with, to a browser without a script.

    Attributes
    ----------
    fields : mapping
        What was typed, by field.
    wrong : str
        Name of the part of the form that was refused; empty where none was.
    said : str
        What was wrong with it.
    near : dict or None
        What is known at the place, as `observatoire.reports.near` finds it; None where it was not asked.
    photo : bool
        Whether a photo came along: a browser does not fill it in again.
    """

    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    wrong: str = ""
    said: str = ""
    near: dict[str, Any] | None = None
    photo: bool = False


def part_of(name: str) -> str:
    """Return the part of the form in which a field is asked for; empty where it is none of the form's.

    Examples
    --------
    >>> part_of("lon, lat"), part_of("answers.volume"), part_of("network")
    ('where', 'answers.volume', '')
    """
    asked = name in _ASKED or name.startswith("answers.")
    return _PLACES.get(name, name if asked else "")


async def report(page: Page) -> Response:
    """Answer the tiles of what can be reported; the form of `nature` where it names one."""
    nature = page.given("nature")
    if nature in forms().categories:
        return page.render("report_form.html", **form(page, nature, place=page.given("at"), street=page.given("ou")))
    titles = codes(BRANCH)
    tiles = [(code, titles[code].in_(page.language)) for code in forms().categories]
    return page.render("report_tiles.html", tiles=tiles, status=404 if nature else 200, unknown=bool(nature))


def form(page: Page, nature: str, filled: Filled | None = None, *, place: str = "", street: str = "") -> dict[str, Any]:
    """Return what the template `citizen/report_form.html` needs.

    Parameters
    ----------
    nature : str
        A code of the forms.
    filled : Filled, optional
        What was typed before.
    place, street : str
        Where the form begins: `lon,lat`, a street.
    """
    known, state = forms(), page.state
    category, own, back = known.categories[nature], terms(state.settings, state.city), filled or Filled()
    return {
        "nature": nature, "title": codes(BRANCH)[nature].in_(page.language), "category": category,
        "handled_by": known.services[category.handled_by].in_(page.language),
        "nonce": back.fields.get("nonce") or own.secret.nonce(time.time()),
        "privacy": known.privacy.in_(page.language), "rounding": f"{collection().privacy.rounding or 0:g}",
        "photo_bytes": own.photo_bytes, "photo_types": ",".join(TYPES), "longest": DESCRIPTION,
        "place": place, "given": {"address": street, **back.fields}, "back": back, "words": words(page),
        "day": lambda instant: page.say.day(datetime.fromisoformat(instant)),
        "coarse": lambda metres: max(COARSE, -(-metres // COARSE) * COARSE),
    }  # fmt: skip


def words(page: Page) -> dict[str, str]:
    """Return what the script says: the words of the page's language whose names begin with `js_`."""
    return {name.removeprefix("js_"): text for name, text in page.words.items() if name.startswith("js_")}
