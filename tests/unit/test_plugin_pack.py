"""The QGIS plugin as a zip: the project's version, nothing that does not belong there, the same bytes each time."""

import ast
import io
import json
import re
import zipfile
from configparser import RawConfigParser

import pytest

from observatoire import __version__, plugin_pack
from observatoire.plugin_pack import NAME, SUFFIXES, changelog, folder, metadata, packed, sources

pytestmark = pytest.mark.unit


def test_the_zip_holds_the_sources_below_one_folder_and_is_the_same_each_time() -> None:
    body = packed()
    archive = zipfile.ZipFile(io.BytesIO(body))

    names = archive.namelist()
    assert names == [f"{NAME}/{path.relative_to(folder()).as_posix()}" for path in sources()]
    assert {f"{NAME}/__init__.py", f"{NAME}/metadata.txt", f"{NAME}/LICENSE"} <= set(names)
    assert not [path for path in sources() if path.suffix not in SUFFIXES]
    assert packed() == body


def test_there_is_one_version_number() -> None:
    parser = RawConfigParser()
    parser.read_string(zipfile.ZipFile(io.BytesIO(packed())).read(f"{NAME}/metadata.txt").decode())

    assert parser["general"]["version"] == __version__
    assert parser["general"]["supportsqt6"] == "True"
    assert metadata()["hasProcessingProvider"] == "yes"


def test_the_change_log_names_what_concerns_qgis() -> None:
    items = [line for line in changelog().splitlines() if line.strip().startswith("-")]

    assert items
    assert all(re.search(r"QGIS|plugin", line, re.I) for line in items)


@pytest.mark.parametrize("path", [p for p in sources() if p.suffix == ".py"], ids=lambda path: path.stem)
def test_the_code_is_python_of_qgis_3_22_on_windows(path: object) -> None:
    """It brings Python 3.9."""
    ast.parse(path.read_text("utf-8"), feature_version=(3, 9))  # type: ignore[attr-defined]


def test_the_words_are_json() -> None:
    for path in (folder() / "i18n").rglob("*.json"):
        words = json.loads(path.read_text("utf-8"))
        assert all(isinstance(text, str) and text for text in words.values()), path.name


def test_who_publishes_it_stands_in_the_zip_as_the_package_declares_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is invented: what `pyproject.toml` does not say is not there."""
    said = {"email": "team@obs.example", "tracker": "https://code.example/obs/issues"}
    monkeypatch.setattr(plugin_pack, "publisher", lambda: said)

    parser = RawConfigParser()
    parser.read_string(zipfile.ZipFile(io.BytesIO(packed())).read(f"{NAME}/metadata.txt").decode())

    assert said.items() <= dict(parser["general"]).items()
    assert "repository" not in parser["general"]
