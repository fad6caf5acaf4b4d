"""The page of a report: map, legend, scale, and the words without which it must not be shown."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from qgis.core import (
    QgsDateTimeRange,
    QgsExpressionContextUtils,
    QgsFeedback,
    QgsLayoutExporter,
    QgsLayoutItemLabel,
    QgsLayoutItemLegend,
    QgsLayoutItemMap,
    QgsLayoutItemPage,
    QgsLayoutItemScaleBar,
    QgsLayoutPoint,
    QgsLayoutSize,
    QgsLegendStyle,
    QgsMapLayer,
    QgsPrintLayout,
    QgsProject,
    QgsRectangle,
    QgsScaleBarSettings,
    QgsUnitTypes,
    QgsVectorLayer,
)
from qgis.PyQt.QtGui import QFont

from .errors import PluginError
from .texts import tr

MM = QgsUnitTypes.LayoutUnit.LayoutMillimeters
#: A4 landscape, mm: left, top, width, height.
TITLE, MAP, LEGEND = (10, 8, 277, 12), (10, 22, 195, 136), (208, 22, 79, 136)
WORDS, FOOT, SCALE = (10, 160, 277, 10), (10, 171, 277, 33), (14, 146, 60, 10)
NAME = "observatoire"
#: Field of divisions that says of which system they are; empty: the principal one.
SYSTEM = "systeme"
#: Variable of the layout: sentences by the id of the division.
SAID = "obs_said"


def build(
    project: QgsProject,
    layers: list[QgsMapLayer],
    *,
    title: str,
    foot: str,
    extent: QgsRectangle,
    period: QgsDateTimeRange | None = None,
) -> QgsPrintLayout:
    """Return a page of one map, in the project's list of layouts under the name of its title.

    Parameters
    ----------
    layers : list of QgsMapLayer
        The uppermost first.
    foot : str
        HTML, see `report_words.page`.
    extent : QgsRectangle
        In the CRS of the project.
    period : QgsDateTimeRange, optional
        Layers that know their time show this one only: two weeks of forecasts lie on the same cells.
    """
    layout = QgsPrintLayout(project)
    layout.initializeDefaults()
    layout.pageCollection().page(0).setPageSize("A4", QgsLayoutItemPage.Orientation.Landscape)
    layout.setName(f"{NAME}: {title}")
    _label(layout, TITLE, title, size=16, bold=True, id_="title")
    map_ = QgsLayoutItemMap(layout)
    map_.setId("map")
    _put(layout, map_, MAP)
    map_.setFrameEnabled(True)
    map_.setCrs(project.crs())
    map_.setLayers(layers)
    map_.setKeepLayerSet(True)
    map_.setKeepLayerStyles(True)
    # A first extent gives the map its shape; back in its frame, what it shows grows to fill that.
    map_.setExtent(extent)
    map_.attemptResize(QgsLayoutSize(MAP[2], MAP[3], MM))
    map_.zoomToExtent(extent)
    if period is not None:
        map_.setIsTemporal(True)
        map_.setTemporalRange(period)
    _legend(layout, map_, layers)
    _scale(layout, map_)
    _label(layout, WORDS, "", size=9, bold=False, id_="words")
    _label(layout, FOOT, foot, size=8, bold=False, id_="foot", html=True)
    return layout


def by_division(layout: QgsPrintLayout, divisions: QgsVectorLayer, said: Mapping[int, str], name: str) -> None:
    """Make the layout an atlas: a page a division, with its name and what is said of it.

    Where a city is divided in several ways, those of the principal system: they name none.
    """
    atlas = layout.atlas()
    atlas.setCoverageLayer(divisions)
    if divisions.fields().indexOf(SYSTEM) >= 0:
        atlas.setFilterFeatures(True)
        atlas.setFilterExpression(f'"{SYSTEM}" IS NULL')
    atlas.setEnabled(True)
    atlas.setPageNameExpression(f'"{name}"')
    atlas.setSortFeatures(True)
    atlas.setSortExpression(f'"{name}"')
    map_ = layout.itemById("map")
    map_.setAtlasDriven(True)
    map_.setAtlasScalingMode(QgsLayoutItemMap.AtlasScalingMode.Auto)
    map_.setAtlasMargin(0.15)
    title = layout.itemById("title")
    title.setText(f'{title.text()} – [% "{name}" %]')
    texts = json.dumps({str(id_): text for id_, text in said.items()}, ensure_ascii=False)
    QgsExpressionContextUtils.setLayoutVariable(layout, SAID, texts)
    layout.itemById("words").setText(f"[% map_get(from_json(@{SAID}), to_string(@atlas_featureid)) %]")


def export(layout: QgsPrintLayout, path: Path, feedback: QgsFeedback) -> int:
    """Write the layout as PDF, an atlas as one file of several pages; return the number of pages.

    QGIS draws layouts in the thread of the program only: between two pages the caller may look after its events.

    Raises
    ------
    PluginError
        If the file cannot be written, or a page not drawn.
    """
    settings = QgsLayoutExporter.PdfExportSettings()
    settings.dpi = 150
    settings.forceVectorOutput = False
    atlas = layout.atlas()
    part = path.with_name(f".{path.stem}-{os.getpid()}.pdf")
    if atlas.enabled():
        result, said = QgsLayoutExporter.exportToPdf(atlas, str(part), settings, feedback)
        pages = atlas.count()
    else:
        result, said = QgsLayoutExporter(layout).exportToPdf(str(part), settings), ""
        pages = 1
    if result == QgsLayoutExporter.ExportResult.Canceled:
        raise PluginError(tr("Stopped."))
    # QGIS makes a missing folder, and calls it a success where it cannot.
    if result != QgsLayoutExporter.ExportResult.Success or not part.exists():
        raise PluginError(tr("{path}: the report could not be written. {why}", path=path, why=said))
    part.replace(path)
    return pages


def _put(layout: QgsPrintLayout, item, place: tuple[float, float, float, float]) -> None:
    left, top, width, height = place
    layout.addLayoutItem(item)
    item.attemptMove(QgsLayoutPoint(left, top, MM))
    item.attemptResize(QgsLayoutSize(width, height, MM))


def _label(
    layout: QgsPrintLayout, place: tuple[float, float, float, float], text: str, *, size: float, bold: bool, id_: str,
    html: bool = False,
) -> None:  # fmt: skip
    label = QgsLayoutItemLabel(layout)
    label.setId(id_)
    if html:
        label.setMode(QgsLayoutItemLabel.Mode.ModeHtml)
        text = f"<div style='font-family: sans-serif; font-size: {size}pt'>{text}</div>"
    font = QFont()
    font.setPointSizeF(size)
    font.setBold(bold)
    label.setFont(font)
    label.setText(text)
    _put(layout, label, place)


def _legend(layout: QgsPrintLayout, map_: QgsLayoutItemMap, layers: list[QgsMapLayer]) -> None:
    legend = QgsLayoutItemLegend(layout)
    legend.setId("legend")
    legend.setTitle(tr("Legend"))
    legend.setLinkedMap(map_)
    legend.setAutoUpdateModel(False)
    legend.setResizeToContents(False)
    root = legend.model().rootGroup()
    root.clear()
    for layer in layers:
        root.addLayer(layer)
    kinds = QgsLegendStyle.Style
    for kind, size in ((kinds.Title, 10), (kinds.Group, 8), (kinds.Subgroup, 8), (kinds.SymbolLabel, 7)):
        font = QFont(legend.styleFont(kind))
        font.setPointSizeF(size)
        legend.setStyleFont(kind, font)
    legend.setWrapString(" · ")  # between an answer and its skill
    legend.setLegendFilterByMapEnabled(True)
    _put(layout, legend, LEGEND)


def _scale(layout: QgsPrintLayout, map_: QgsLayoutItemMap) -> None:
    bar = QgsLayoutItemScaleBar(layout)
    bar.setStyle("Single Box")
    bar.setLinkedMap(map_)
    bar.setUnits(QgsUnitTypes.DistanceUnit.DistanceMeters)
    bar.setUnitLabel("m")
    bar.setNumberOfSegments(2)
    bar.setNumberOfSegmentsLeft(0)
    # By width, not by metres: each page of an atlas has its own scale.
    bar.setSegmentSizeMode(QgsScaleBarSettings.SegmentSizeMode.SegmentSizeFitWidth)
    bar.setMinimumBarWidth(25)
    bar.setMaximumBarWidth(45)
    bar.setBackgroundEnabled(True)
    layout.addLayoutItem(bar)
    bar.attemptMove(QgsLayoutPoint(SCALE[0], SCALE[1], MM))
