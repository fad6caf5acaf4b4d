"""Fixtures of the conformance tests: the OGC's material for CQL2, and an evaluator of filters independent of ours."""

import importlib.util
import json
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

#: The OGC's executable suites are run where they are installed; they are in no registry that our CI reaches.
collect_ignore = [] if os.environ.get("OBS_CITE") else ["test_cite.py"]


@pytest.fixture(scope="session")
def ogc() -> Path:
    """The folder of the OGC's test material, under `OBS_DATA`."""
    assert "OBS_DATA" in os.environ, "OBS_DATA is not set: the OGC's material is not in this repository"
    return Path(os.environ["OBS_DATA"]) / "ogc"


@pytest.fixture(scope="session")
def oracle() -> ModuleType:
    """The module `cql2_oracle.py` beside this file."""
    path = Path(__file__).with_name("cql2_oracle.py")
    spec = importlib.util.spec_from_file_location("cql2_oracle", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def full() -> bool:
    """Whether proofs run at their full counts."""
    return os.environ.get("OBS_PROVE") == "full"


def _normal(node: Any) -> Any:
    """Two trees of one filter are equal in this form: AND and OR flat, numbers floats, fractions of a second short."""
    match node:
        case dict():
            found = {key: _normal(value) for key, value in node.items()}
            if "op" in found:
                found["op"] = found["op"].lower()
            if found.get("op") in ("and", "or"):
                nested = [
                    a["args"] if isinstance(a, dict) and a.get("op") == found["op"] else [a] for a in found["args"]
                ]
                found["args"] = [leaf for leaves in nested for leaf in leaves]
            return found
        case list():
            return [_normal(n) for n in node]
        case int() | float() if not isinstance(node, bool):
            return float(node)
        case str() if node.endswith("Z"):
            return node.replace(".000000Z", "Z")
    return node


@pytest.fixture(scope="session")
def normal() -> Any:
    """Return the function that brings a filter's tree to a form in which trees can be compared."""
    return lambda node: json.dumps(_normal(node), sort_keys=True)
