"""`/suivi`, `/suivi/{reference}`, `/mes-signalements`: what became of a report.

The key of a report stands after the sign # of its link, which no browser sends: the page asks for it, or a script reads
it there. What is shown is the answer of `POST /suivi`, with a script and without.
"""

import re

from starlette.responses import Response

from observatoire.layers.nomenclature import codes
from observatoire.reports.forms import BRANCH
from observatoire.server.citizen.page import Page
from observatoire.server.citizen.report import words

_REFERENCE = re.compile(r"[A-Za-z0-9-]{1,60}")


async def ask(page: Page) -> Response:
    """Answer the form that asks for a reference and a key."""
    return page.render("follow.html", reference="", words=words(page))


async def one(page: Page) -> Response:
    """Answer the same form, filled in by the address; the script then sends it."""
    reference = page.request.path_params["reference"]
    known = reference.upper() if _REFERENCE.fullmatch(reference) else ""
    return page.render("follow.html", status=200 if known else 404, reference=known, words=words(page))


async def mine(page: Page) -> Response:
    """Answer the page of the reports that this device made: only its script can read them."""
    titles = {code: text.in_(page.language) for code, text in codes(BRANCH).items()}
    return page.render("mine.html", words=words(page), titles=titles)
