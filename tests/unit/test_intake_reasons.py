"""Every reason for which a row may be refused is on the page of reasons, and no other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from observatoire.data import root
from observatoire.intake.decisions import STAYS_OUT
from observatoire.intake.firewall.detectors import DETECTORS

pytestmark = pytest.mark.unit

#: Function → the argument in which it is told the reason.
TOLD = {"Rejected": 0, "_refuse": 3, "_typed": 3, "_refused": 2}
REASON = re.compile(r"[a-z]+(?::[a-z]+)?(?:-[a-z]+)*")
SQL = re.compile(r"'id', '([a-z-]+)', 'id: \1'")


def words(tree: ast.expr) -> Iterator[str]:
    """Give the texts that an expression may be; not those that it compares."""
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str) and REASON.fullmatch(tree.value):
        yield tree.value
    elif isinstance(tree, ast.IfExp):
        yield from words(tree.body)
        yield from words(tree.orelse)
    elif isinstance(tree, ast.BoolOp):
        for value in tree.values:
            yield from words(value)


def reasons_in(path: Path) -> Iterator[str]:
    text = path.read_text("utf-8")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in TOLD and len(node.args) > TOLD[name]:
                yield from words(node.args[TOLD[name]])
        if isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] == ["reason"]:
            yield from words(node.value)
    yield from (found[1] for found in SQL.finditer(text))


def test_the_page_lists_the_reasons_of_the_code() -> None:
    page = (root() / "docs" / "loading.md").read_text("utf-8")
    table = page[page.index("| reason | meaning |") :].split("\n\n")[0]
    listed = [word for line in table.splitlines()[2:] for word in re.findall(r"`([a-z:-]+)`", line.split("|")[1])]
    folders = [root() / "observatoire" / "intake", root() / "observatoire" / "store", root() / "etl"]
    files = [path for folder in folders for path in folder.rglob("*.py")]
    found = {reason for path in files for reason in reasons_in(path)}

    known = found | {f"person:{d.kind}" for d in DETECTORS} | {"person:field", STAYS_OUT}

    assert len(listed) == len(set(listed))
    assert set(listed) == known
