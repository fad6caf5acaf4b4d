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
    # pytest-qgis keeps the profile under the root: two runs must not share it.
    options = ["-q", "-p", "no:cacheprovider", "-c", os.devnull, f"--confcutdir={INSIDE}", f"--rootdir={tmp_path}"]

    done = subprocess.run(
        [PYTHON, "-X", "faulthandler", "-m", "pytest", *options, INSIDE],
        env=environment, capture_output=True, text=True, timeout=500,
    )  # fmt: skip

    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[:3000]}"
