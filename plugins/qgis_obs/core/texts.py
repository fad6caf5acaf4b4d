"""Words of the plugin in the language of QGIS: English in the code, French in `i18n/fr/*.json`."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from qgis.core import QgsApplication

LANGUAGES = ("fr", "en")


def language() -> str:
    """Return `fr` where QGIS speaks French, else `en`."""
    return "fr" if QgsApplication.locale().lower().startswith("fr") else "en"


def tr(text: str, **values: object) -> str:
    """Return `text` in the language of QGIS, its `{names}` replaced by `values`.

    `text` is a literal: a test reads the code and demands a French one for each.
    """
    words = _french().get(text, text) if language() == "fr" else text
    return words.format(**values) if values else words


@lru_cache(maxsize=1)
def _french() -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted((Path(__file__).parent.parent / "i18n" / "fr").glob("*.json")):
        found.update(json.loads(path.read_text(encoding="utf-8")))
    return found
