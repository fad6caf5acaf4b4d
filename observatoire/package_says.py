"""Who publishes this package, and where: as its own `pyproject.toml` declares it, read from the installed metadata."""

import re
from collections.abc import Iterable, Mapping
from email.utils import parseaddr
from importlib.metadata import metadata
from typing import Protocol

#: Names of `metadata.txt` of a QGIS plugin → the labels of `[project.urls]` that mean it, the best first. The labels
#: are those of the packaging user guide ("well-known labels"), in their normal form.
LABELS = {
    "homepage": ("homepage",),
    "repository": ("source", "repository", "sourcecode", "github"),
    "tracker": ("issues", "bugs", "issue", "tracker", "issuetracker", "bugtracker"),
}


class Said(Protocol):
    """The part of core metadata that is read: `importlib.metadata` or an email message gives it."""

    def get_all(self, name: str, failobj: None = None) -> list[str] | None:
        """Return all values of a field, or None."""


def publisher(said: Said | None = None) -> dict[str, str]:
    """Return e-mail, homepage, repository and tracker of whoever publishes; what is not declared is left out.

    Parameters
    ----------
    said : core metadata, optional
        By default those of the installed package: after a change of `pyproject.toml`, `make setup` reads it anew.
    """
    package: Said = metadata("observatoire") if said is None else said
    urls = _urls(package.get_all("Project-URL") or ())
    found = {name: _first(urls, labels) for name, labels in LABELS.items()}
    addresses = (package.get_all("Author-email") or []) + (package.get_all("Maintainer-email") or [])
    found["email"] = next((mail for text in addresses if (mail := parseaddr(text)[1])), "")
    return {name: text for name, text in found.items() if text}


def _urls(lines: Iterable[str]) -> dict[str, str]:
    pairs = (line.partition(",") for line in lines)
    return {re.sub(r"[\W_]", "", label).lower(): url.strip() for label, _, url in pairs}


def _first(urls: Mapping[str, str], labels: Iterable[str]) -> str:
    return next((urls[label] for label in labels if urls.get(label)), "")
