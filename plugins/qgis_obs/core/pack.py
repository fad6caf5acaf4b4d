"""Collections in one GeoPackage, with their styles and what is known of them, for work without a network."""

from __future__ import annotations

import tempfile
from datetime import datetime, timezone
from pathlib import Path

from qgis.core import (
    QgsCoordinateTransformContext,
    QgsFeature,
    QgsFeedback,
    QgsVectorFileWriter,
    QgsVectorLayer,
)
from qgis.PyQt.QtXml import QDomDocument

from . import catalogue
from .errors import BadValue, Cancelled, PluginError
from .http import Client
from .records import Record
from .texts import tr

GPKG = "application/geopackage+sqlite3"
#: One collection is at most that large.
LARGEST = 500_000_000
SOURCES = "sources"


def write(client: Client, records: list[Record], path: Path, feedback: QgsFeedback) -> int:
    """Write collections into a new GeoPackage, each as the server hands it out, its style the default one.

    A table `sources` says title, licence, age and address of each. The file appears when it is whole: one that was
    there before is left as it is where anything fails.

    Returns
    -------
    int
        Number of collections.

    Raises
    ------
    PluginError
        If one of them is not offered as a GeoPackage, cannot be fetched, or the file cannot be written.
    """
    if not records:
        raise BadValue(tr("Offline pack: choose at least one collection."))
    try:
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".obs-pack-") as folder:
            whole = Path(folder) / "pack.gpkg"
            for number, record in enumerate(records):
                if feedback.isCanceled():
                    raise Cancelled
                _add(client, record, whole, Path(folder), feedback)
                feedback.setProgress(100 * (number + 1) / len(records))
            _say_where_from(client, records, whole)
            whole.replace(path)
    except OSError as error:
        raise PluginError(tr("{path}: cannot be written. {why}", path=path, why=error.strerror or error)) from None
    return len(records)


def _add(client: Client, record: Record, whole: Path, folder: Path, feedback: QgsFeedback) -> None:
    address = record.link("enclosure", GPKG)
    if not address:
        raise PluginError(tr("{title}: the server offers no GeoPackage of it.", title=record.title))
    fetched = folder / "one.gpkg"
    fetched.write_bytes(client.get(address, accept=GPKG, largest=LARGEST, timeout_s=600, feedback=feedback).body)
    layer = QgsVectorLayer(str(fetched), record.id, "ogr")
    if not layer.isValid():
        raise PluginError(tr("{title}: what the server sent is no GeoPackage.", title=record.title), address)
    _save(layer, record.id, whole)
    style = catalogue.qml(client, record.id, feedback)
    if style:
        _style(whole, record, style)


def _save(layer: QgsVectorLayer, name: str, whole: Path) -> None:
    options = QgsVectorFileWriter.SaveVectorOptions()
    options.driverName, options.layerName, options.fileEncoding = "GPKG", name, "UTF-8"
    if whole.exists():
        options.actionOnExistingFile = QgsVectorFileWriter.ActionOnExistingFile.CreateOrOverwriteLayer
    code, said, *_ = QgsVectorFileWriter.writeAsVectorFormatV3(
        layer, str(whole), QgsCoordinateTransformContext(), options
    )
    if code != QgsVectorFileWriter.WriterError.NoError:
        raise PluginError(tr("{path}: cannot be written. {why}", path=whole.name, why=said))


def _style(whole: Path, record: Record, style: str) -> None:
    layer = QgsVectorLayer(f"{whole}|layername={record.id}", record.title, "ogr")
    document = QDomDocument()
    if layer.isValid() and document.setContent(style)[0]:
        layer.importNamedStyle(document)
        said = layer.saveStyleToDatabase(record.id, record.title, True, "")
        if said:
            raise PluginError(tr("Style of {title}: {why}", title=record.title, why=said))


def _say_where_from(client: Client, records: list[Record], whole: Path) -> None:
    """Add the table `sources`: what is shown without a network must still say where it comes from and how old it is."""
    names = ("collection", "title", "licence", "updated", "checked", "fetched", "server", "simulated")
    layer = QgsVectorLayer("NoGeometry?" + "&".join(f"field={name}:string" for name in names), SOURCES, "memory")
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    rows = []
    for r in records:
        said = (
            r.id, r.title, r.licence, r.updated.isoformat() if r.updated else None,
            r.checked.isoformat() if r.checked else None, now, client.server.url, str(r.simulated).lower(),
        )  # fmt: skip
        feature = QgsFeature(layer.fields())
        feature.setAttributes(list(said))
        rows.append(feature)
    layer.dataProvider().addFeatures(rows)
    _save(layer, SOURCES, whole)
