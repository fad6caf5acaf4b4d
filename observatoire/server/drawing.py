"""What may be drawn, and how: the style of each collection, and the maps of `layers/presets.yml`."""

from dataclasses import dataclass

from observatoire.errors import NotFound
from observatoire.layers.map_style import Frame, Part
from observatoire.layers.maplibre import seen_by
from observatoire.layers.model import Audience, Layer
from observatoire.layers.presets import presets
from observatoire.server.coverage.bands import gridded
from observatoire.server.state import State
from observatoire.text import Text
from observatoire.tiles.pyramid import WEB_MERCATOR_QUAD


@dataclass(frozen=True)
class Drawing:
    """A style, as one audience may see it.

    Attributes
    ----------
    layer : Layer, optional
        The collection whose style it is; None for a map of several.
    """

    id: str
    title: Text
    description: Text
    parts: tuple[Part, ...]
    layer: Layer | None = None


def frame(state: State) -> Frame:
    """Return where the tiles of a map are."""
    return Frame(state.base, state.city.extent, WEB_MERCATOR_QUAD.deepest)


def names(state: State, audience: Audience) -> list[tuple[str, Text, Text]]:
    """Return name, title and description of all styles that an audience may see: maps, then collections."""
    visible = state.visible(audience)
    maps = [(n, p.title, p.description) for n, p in presets().items() if p.seen_by(audience, visible)]
    return maps + [(layer.id, layer.title, layer.description) for layer in visible.values()]


async def drawing(state: State, audience: Audience, name: str) -> Drawing:
    """Return a style by its name.

    Raises
    ------
    NotFound
        If there is none of that name that `audience` may see: the same answer for both.
    """
    visible = state.visible(audience)
    if (layer := visible.get(name)) is not None:
        part = await _part(state, audience, layer, newest=gridded(layer))
        return Drawing(name, layer.title, layer.description, (part,), part.layer)
    preset = presets().get(name)
    shown = preset.seen_by(audience, visible) if preset else []
    if preset is None or not shown:
        raise NotFound("no such style")
    parts = [
        await _part(state, audience, layer, newest=how.newest, from_zoom=how.from_zoom) for layer, how in shown
    ]  # fmt: skip
    return Drawing(name, preset.title, preset.description, tuple(parts))


async def _part(state: State, audience: Audience, layer: Layer, *, newest: bool, from_zoom: int = 0) -> Part:
    moment = None
    if newest:
        times = await state.extents.of(layer, audience, await state.versions.of(layer.id))
        moment = times[1] if times else None
    return Part(seen_by(layer, audience), from_zoom, moment)
