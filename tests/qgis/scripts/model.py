"""Writes a model: what its input `words` says goes through `obs:echo` twice. Arguments: where, plugins, server."""

import json
import os
import sys

from session import start

application = start("")
sys.path.insert(0, sys.argv[2])
os.environ["OBS_URL"] = sys.argv[3]

from qgis.core import (  # noqa: E402
    QgsProcessingModelAlgorithm,
    QgsProcessingModelChildAlgorithm,
    QgsProcessingModelChildParameterSource,
    QgsProcessingModelParameter,
    QgsProcessingParameterString,
)
from qgis_obs.plugin import Plugin  # noqa: E402

plugin = Plugin(None)
plugin.initProcessing()
model = QgsProcessingModelAlgorithm("echoes", "tests")
model.addModelParameter(QgsProcessingParameterString("words", "Words"), QgsProcessingModelParameter("words"))
names = []
source = QgsProcessingModelChildParameterSource.fromModelParameter("words")
for _ in range(2):
    child = QgsProcessingModelChildAlgorithm("obs:echo")
    child.addParameterSources("message", [source])
    names.append(model.addChildAlgorithm(child))
    source = QgsProcessingModelChildParameterSource.fromChildOutput(names[-1], "echo")
print(
    json.dumps({"written": model.toFile(sys.argv[1]), "valid": model.childAlgorithm(names[0]).algorithm() is not None})
)
