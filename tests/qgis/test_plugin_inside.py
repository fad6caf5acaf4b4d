"""The plugin, seen from inside QGIS: `inside/` holds tests that QGIS's own Python runs, as one program."""

import os
import subprocess
from pathlib import Path

import pytest

from observatoire.data import root

pytestmark = pytest.mark.qgis

PYTHON = root() / ".venv-qgis" / "bin" / "python"
INSIDE = Path(__file__).parent / "inside"


def test_the_plugin_passes_its_tests_inside_qgis(tmp_path: Path) -> None:
    if not PYTHON.exists():
        pytest.skip("no .venv-qgis: make setup")
    tmp_path.chmod(0o700)
    folders = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"), str(tmp_path))
    # QGIS embeds the Python that it finds first on the path.
    environment = folders | {"PATH": "/usr/bin:/bin", "QT_QPA_PLATFORM": "offscreen", "PYTHONDONTWRITEBYTECODE": "1"}
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, f"--confcutdir={INSIDE}", f"--rootdir={INSIDE}"]

    # QGIS itself was seen to abort once in many runs, between tests: not yet understood. A second abort is a failure.
    for _ in range(2):
        done = subprocess.run(
            [PYTHON, "-X", "faulthandler", "-m", "pytest", *options, INSIDE],
            env=environment, capture_output=True, text=True, timeout=500,
        )  # fmt: skip
        if done.returncode >= 0:
            break
        print(f"QGIS ended by signal {-done.returncode}:\n{done.stderr[:3000]}")

    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[:3000]}"
