"""Run the tests of standards and print, by conformance class, what passed, failed and was left out, and why.

Then, for each standard that the OGC has an executable suite for, its abstract tests one by one.
"""

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET  # our own file, written a moment before
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
#: Abstract tests of each standard, and the tests that show them.
LISTED = ROOT / "tests" / "conformance" / "abstract_tests.yml"
#: Conformance class by file and beginning of a test's name, the first that fits.
CLASSES = [
    ("test_features_discovery", "", "Features 1: Core"),
    ("test_features_items", "", "Features 1: Core"),
    ("test_features_encodings", "geojson_", "Features 1: GeoJSON"),
    ("test_features_encodings", "html_", "Features 1: HTML"),
    ("test_features_encodings", "oas30_", "Features 1: OpenAPI 3.0"),
    ("test_features_crs", "", "Features 2: CRS by reference"),
    ("test_filter_ats", "filter_", "Features 3: Filter, Features Filter"),
    ("test_filter_ats", "queryables_", "Features 3: Queryables as Query Parameters"),
    ("test_schemas_ats", "schemas_", "Features 5: Schemas"),
    ("test_schemas_ats", "advanced_", "Features 5: Advanced property roles"),
    ("test_schemas_ats", "returnables_", "Features 5: Returnables"),
    ("test_schemas_ats", "sortables_", "Features 5: Sortables"),
    ("test_cql2_ats", "", "CQL2: abstract tests, examples"),
    ("test_cql2_oracle", "", "CQL2: random filters against an evaluator"),
    ("test_processes_discovery", "", "Processes 1: Core"),
    ("test_processes_execution", "", "Processes 1: Core, execution"),
    ("test_processes_results", "", "Processes 1: Core, results"),
    ("test_processes_descriptions", "ogc_", "Processes 1: OGC Process Description"),
    ("test_processes_descriptions", "", "Processes 1: JSON, HTML, OpenAPI 3.0"),
    ("test_processes_jobs", "job_list_", "Processes 1: Job list"),
    ("test_processes_jobs", "", "Processes 1: Callback, Dismiss"),
    ("test_tiles_ats", "core_", "Tiles 1: Core"),
    ("test_tiles_ats", "tileset", "Tiles 1: Tileset, Tilesets list"),
    ("test_tiles_ats", "dataset_", "Tiles 1: Dataset tilesets"),
    ("test_tiles_ats", "geodata_", "Tiles 1: Geodata tilesets"),
    ("test_tiles_ats", "collections_selection_", "Tiles 1: Collections selection"),
    ("test_tiles_ats", "datetime_", "Tiles 1: DateTime"),
    ("test_tiles_ats", "mvt_", "Tiles 1: Mapbox Vector Tiles"),
    ("test_tiles_ats", "oas30_", "Tiles 1: OpenAPI 3.0"),
    ("test_records_ats", "record_core_query_parameters_", "Records 1: Query parameters"),
    ("test_records_ats", "record_core_", "Records 1: Record core"),
    ("test_records_ats", "record_collection_", "Records 1: Record collection"),
    ("test_records_ats", "searchable_catalog_", "Records 1: Searchable catalogue"),
    ("test_records_ats", "json_", "Records 1: JSON"),
    ("test_fuzz", "", "Answers as the OpenAPI document says"),
    ("test_cite", "", "CITE: the OGC's executable suites"),
]


def class_of(file: str, test: str) -> str:
    """Return the conformance class of a test; its file where none is named.

    Examples
    --------
    >>> class_of("tests.conformance.features.test_features_items", "test_core_http")
    'Features 1: Core'
    >>> class_of("tests.conformance.test_other", "test_x")
    'test_other'
    """
    stem = file.rsplit(".", 1)[-1]
    name = test.removeprefix("test_")
    return next((title for f, start, title in CLASSES if f == stem and name.startswith(start)), stem)


def summary(results: Path) -> str:
    """Return the table of a run, and the reasons of what did not pass."""
    rows: dict[str, Counter[str]] = defaultdict(Counter)
    reasons: list[str] = []
    for case in ET.parse(results).getroot().iter("testcase"):
        row = rows[class_of(case.get("classname", "?"), case.get("name", "?"))]
        word = _outcome(case)
        row[word] += 1
        for found in (each for each in case if each.tag in ("failure", "error", "skipped")):
            reasons.append(f"  {word}: {case.get('name')}: {_first_line(found.get('message', ''))}")
    order = {title: i for i, (_, _, title) in enumerate(CLASSES)}
    lines = [f"{'conformance class':46}{'passed':>8}{'failed':>8}{'left out':>10}"]
    for title, row in sorted(rows.items(), key=lambda item: (order.get(item[0], 99), item[0])):
        lines.append(f"{title:46}{row['passed']:8}{row['failed']:8}{row['left out']:10}")
    return "\n".join([*lines, *reasons])


def abstract_tests(results: Path) -> str:
    """Return, by standard, its abstract tests: how many were shown in a run, then each with what came of it."""
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    for case in ET.parse(results).getroot().iter("testcase"):
        file = case.get("classname", "?").rsplit(".", 1)[-1]
        name = case.get("name", "?").partition("[")[0].removeprefix("test_")
        outcomes[f"{file}::{name}"][_outcome(case)] += 1
    listed: dict[str, dict[str, Any]] = yaml.safe_load(LISTED.read_text("utf-8"))
    heads, lines = [], []
    for standard, known in listed.items():
        states = {}
        for identifier, names in known["tests"].items():
            shown = [outcomes[each] for each in full_names(known["file"], names)]
            states[identifier] = _state(shown)
            count = sum(each.total() for each in shown)
            lines.append(f"  {states[identifier]:9} {identifier:58} {count:4}  {', '.join(_list(names))}")
        passed = sum(state == "passed" for state in states.values())
        heads.append(f"{standard}: {passed} of {len(states)} abstract tests passed")
        lines.insert(len(lines) - len(states), heads[-1])
    return "\n".join([*lines, "", *heads])


def full_names(file: str, names: str | list[str]) -> list[str]:
    """Return tests as file::name.

    Examples
    --------
    >>> full_names("test_tiles_ats", ["core_tc_op", "test_fuzz::x"])
    ['test_tiles_ats::core_tc_op', 'test_fuzz::x']
    """
    return [name if "::" in name else f"{file}::{name}" for name in _list(names)]


def _list(names: str | list[str]) -> list[str]:
    return [names] if isinstance(names, str) else names


def _outcome(case: ET.Element) -> str:
    kinds = {"failure": "failed", "error": "failed", "skipped": "left out"}
    return next((word for kind, word in kinds.items() if case.find(kind) is not None), "passed")


def _state(shown: list[Counter[str]]) -> str:
    """Return what came of an abstract test: passed where each of its tests ran, and all of them passed."""
    if any(each["failed"] for each in shown):
        return "failed"
    if any(each["left out"] for each in shown):
        return "left out"
    return "passed" if all(each["passed"] for each in shown) else "not run"


def _first_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)[:200]


def main() -> int:
    """Run, print, return pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder, "results.xml")
        command = [sys.executable, "-m", "pytest", "-q", "tests/conformance", f"--junitxml={results}", *sys.argv[1:]]
        done = subprocess.run(command, check=False, cwd=ROOT)
        if results.exists():
            print(f"\n{summary(results)}\n\n{abstract_tests(results)}")
    if not os.environ.get("OBS_CITE"):
        print("CITE: not run. OBS_CITE names a folder with the OGC's suites (ets-…-aio.jar); see docs/conformance.md")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
