"""Small drawings: what a word says, seen from afar. They are never alone, and say nothing to a screen reader."""

from markupsafe import Markup

#: Paths on a field of 24 by 24, drawn by their outline.
_PATHS = {
    "signalements": "M5 21V4h11l-2 4 2 4H5",
    "chantiers": "M3 20h18M8 20 12 4l4 16M7 14h10",
    "evenements": "M4 6h16v14H4zM4 10h16M8 3v5M16 3v5",
    "depot-sauvage": "M6 8h12l-1 13H7zM4 8h16M9 8V4h6v4",
    "ordures": "M5 9h14l-2 12H7zM4 5h16v4H4z",
    "vegetation": "M12 21V10M12 12C6 12 5 8 5 4c5 0 7 3 7 8zM12 15c5 0 7-3 7-7-4 0-7 2-7 7z",
    "nuisibles": "M8 13a4 4 0 0 1 8 0v3a4 4 0 0 1-8 0zM12 9V6M9 4l3 2 3-2M3 12h5M16 12h5M4 19l4-2M20 19l-4-2",
    "tag": "M9 10h6v11H9zM10 10V7h4v3M12 7V4M16 4h1M18 7h1M17 2h1",
    "bruit": "M4 10v4h4l5 4V6l-5 4zM16 9a4 4 0 0 1 0 6M19 6a8 8 0 0 1 0 12",
    "eclairage": "M9 18h6M10 21h4M8 14a6 6 0 1 1 8 0c-1 1-1 2-1 4H9c0-2 0-3-1-4z",
    "voirie": "M8 21 10 3M16 21 14 3M12 5v3M12 11v3M12 17v3",
    "vehicule-epave": "M4 17v-5l2-5h12l2 5v5zM4 12h16M7 17v2M17 17v2",
    "autre": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 8v5M12 16v.5",
    "place": "M12 21s7-6 7-11a7 7 0 0 0-14 0c0 5 7 11 7 11zM12 8a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z",
    "quarter": "M4 20V10l6-5 6 5v10zM16 20V8h4v12M9 20v-5h2v5",
    "follow": "M4 12l5 5L20 6",
    "emergency": "M12 3 2 20h20zM12 10v5M12 17v.5",
}  # fmt: skip


def icon(name: str) -> Markup:
    """Return a drawing as SVG; a flag where there is none of that name."""
    path = _PATHS.get(name, _PATHS["signalements"])
    return Markup(f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true"><path d="{path}"/></svg>')  # noqa: S704 (ours)
