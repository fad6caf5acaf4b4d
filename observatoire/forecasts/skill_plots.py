"""The plots of a skill card, as SVG for a page: no style attribute (our policy forbids it), colours by class."""

import io
import re
from collections.abc import Callable
from threading import Lock
from typing import Any
from xml.sax.saxutils import escape

import matplotlib as mpl
import matplotlib.dates
import numpy as np
from lxml import etree
from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH, HEIGHT = 6.4, 3.6  # inches at 72 points: a viewBox of 461 × 259
#: Placeholders of colour in the drawing, and the class that each becomes; `api.css` gives it light and dark.
INK, MODEL, COUNT, FLAT, BAND = "#010101", "#020202", "#030303", "#040404", "#050505"
CLASSES = {INK: "ink", MODEL: "model", COUNT: "count", FLAT: "flat", BAND: "band"}
NAMES = {
    "fr": {"model": "modèle", "count": "comptage simple", "flat": "carte uniforme"},
    "en": {"model": "model", "count": "simple count", "flat": "flat map"},
}
COLOURS = {"model": MODEL, "count": COUNT, "flat": FLAT}
DASHES: dict[str, Any] = {"model": "solid", "count": (0, (5, 2)), "flat": (0, (1, 2))}
SVG = "{http://www.w3.org/2000/svg}"
_lock = Lock()  # matplotlib's settings are global


def plots(card: dict[str, Any], language: str) -> dict[str, str]:
    """Return the plots of a card by name, each an SVG element with a title and a description for those who cannot see.

    Parameters
    ----------
    card : dict
        As `risk/skill-card.schema.json` says.
    language : {"fr", "en"}

    Returns
    -------
    dict
        `hit_curve`, `reliability`, `coverage`, `series`; empty where the card abstains before anything was measured.
    """
    if not card["origins"]:
        return {}
    drawings: dict[str, Callable[[Axes, dict[str, Any], str], tuple[str, str]]] = {
        "hit_curve": _hit_curve,
        "reliability": _reliability,
        "coverage": _coverage,
        "series": _series,
    }
    return {name: _draw(draw, card, language) for name, draw in drawings.items()}


def _draw(draw: Callable[[Axes, dict[str, Any], str], tuple[str, str]], card: dict[str, Any], language: str) -> str:
    settings: dict[Any, Any] = {
        "svg.fonttype": "none",
        "svg.hashsalt": draw.__name__,
        "font.family": "sans-serif",
        "font.size": 10,
        "text.color": INK,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "xtick.color": INK,
        "ytick.color": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
    }
    with _lock, mpl.rc_context(settings):
        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        title, said = draw(figure.add_subplot(), card, language)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return _clean(out.getvalue(), draw.__name__.strip("_"), title, said)


def _clean(svg: str, name: str, title: str, said: str) -> str:
    """Return the drawing with attributes for styles, classes for colours, and its alternative text."""
    root = etree.fromstring(svg.encode(), etree.XMLParser(resolve_entities=False, no_network=True))
    for element in list(root.iter(f"{SVG}style", f"{SVG}metadata")):
        element.getparent().remove(element)
    for element in root.iter():
        style = element.attrib.pop("style", "") if isinstance(element.tag, str) else ""
        for part in style.split(";"):
            key, sign, value = (piece.strip() for piece in part.partition(":"))
            if sign:
                _set(element, key, value)
        for key in ("fill", "stroke"):
            if isinstance(element.tag, str) and element.get(key) in CLASSES:
                _set(element, key, element.get(key, ""))
        if isinstance(element.tag, str) and element.get("id"):
            element.set("id", f"{name}-{element.get('id')}")
    text = etree.tostring(root, encoding="unicode")
    text = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", text)
    head = f'<svg class="plot" role="img" aria-labelledby="{name}-title {name}-desc"'
    text = re.sub(r"<svg[^>]*?viewBox", lambda m: _opening(m.group(0), head), text, count=1)
    about = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(said)}</desc>'
    return re.sub(r"(<svg[^>]*>)", lambda m: m.group(1) + about, text, count=1)


def _opening(given: str, head: str) -> str:
    spaces = " ".join(re.findall(r'xmlns(?::\w+)?="[^"]*"', given))
    return f"{head} {spaces} viewBox"


def _set(element: Any, key: str, value: str) -> None:
    if value in CLASSES and key in ("fill", "stroke"):
        element.attrib.pop(key, None)
        element.set("class", " ".join(filter(None, [element.get("class", ""), f"{key}-{CLASSES[value]}"])))
    elif key == "font":
        size = re.search(r"([\d.]+)px", value)
        element.set("font-size", size[1] if size else "10")
    elif re.fullmatch(r"[a-z-]+", key):
        element.set(key, value)


def _hit_curve(axes: Axes, card: dict[str, Any], language: str) -> tuple[str, str]:
    area = 100 * np.array([0.0, *card["hit_curve"]["area"]])
    for name, curve in card["hit_curve"]["hit_rate"].items():
        rate = 100 * np.array([0.0, *curve])
        axes.plot(area, rate, color=COLOURS[name], linestyle=DASHES[name], label=NAMES[language][name], linewidth=2)
    axes.set_xlim(0, 30)
    axes.set_ylim(0, 100)
    words = {
        "fr": ("Surface, %", "Événements réunis, %", "Ce que réunissent les mailles les mieux classées"),
        "en": ("Area, %", "Events held, %", "What the cells ranked first hold"),
    }[language]
    axes.set_xlabel(words[0])
    axes.set_ylabel(words[1])
    axes.legend(loc="lower right", labelcolor=INK)
    at = {name: 100 * model["hit_rate"]["2"]["value"] for name, model in card["models"].items()}
    listed = ", ".join(f"{NAMES[language][name]} {value:.0f} %" for name, value in at.items())
    said = {"fr": f"Dans 2 % de la surface : {listed}.", "en": f"In 2 % of the area: {listed}."}[language]
    return words[2], said


def _reliability(axes: Axes, card: dict[str, Any], language: str) -> tuple[str, str]:
    rows = card["reliability"]
    said, came = (100 * np.array([row[name] for row in rows]) for name in ("said", "came"))
    below, above = (100 * np.array([abs(row["came"] - row[name]) for row in rows]) for name in ("lower", "upper"))
    top = max(float((came + above).max()), float(said.max()), 1.0)
    axes.plot([0, top], [0, top], color=FLAT, linestyle=DASHES["flat"])
    axes.errorbar(said, came, yerr=[below, above], color=MODEL, marker="o", linestyle="none", capsize=3)
    words = {
        "fr": (
            "Probabilité annoncée, %",
            "Part des mailles avec un événement, %",
            "Ce qui est annoncé et ce qui vient",
        ),
        "en": ("Probability said, %", "Share of cells with an event, %", "What is said and what comes"),
    }[language]
    axes.set_xlabel(words[0])
    axes.set_ylabel(words[1])
    listed = "; ".join(f"{x:.1f} → {y:.1f} %" for x, y in zip(said, came, strict=True))
    return words[2], {"fr": f"Annoncé → venu : {listed}.", "en": f"Said → came: {listed}."}[language]


def _coverage(axes: Axes, card: dict[str, Any], language: str) -> tuple[str, str]:
    levels = [50, 80, 90]
    words = {
        "fr": ("Intervalle annoncé, %", "Comptages dedans, %", "Les intervalles tiennent-ils ?", "mailles", "total"),
        "en": ("Interval said, %", "Counts inside, %", "Do intervals hold?", "cells", "city total"),
    }[language]
    axes.plot([40, 100], [40, 100], color=FLAT, linestyle=DASHES["flat"])
    told = []
    for kind, name, colour, marker, aside in (
        ("cells", words[3], MODEL, "o", -0.7),
        ("total", words[4], COUNT, "s", 0.7),
    ):
        found = [card["coverage"][kind][str(level)] for level in levels]
        y = 100 * np.array([part["value"] for part in found])
        error = [y - [100 * part["lower"] for part in found], [100 * part["upper"] for part in found] - y]
        x = np.array(levels) + aside
        axes.errorbar(
            x, y, yerr=np.maximum(error, 0), color=colour, marker=marker, linestyle="none", capsize=3, label=name
        )
        told.append(f"{name} " + ", ".join(f"{level} → {value:.0f} %" for level, value in zip(levels, y, strict=True)))
    axes.set_xlabel(words[0])
    axes.set_ylabel(words[1])
    axes.legend(loc="upper left", labelcolor=INK)
    return words[2], "; ".join(told) + "."


def _series(axes: Axes, card: dict[str, Any], language: str) -> tuple[str, str]:
    rows = card["series"]
    start = np.array([row["start"] for row in rows], dtype="datetime64[s]")
    lower, upper, expected, events = (
        np.array([row[name] for row in rows]) for name in ("lower", "upper", "expected", "events")
    )
    words = {
        "fr": ("Événements par période", "La ville, période après période", "intervalle à 90 %", "attendu", "venu"),
        "en": ("Events a period", "The city, period after period", "90 % interval", "expected", "came"),
    }[language]
    when: Any = start.astype("datetime64[us]").tolist()
    axes.fill_between(when, lower, upper, color=BAND, linewidth=0, label=words[2])
    axes.plot(when, expected, color=MODEL, label=words[3], linewidth=2)
    axes.plot(when, events, color=INK, marker="o", markersize=3.5, linestyle="none", label=words[4])
    axes.set_ylim(bottom=0)
    axes.set_ylabel(words[0])
    axes.xaxis.set_major_locator(mpl.dates.AutoDateLocator(maxticks=6))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(mpl.dates.DateFormatter("%Y-%m"))  # type: ignore[no-untyped-call]
    axes.legend(loc="lower left", ncols=3, labelcolor=INK)
    n = int(((events >= lower) & (events <= upper)).sum())
    said = {
        "fr": f"{n} périodes sur {len(rows)} tombent dans l'intervalle à 90 %.",
        "en": f"{n} of {len(rows)} periods lie in the 90 % interval.",
    }[language]
    return words[1], said
