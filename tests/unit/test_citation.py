"""What a researcher cites is what runs: CITATION.cff, the package's version, the protocol's number."""

import tomllib
from pathlib import Path

import pytest
import yaml

from observatoire.risk.protocol import VERSION

pytestmark = pytest.mark.unit


def test_the_citation_names_this_version_its_licence_and_the_frozen_protocol() -> None:
    cited = yaml.safe_load(Path("CITATION.cff").read_text("utf-8"))
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]

    assert (cited["cff-version"], cited["type"]) == ("1.2.0", "software")
    assert (cited["version"], cited["license"]) == (project["version"], project["license"])
    assert [author["name"] for author in cited["authors"]] == [author["name"] for author in project["authors"]]
    assert VERSION in cited["message"]
    assert f"`{VERSION}`" in Path("docs/bench-forecast.md").read_text("utf-8")
