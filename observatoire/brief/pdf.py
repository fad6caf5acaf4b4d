"""The brief as a PDF: the page on A4 sheets."""

from collections.abc import Mapping
from typing import Any

from observatoire.brief.page import page


class _Offline(ValueError):
    """The page names something outside itself."""


def pdf(report: Mapping[str, Any], language: str) -> bytes:
    """Return a brief as PDF, made without any request."""
    from weasyprint import HTML  # late: it takes half a second to load

    document: bytes = HTML(string=page(report, language), url_fetcher=refuse).write_pdf()
    return document


def refuse(url: str, *_: object, **__: object) -> Any:
    """Refuse whatever a page asks for beside itself."""
    raise _Offline(f"the page must not ask for {url.partition(':')[0]}")
