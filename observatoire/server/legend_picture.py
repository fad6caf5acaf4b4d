"""Legends as PNG: a line a class, its symbol as the map draws it."""

import io
from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from PIL import Image, ImageDraw, ImageFont

#: Pixels, at twice the size of a screen's: letters stay sharp where the picture is drawn smaller.
SCALE = 2
_TEXT, _TITLE = 13 * SCALE, 15 * SCALE
_ROW, _MARGIN, _SYMBOL = 22 * SCALE, 12 * SCALE, 26 * SCALE
_INK, _PAPER = "#1f2328", "#ffffff"


def picture(legends: Sequence[dict[str, Any]]) -> bytes:
    """Return legends as one picture, one below the other.

    Parameters
    ----------
    legends : sequence of dict
        `title`, `geometry` and `classes` (`color`, `label`) of each, as `map_style.legends` gives them.

    Returns
    -------
    bytes
        A PNG file; the same legends give the same bytes.
    """
    width = _MARGIN * 2 + max(map(_width, legends), default=0)
    height = _MARGIN * 2 + sum(map(_height, legends))
    image = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(image)
    top = _MARGIN
    for legend in legends:
        _draw(draw, legend, top)
        top += _height(legend)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _draw(draw: ImageDraw.ImageDraw, legend: dict[str, Any], top: int) -> None:
    lines = legend["classes"]
    if not _plain(legend):
        draw.text((_MARGIN, top + _ROW / 2), legend["title"], fill=_INK, font=_font(_TITLE, bold=True), anchor="lm")
        top += _ROW
    for line in lines:
        middle = top + _ROW // 2
        _symbol(draw, legend["geometry"], line["color"], (_MARGIN, middle))
        draw.text((_MARGIN + _SYMBOL, middle), line["label"], fill=_INK, font=_font(_TEXT), anchor="lm")
        top += _ROW


def _symbol(draw: ImageDraw.ImageDraw, geometry: str, color: str, at: tuple[int, int]) -> None:
    """Draw a disc for points, a stroke for lines, a box for areas."""
    x, y = at
    side, half = 16 * SCALE, 8 * SCALE
    if geometry == "Point":
        draw.ellipse((x + SCALE * 2, y - SCALE * 6, x + SCALE * 14, y + SCALE * 6), fill=color)
    elif geometry == "LineString":
        draw.line((x, y, x + side, y), fill=color, width=3 * SCALE)
    else:
        draw.rectangle((x, y - half + SCALE, x + side, y + half - SCALE), fill=color, outline=_INK)


def _plain(legend: dict[str, Any]) -> bool:
    """Tell whether a legend is one line that says the title itself."""
    lines = legend["classes"]
    return len(lines) == 1 and lines[0]["label"] == legend["title"]


def _height(legend: dict[str, Any]) -> int:
    return _ROW * (len(legend["classes"]) + (0 if _plain(legend) else 1)) + 4 * SCALE


def _width(legend: dict[str, Any]) -> int:
    title = 0.0 if _plain(legend) else _font(_TITLE, bold=True).getlength(legend["title"])
    return round(max([title, *(_SYMBOL + _font(_TEXT).getlength(line["label"]) for line in legend["classes"])]))


@cache
def _font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """Return DejaVu Sans, which matplotlib carries: no font of the machine is needed."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    with as_file(files("matplotlib") / "mpl-data" / "fonts" / "ttf" / name) as path:
        return ImageFont.truetype(path, size)
