"""The page of connectors is the registry: each is there, with its questions and an example that is read."""

import re
from typing import Any

import pytest
import yaml

from etl.plugin import CONNECTORS
from observatoire.cities import SourceSettings
from observatoire.data import root
from observatoire.intake import credentials
from observatoire.intake.options import make_options
from observatoire.intake.registry import connectors

pytestmark = pytest.mark.unit

PAGE = (root() / "docs" / "connectors.md").read_text("utf-8")
CHAPTERS = dict(re.findall(r"^## ([a-z]+)\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S))


def test_the_page_has_a_chapter_per_connector() -> None:
    assert set(CHAPTERS) == set(connectors()) == {module.CONNECTOR.id for module in CONNECTORS}


@pytest.mark.parametrize("module", CONNECTORS, ids=lambda module: module.CONNECTOR.id)
def test_a_chapter_lists_the_questions_of_its_connector(module: Any) -> None:
    own = {k: v for k, v in getattr(module, "REQUEST", {}).items() if k not in credentials.REQUEST}

    assert re.findall(r"^\| `(\w+)` \| (.*) \|$", CHAPTERS[module.CONNECTOR.id], re.M) == list(own.items())


def test_the_questions_of_all_services_are_listed() -> None:
    common = re.split(r"\n## [a-z]+\n", PAGE)[0]

    assert dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", common, re.M)) == credentials.REQUEST


@pytest.mark.parametrize("module", CONNECTORS, ids=lambda module: module.CONNECTOR.id)
def test_an_example_is_a_source_of_a_city(module: Any) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", CHAPTERS[module.CONNECTOR.id], re.S)

    (source,) = (SourceSettings.model_validate(s) for s in yaml.safe_load(example)["sources"].values())

    assert source.connector == module.CONNECTOR.id
    options = make_options(source.options)
    assert options.request.keys() <= set(getattr(module, "REQUEST", {}))
    assert (source.file is None) == (module.CONNECTOR.read is None)
