"""The parts whose hooks are called have names that can be read."""

import pytest

from observatoire.hooks import manager

pytestmark = pytest.mark.unit


def test_the_built_in_parts_are_named() -> None:
    assert {name for name, _ in manager().list_name_plugin()} >= {"layers", "processes", "sources"}
