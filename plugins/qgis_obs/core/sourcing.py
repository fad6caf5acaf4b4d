"""Opening a collection from its record: what a click in the catalogue does in its task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from qgis.core import QgsFeedback, QgsMapLayer

from . import catalogue, coverage, layers, opening
from .errors import Cancelled, PluginError
from .http import Client
from .records import Record


@dataclass(frozen=True)
class Opened:
    """A layer that is ready for the project, and what to dress it with there."""

    layer: QgsMapLayer
    record: Record
    described: catalogue.Described
    opening: opening.Opening
    base: str
    qml: str
    style: dict[str, Any]

    def dress(self) -> str:
        """Style the layer; see `layers.dress`."""
        return layers.dress(self.layer, self.record, base=self.base, qml=self.qml, style=self.style)


def open_record(
    client: Client, record: Record, *, as_raster: bool = False, moment: str = "", feedback: QgsFeedback | None = None
) -> Opened:
    """Return a collection as the layer that suits its size; blocks, call it in a task.

    Parameters
    ----------
    as_raster : bool
        As a Cloud-Optimized GeoTIFF, where the server offers one.
    moment : str
        Only items of this time, RFC 3339; for items whose style names their time.
    """
    base, authcfg = client.server.url, client.server.authcfg
    about = catalogue.describe(client, record.id, feedback)
    kind = opening.choose(about.count, has_tiles=about.has_tiles, spatial=about.spatial)
    qml, style = "", {}
    if as_raster and about.has_coverage:
        chosen = coverage.opened(client, record.id, feedback)
        style = catalogue.mapbox(client, record.id, feedback)
    elif kind == "tiles":
        chosen = opening.tiles(base, record.id, authcfg=authcfg)
        style = catalogue.mapbox(client, record.id, feedback)
    else:
        chosen = opening.items(base, record.id, authcfg=authcfg, window=kind == "window")
        qml = catalogue.qml(client, record.id, feedback)
    layer = layers.make(chosen, record)
    if moment and chosen.provider == "OAPIF":
        layers.narrow(layer, qml, moment)
    layers.adopt(layer)
    return Opened(layer, record, about, chosen, base, qml, style)


def open_all(
    client: Client,
    records: list[Record],
    *,
    as_raster: bool = False,
    moments: Mapping[str, str] | None = None,
    feedback: QgsFeedback,
) -> list[Opened | PluginError]:
    """Return each collection opened, or why it could not be: one that fails does not keep the others away."""
    found: list[Opened | PluginError] = []
    for number, record in enumerate(records):
        if feedback.isCanceled():
            raise Cancelled
        try:
            moment = (moments or {}).get(record.id, "")
            found.append(open_record(client, record, as_raster=as_raster, moment=moment, feedback=feedback))
        except Cancelled:
            raise
        except PluginError as error:
            found.append(error)
        feedback.setProgress(100 * (number + 1) / len(records))
    return found
