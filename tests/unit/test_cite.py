"""The runner of the OGC's suites, on a stand-in for Java; and the summary by conformance class."""

import asyncio
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from observatoire.caller import Caller
from observatoire.cities import city

pytestmark = pytest.mark.unit

RESULTS = """<?xml version="1.0" encoding="UTF-8"?>
<testng-results skipped="1" failed="1" passed="2"><suite name="s"><test name="Core">
<class name="org.opengis.cite.ogcapifeatures10.Landing">
<test-method status="PASS" name="before" is-config="true"/>
<test-method status="PASS" name="root"/>
<test-method status="PASS" name="links"/>
<test-method status="FAIL" name="title"><exception class="x"><message><![CDATA[ no title ]]></message></exception>
</test-method>
<test-method status="SKIP" name="html"/>
</class></test></suite></testng-results>"""
JAVA = """#!/bin/sh
[ "$1" = -Dx=y ] && shift
[ "$1" = -jar ] && [ "$3" = -o ] || exit 2
grep -q '<entry key="iut">http://127.0.0.1:5000/api/</entry>' "$5" || exit 3
mkdir -p "$4/testng/x"
cp "$(dirname "$2")/given.xml" "$4/testng/x/testng-results.xml"
"""


def tool(name: str) -> ModuleType:
    path = Path(__file__).parents[2] / "tools" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"tool_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_verdict_of_a_suite_is_read_from_its_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its exit code says nothing; what prepares a test is none."""
    cite = tool("cite")
    (tmp_path / "java").write_text(JAVA)
    (tmp_path / "java").chmod(0o755)
    (tmp_path / "given.xml").write_text(RESULTS)
    (tmp_path / "ets-ogcapi-features10-1.9-aio.jar").touch()
    (tmp_path / "other-aio.jar").touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("OBS_CITE", str(tmp_path))

    ((name, archive),) = cite.archives().items()
    found = cite.run(name, archive, "http://127.0.0.1:5000/api", options=["-Dx=y"])

    assert name == "ets-ogcapi-features10"
    assert found.passed == 2
    assert found.failed == {"Landing.title": "no title"}
    assert found.skipped == {"Landing.html": "no reason given"}


def test_a_suite_without_results_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cite = tool("cite")
    (tmp_path / "java").write_text("#!/bin/sh\necho broken\n")
    (tmp_path / "java").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    with pytest.raises(RuntimeError, match="broken"):
        cite.run("ets-ogcapi-features10", tmp_path / "x.jar", "http://127.0.0.1:5000/api")


def test_the_summary_counts_by_conformance_class(tmp_path: Path) -> None:
    conformance = tool("conformance")
    cases = [("items", "test_core_http", ""), ("items", "test_core_fc_links[x]", "<failure message='two\nlines'/>"),
             ("crs", "test_crs_crs_uri", "<skipped message='no'/>")]  # fmt: skip
    (tmp_path / "r.xml").write_text(
        "<testsuites><testsuite>"
        + "".join(
            f"<testcase classname='tests.conformance.features.test_features_{file}' name='{name}'>{what}</testcase>"
            for file, name, what in cases
        )
        + "</testsuite></testsuites>"
    )

    lines = conformance.summary(tmp_path / "r.xml").splitlines()

    assert [line.split() for line in lines[1:3]] == [
        ["Features", "1:", "Core", "1", "1", "0"],
        ["Features", "2:", "CRS", "by", "reference", "0", "0", "1"],
    ]
    assert lines[3:] == ["  failed: test_core_fc_links[x]: two lines", "  left out: test_crs_crs_uri: no"]


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ({"core_tc_op[a]": "", "core_tc_op[b]": ""}, "passed"),
        ({"core_tc_op[a]": "", "core_tc_op[b]": "<failure message='x'/>"}, "failed"),
        ({"core_tc_op": "<skipped message='x'/>"}, "left out"),
        ({}, "not run"),
    ],
)
def test_an_abstract_test_passed_where_all_that_shows_it_passed(
    tmp_path: Path, outcomes: dict[str, str], said: str
) -> None:
    cases = "".join(
        f"<testcase classname='tests.conformance.test_tiles_ats' name='test_{name}'>{what}</testcase>"
        for name, what in outcomes.items()
    )
    (tmp_path / "r.xml").write_text(f"<testsuites><testsuite>{cases}</testsuite></testsuites>")

    lines = tool("conformance").abstract_tests(tmp_path / "r.xml").splitlines()

    (line,) = (line for line in lines if "/conf/core/tc-op " in line)
    assert line.split("/")[0].strip() == said
    assert lines[-1] == f"Tiles 1 (OGC 20-057): {int(said == 'passed')} of 27 abstract tests passed"


def test_each_listed_abstract_test_is_shown_by_tests_that_exist() -> None:
    """Processes 1 has 82 in its annex and one more for its default outputs."""
    conformance = tool("conformance")
    listed = yaml.safe_load(conformance.LISTED.read_text("utf-8"))
    folder = conformance.LISTED.parent

    for known in listed.values():
        for names in known["tests"].values():
            for file, _, name in (each.partition("::") for each in conformance.full_names(known["file"], names)):
                assert f"\ndef test_{name}(" in next(folder.rglob(f"{file}.py")).read_text("utf-8"), name

    assert [len(known["tests"]) for known in listed.values()] == [44, 10, 83, 27]


def test_the_process_made_for_the_suite_has_an_input_of_each_kind_that_it_looks_for() -> None:
    """Text first, with its media type; then one of several types, an array, a box, the pause; and as many outputs."""
    path = Path(__file__).parents[1] / "conformance" / "suite_echo.py"
    spec = importlib.util.spec_from_file_location("suite_echo", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ((echo,),) = (module.plugin.obs_processes(),)
    described = echo.describe("en")
    schemas = {name: one["schema"] for name, one in described["inputs"].items()}
    given = {
        "message": "teststring", "mixed": {"a": 1}, "numbers": [1, 2, 3],
        "box": {"bbox": [51.9, 7, 52, 7.1], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"},
    }  # fmt: skip

    results = asyncio.run(echo(Caller("public", city())).execute(given))
    least = asyncio.run(echo(Caller("public", city())).execute({"message": "teststring"}))

    assert list(schemas) == ["message", "mixed", "numbers", "box", "pause"]
    assert schemas["message"] == {"type": "string", "contentMediaType": "text/plain"}
    assert schemas["mixed"]["oneOf"] == [{"type": "string"}, {"type": "object"}]
    assert schemas["numbers"]["items"] == {"type": "integer"}
    assert [one["format"] for one in schemas["box"]["allOf"]] == ["ogc-bbox"]
    assert list(described["outputs"]) == list(given)
    assert json.loads(results["box"]) == {"bbox": given["box"]["bbox"]}
    assert [json.loads(results[name]) for name in ("message", "mixed", "numbers")] == list(given.values())[:3]
    assert least.keys() == results.keys()


def test_no_suite_is_given_an_address_that_it_would_spoil() -> None:
    """Those for Processes and Tiles append `/conformance` to the landing page: no slash may be there yet."""
    cite = tool("cite")

    told = {name: words["iut"].format(url="http://h/api") for name, words in cite.SUITES.items()}
    template = cite.SUITES["ets-ogcapi-tiles10"]["urltemplatefortiles"].format(url="http://h/api")

    assert told["ets-ogcapi-processes10"] == told["ets-ogcapi-tiles10"] == "http://h/api"
    assert template.endswith("/tiles/WebMercatorQuad/{tileMatrix}/{tileRow}/{tileCol}")
