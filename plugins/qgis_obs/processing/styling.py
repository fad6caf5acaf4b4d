"""Results in the colours that the server names for them, where QGIS adds them to the project."""

from __future__ import annotations

from typing import Any

from qgis.core import (
    QgsMapLayer,
    QgsProcessingContext,
    QgsProcessingFeedback,
    QgsProcessingLayerPostProcessorInterface,
    QgsVectorLayer,
)

from ..core import qml_style
from ..core.http import Client
from ..core.processes import Output

#: QGIS keeps no reference to these: each stays here until its layer has come.
_waiting: set[Dresser] = set()


class Dresser(QgsProcessingLayerPostProcessorInterface):
    """Styles one layer once QGIS has made it, in the thread of the window."""

    def __init__(self, qml: str) -> None:
        super().__init__()
        self.qml = qml
        _waiting.add(self)

    def postProcessLayer(
        self, layer: QgsMapLayer, _context: QgsProcessingContext, feedback: QgsProcessingFeedback
    ) -> None:
        """Style the layer."""
        _waiting.discard(self)
        if isinstance(layer, QgsVectorLayer) and (wrong := qml_style.wear(layer, self.qml)):
            feedback.pushDebugInfo(wrong)


def style_results(
    client: Client, outputs: list[Output], names: dict[str, str], found: dict[str, Any],
    context: QgsProcessingContext, feedback: QgsProcessingFeedback,
) -> None:  # fmt: skip
    """Have the layers that QGIS will add wear the styles of their outputs; reads from the server.

    Parameters
    ----------
    names : dict
        Outputs of the algorithm by those of the process.
    found : dict
        Values of the algorithm's outputs.
    """
    for output in outputs:
        target = found.get(names[output.name])
        if output.style and isinstance(target, str) and context.willLoadLayerOnCompletion(target):
            qml = qml_style.fetch(client, output.style, feedback)
            if qml:
                context.layerToLoadOnCompletionDetails(target).setPostProcessor(Dresser(qml))
