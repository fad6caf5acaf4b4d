"""What a server, a worker and a command load when they start."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.unit

#: Each takes from half a second to several to load; children, and whoever needs them, load them late.
HEAVY = {"sklearn", "matplotlib", "ortools", "networkx", "rio_cogeo", "dask"}


@pytest.mark.parametrize(
    "code",
    [
        "import observatoire.server.app; from observatoire.server.registry import registry; registry()",
        "import observatoire.jobs.worker; from observatoire.server.registry import registry; registry()",
        "import observatoire.cli",
    ],
    ids=["server", "worker", "command"],
)
def test_nothing_heavy_is_loaded_at_the_start(code: str) -> None:
    show = f"{code}; import sys; print(*sorted({HEAVY!r} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True)

    assert done.stdout.split() == []
