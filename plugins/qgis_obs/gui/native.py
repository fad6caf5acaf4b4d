"""Where our own widget does not serve (models, batches), QGIS's own for the same parameter."""

from __future__ import annotations

from typing import Any

from qgis.gui import QgsGui, QgsProcessingGui


def native_wrapper(parameter: Any, dialog: Any) -> Any:
    """Return QGIS's wrapper for the model designer and for batches; None for a plain form."""
    registry, kind = QgsGui.processingGuiRegistry(), type(dialog).__name__
    if kind == "ModelerParametersDialog":
        found = registry.createModelerParameterWidget(dialog.model, dialog.childId, parameter, dialog.context)
    elif kind == "BatchAlgorithmDialog":
        found = registry.createParameterWidgetWrapper(parameter, QgsProcessingGui.WidgetType.Batch)
    else:
        return None
    if found is not None:
        found.setDialog(dialog)
    return found
