"""The results of a job as layers, read away from the GUI's thread and made in it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from qgis.core import QgsFeedback, QgsMapLayer, QgsRasterLayer

from . import qml_style
from .features import Table, of_geojson, rows_of
from .http import Client
from .jobs import Job, results
from .processes import read_process
from .results import Result, read_results


@dataclass(frozen=True)
class Loaded:
    """One output.

    Attributes
    ----------
    name : str
        Of the layer to be.
    table : Table or None
        Rows, with or without geometries.
    path : str
        A file: a raster, or what QGIS does not show by itself.
    text : str
        Anything else, for the user to read.
    qml : str
        The style of the rows, where the server names one.
    """

    name: str
    table: Table | None = None
    path: str = ""
    text: str = ""
    qml: str = ""

    def layer(self) -> QgsMapLayer | None:
        """Return the layer; None where it is none."""
        if self.table is not None:
            layer = self.table.layer(self.name)
            if self.qml:
                qml_style.wear(layer, self.qml)
            return layer
        if self.path:
            raster = QgsRasterLayer(self.path, self.name, "gdal")
            return raster if raster.isValid() else None
        return None


def load(client: Client, job: Job, feedback: QgsFeedback | None = None) -> list[Loaded]:
    """Return what a successful job gave; blocks, call it in a task."""
    process = read_process(client.get_json(f"processes/{quote(job.process, safe='')}", feedback=feedback))
    answer = results(client, job, feedback=feedback)
    found = read_results(client, answer, list(process.outputs), feedback=feedback)
    outputs = {output.name: output for output in process.outputs}
    styles = {name: qml_style.fetch(client, one.style, feedback) for name, one in outputs.items() if one.style}
    titles = {name: one.title for name, one in outputs.items()}
    return [_loaded(titles.get(name, name), name, result, styles.get(name, "")) for name, result in found.items()]


def _loaded(title: str, name: str, result: Result, qml: str) -> Loaded:
    if not result.is_json:
        with tempfile.NamedTemporaryFile(prefix=f"obs-{name}-", suffix=f".{result.extension}", delete=False) as file:
            file.write(result.as_bytes())
        return Loaded(title, path=file.name, text="" if result.extension == "tif" else str(Path(file.name)))
    said = result.value
    if isinstance(said, dict) and (said.get("type") in ("FeatureCollection", "Feature") or "coordinates" in said):
        return Loaded(title, of_geojson(said, name), qml=qml)
    rows = rows_of(said)
    if rows:
        return Loaded(title, Table(rows))
    return Loaded(title, text=said if isinstance(said, str) else json.dumps(said, ensure_ascii=False))
