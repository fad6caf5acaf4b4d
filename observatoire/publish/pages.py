"""What people read in a published folder: `index.html`, in French and English, that asks for nothing; `README.md`."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from observatoire.cities import City
from observatoire.layers.maplibre import legend
from observatoire.publish.published import Published

LANGUAGES = {"fr": "index.html", "en": "index.en.html"}


def write_pages(folder: Path, city: City, done: Sequence[Published], deepest: int) -> None:
    """Write the pages of a publication, whose tiles go to the zoom `deepest`."""
    pages = Environment(
        loader=FileSystemLoader(str(files("observatoire.publish") / "templates")), autoescape=True, trim_blocks=True,
        lstrip_blocks=True, undefined=StrictUndefined, keep_trailing_newline=True,
    )  # fmt: skip
    changed = max((each.entry.changed for each in done if each.entry.changed), default=None)
    for language, name in LANGUAGES.items():
        other = next(code for code in LANGUAGES if code != language)
        text = pages.get_template("index.html").render(
            city=city, language=language, other=other, other_page=LANGUAGES[other], changed=changed,
            collections=[_about(each, city, language) for each in done],
        )  # fmt: skip
        (folder / name).write_text(text, "utf-8")
    readme = Environment(  # plain text: what is escaped for HTML would be wrong in it
        loader=pages.loader, autoescape=False, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined,  # noqa: S701
        keep_trailing_newline=True,
    )  # fmt: skip
    text = readme.get_template("README.md.txt").render(
        city=city, changed=changed, deepest=deepest, collections=[_about(each, city, "fr") for each in done]
    )
    (folder / "README.md").write_text(text, "utf-8")


def _about(each: Published, city: City, language: str) -> dict[str, Any]:
    entry = each.entry
    return {
        "id": each.layer.id,
        "layer": each.layer,
        "title": each.layer.title.in_(language),
        "description": each.layer.description.in_(language),
        "number": f"{each.items:,}".replace(",", "\N{NARROW NO-BREAK SPACE}" if language == "fr" else ","),
        "interval": [text[:10] if text else None for text in entry.interval] if entry.interval else None,
        "changed": entry.changed.astimezone(city.zone) if entry.changed else None,
        "legend": legend(each.layer, language),
        "files": [(path, _size(about["bytes"], language)) for path, about in each.files.items()],
        "tiles": f"tiles/{each.layer.id}.pmtiles" in each.files,
    }


def _size(length: int, language: str) -> str:
    """Return a length in kB or MB.

    Examples
    --------
    >>> _size(900, "en"), _size(1_234_567, "fr")
    ('0.9 kB', '1,2 Mo')
    """
    number, unit = (length / 1e6, "M") if length >= 1e6 else (length / 1e3, "k")
    text = f"{number:.1f} {unit}"
    return text.replace(".", ",") + "o" if language == "fr" else f"{text}B"
