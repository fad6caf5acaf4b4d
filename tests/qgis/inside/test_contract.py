"""`core/` knows neither widgets nor the desktop; the plugin needs nothing that QGIS does not bring."""

import ast
import sys
from pathlib import Path

import pytest
import qgis_obs

FOLDER = Path(qgis_obs.__file__).parent


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", sorted((FOLDER / "core").glob("*.py")), ids=lambda path: path.stem)
def test_core_knows_neither_widgets_nor_the_desktop(path):
    names = set(imported(path))

    forbidden = ("qgis.gui", "qgis.utils", "qgis.PyQt.QtWidgets", "..gui", "..processing")
    assert not [name for name in names if name.startswith(forbidden)]
    words = {node.id for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Name)}
    assert "iface" not in words


def test_nothing_is_imported_that_qgis_does_not_bring():
    names = {name for path in FOLDER.rglob("*.py") for name in imported(path) if not name.startswith(".")}
    roots = {name.partition(".")[0] for name in names}

    assert roots <= {*sys.stdlib_module_names, "qgis", "processing"}
    assert not [name for name in names if name.startswith("PyQt")]
