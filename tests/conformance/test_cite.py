"""The OGC's own executable suites on the served small city: those in the folder `OBS_CITE` (see conftest.py)."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Protocol

import pytest

pytestmark = pytest.mark.conformance


class Observatory(Protocol):
    """The fixture `observatory` of tests/conftest.py."""

    url: str


def tool() -> ModuleType:
    path = Path(__file__).parents[2] / "tools" / "cite.py"
    spec = importlib.util.spec_from_file_location("cite", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


CITE = tool()


@pytest.mark.timeout(0)
@pytest.mark.parametrize(("name", "archive"), CITE.archives().items(), ids=str)
def test_a_suite_finds_no_failure(observatory: Observatory, name: str, archive: Path) -> None:
    found = CITE.run(name, archive, f"{observatory.url}/api")
    print(f"{name}: {found.passed} passed; left out: {found.skipped}")

    assert found.failed == {}
    assert found.passed > 0
