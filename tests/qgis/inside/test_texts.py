"""Every word of the plugin is there in French, and nothing in French is left over."""

import ast
import json
import string
from pathlib import Path

import qgis_obs
from qgis_obs.core import texts

FOLDER = Path(qgis_obs.__file__).parent


def said():
    """Return the literals given to `tr`, with the place of each."""
    found = {}
    for path in FOLDER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr" and node.args:
                assert isinstance(node.args[0], ast.Constant), f"{path.name}:{node.lineno}: no literal"
                found[node.args[0].value] = f"{path.name}:{node.lineno}"
    return found


def french():
    found = {}
    for path in (FOLDER / "i18n" / "fr").glob("*.json"):
        words = json.loads(path.read_text(encoding="utf-8"))
        assert not words.keys() & found.keys(), f"{path.name}: said twice"
        found.update(words)
    return found


def fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_is_there_in_french():
    assert {text: where for text, where in said().items() if not french().get(text)} == {}


def test_no_french_text_is_left_over():
    assert french().keys() - said().keys() == set()


def test_both_languages_name_the_same_values():
    assert {text for text, words in french().items() if fields(text) != fields(words)} == set()


def test_the_language_is_that_of_qgis(monkeypatch):
    monkeypatch.setattr(texts.QgsApplication, "locale", staticmethod(lambda: "fr_FR"))
    assert texts.tr("Stopped.") == "Arrêté."
    assert texts.language() == "fr"

    monkeypatch.setattr(texts.QgsApplication, "locale", staticmethod(lambda: "de"))
    assert texts.tr("Stopped.") == "Stopped."
