"""What a report must say beside its map: sources with their licence and age, uncertainty, and what reports are not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html import escape

from qgis.core import (
    QgsDateTimeRange,
    QgsFeature,
    QgsFeedback,
    QgsMapLayer,
    QgsSpatialIndex,
    QgsVectorLayer,
    QgsVectorLayerFeatureSource,
)

from . import risk_layers
from .errors import Cancelled
from .layers import COLLECTION, SERVER
from .texts import tr


@dataclass
class Tally:
    """What a layer of forecasts says of one division.

    Attributes
    ----------
    expected : float, events
        Sum over the cells whose middle lies in it.
    cells, silent : int
        Cells, and those without a forecast.
    most : tuple of float or None
        `expected, lower, upper` of the cell where most is expected.
    """

    expected: float = 0.0
    cells: int = 0
    silent: int = 0
    most: tuple[float, float, float] | None = None
    periods: set[str] = field(default_factory=set)

    def words(self) -> str:
        """Return it as a sentence."""
        if not self.cells:
            return tr("No cell of the forecast lies here.")
        if self.cells == self.silent:
            return tr("No forecast here: {cells} cells abstain.", cells=self.cells)
        when = f"{min(self.periods)[:10]} – {max(self.periods)[-10:]}"
        text = tr("Expected {when}: {expected} in {cells} cells, {silent} of them without a forecast.", when=when,
                  expected=f"{self.expected:.1f}", cells=self.cells, silent=self.silent)  # fmt: skip
        if self.most is None:
            return text
        expected, lower, upper = (f"{number:.1f}" for number in self.most)
        highest = tr(
            "Highest cell: {expected} [{lower}; {upper}] with 90 %.", expected=expected, lower=lower, upper=upper
        )
        return f"{text} {highest}"


def sources(layers: Iterable[QgsMapLayer]) -> list[str]:
    """Return a line for each layer that comes from a server or a forecast: title, licence, where from and how old."""
    lines = []
    for layer in layers:
        about = layer.metadata()
        if layer.customProperty(COLLECTION):
            history = "; ".join(about.history()) or str(layer.customProperty(SERVER))
            licence = ", ".join(about.licenses()) or tr("licence not said")
            lines.append(f"{layer.name()} – {history} – {licence}")
        elif layer.customProperty(risk_layers.KIND) in ("weeks", "difference"):
            lines.append(f"{layer.name()} – {tr('computed by the server on request')}")
    return lines


def notes(layers: Iterable[QgsMapLayer]) -> list[str]:
    """Return what the forecasts among the layers say of their skill, none twice."""
    found: dict[str, None] = {}
    for layer in layers:
        if layer.customProperty(risk_layers.KIND) in ("weeks", "difference"):
            for line in layer.metadata().abstract().splitlines():
                if line != risk_layers.caveat():
                    found.setdefault(line)
    return list(found)


def page(layers: list[QgsMapLayer], made: str) -> str:
    """Return the foot of every page as HTML."""
    parts = [f"<b>{tr('Sources')}</b>: " + "; ".join(escape(line) for line in sources(layers))]
    said = notes(layers)
    if said:
        shown = [*said[-2:]] if len(said) > 2 else said
        parts.append(f"<b>{tr('Uncertainty')}</b>: " + " ".join(escape(line) for line in shown))
    parts.append(f"<b>{escape(risk_layers.caveat())}</b>")
    parts.append(tr("Made on {day} with QGIS.", day=made))
    return "<br>".join(parts)


def tally(
    divisions: list[QgsFeature],
    cells: QgsVectorLayerFeatureSource,
    feedback: QgsFeedback,
    *,
    period: QgsDateTimeRange | None = None,
) -> dict[int, Tally]:
    """Return what the forecasts say of each division, by its id; a cell counts where its middle lies.

    Parameters
    ----------
    divisions : list of QgsFeature
        Degrees.
    cells : QgsVectorLayerFeatureSource
        Of a layer of `risk_layers.weeks_layer`; it may be read in a task.
    period : QgsDateTimeRange, optional
        Only forecasts of this time; by default of all.
    """
    found = {feature.id(): Tally() for feature in divisions}
    shapes = {feature.id(): feature.geometry() for feature in divisions}
    index = QgsSpatialIndex()
    for feature in divisions:
        index.addFeature(feature)
    for cell in cells.getFeatures():
        if feedback.isCanceled():
            raise Cancelled
        # Not `overlaps`: QGIS 3.22 says that two weeks that touch overlap.
        if period is not None and (cell["start"] >= period.end() or cell["end"] <= period.begin()):
            continue
        middle = cell.geometry().centroid()
        near = index.intersects(middle.boundingBox())
        home = next((id_ for id_ in sorted(near) if shapes[id_].contains(middle)), None)
        if home is not None:
            _count(found[home], cell)
    return found


def last_period(layer: QgsVectorLayer) -> QgsDateTimeRange:
    """Return the last period of a layer of forecasts."""
    names = layer.fields()
    start, end = (layer.maximumValue(names.indexOf(name)) for name in ("start", "end"))
    return QgsDateTimeRange(start, end, True, False)


def _count(tally_: Tally, cell: QgsFeature) -> None:
    tally_.cells += 1
    tally_.periods.add(str(cell["period"]))
    numbers = [cell[name] for name in ("expected", "lower", "upper")]
    if any(not isinstance(number, (int, float)) for number in numbers):
        tally_.silent += 1
        return
    tally_.expected += numbers[0]
    if tally_.most is None or numbers[0] > tally_.most[0]:
        tally_.most = (numbers[0], numbers[1], numbers[2])
