"""The residents' style sheet, written into their pages: the first picture waits for nothing but the page itself.

A sheet in a file of its own bars the first picture until it has come, one more turn on a slow network. Written into the
page it costs 5 kB, less than the first packets of a connection leave free; the policy lets in this text and no other.
"""

from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from markupsafe import Markup

from observatoire.server.static import web

FILES = ("shared/base.css", "citizen/citizen.css")


@dataclass(frozen=True)
class Sheet:
    """A style sheet.

    Attributes
    ----------
    text : Markup
        What stands between `<style>` and `</style>`, to the letter.
    source : str
        What `style-src` calls it: the hash of that text (CSP3, §2.3.1).
    """

    text: Markup
    source: str


def sheet() -> Sheet:
    """Return the sheet of now."""
    return _sheet(web().version)


@lru_cache(maxsize=1)
def _sheet(_version: str) -> Sheet:
    text = "".join((web().folder / name).read_text("utf-8") for name in FILES)
    return Sheet(Markup(text), source_of(text))  # noqa: S704 (we wrote it)


def source_of(text: str) -> str:
    """Return what a policy calls an inline text that it lets in.

    Examples
    --------
    That of CSP2, §7.18.1:

    >>> source_of("alert('Hello, world.');")
    "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    """
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
