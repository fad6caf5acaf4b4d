"""The files of web/: the libraries are those of the lock, our own are light and make no markup of data."""

import gzip
import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.web

ROOT = Path(__file__).resolve().parents[2]
VENDOR = ROOT / "web" / "vendor"
LOCK = json.loads((VENDOR / "vendor.lock.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("package", LOCK["packages"], ids=lambda package: package["name"])
def test_each_file_is_the_one_of_the_lock(package: dict[str, dict[str, str]]) -> None:
    found = {path: hashlib.sha256((VENDOR / path).read_bytes()).hexdigest() for path in package["files"]}

    assert found == package["files"]


@pytest.mark.parametrize("package", LOCK["packages"], ids=lambda package: package["name"])
def test_each_library_comes_with_its_licence(package: dict[str, str]) -> None:
    assert package["licence"] in {"MIT", "Apache-2.0", "BSD-3-Clause"}
    assert any("LICENSE" in path for path in package["files"])


def test_check_finds_a_changed_file(tmp_path: Path) -> None:
    """The tool looks at the folder beside itself, so a copy of both can be spoilt."""
    for part in (
        "tools/vendor.py",
        "web/vendor/vendor.lock.json",
        *(f"web/vendor/{f}" for p in LOCK["packages"] for f in p["files"]),
    ):
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / part).write_bytes((ROOT / part).read_bytes())
    check = [sys.executable, str(tmp_path / "tools" / "vendor.py"), "--check"]
    assert subprocess.run(check).returncode == 0

    with (tmp_path / "web" / "vendor" / "preact" / "preact.mjs").open("a") as file:
        file.write("\n")
    (tmp_path / "web" / "vendor" / "extra.js").touch()
    spoilt = subprocess.run(check, capture_output=True, text=True)

    assert spoilt.returncode == 1
    assert spoilt.stderr.splitlines() == [
        "extra.js: in the folder, not in the lock",
        "preact/preact.mjs: sha256 differs from the lock",
    ]


def test_our_own_code_makes_no_markup_of_strings() -> None:
    """Templates escape; these would not."""
    ours = [path for folder in ("pro", "shared", "citizen") for path in (ROOT / "web" / folder).glob("*.js")]
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet|setHTML\(|eval\(|new Function"
    )

    assert len(ours) > 10
    assert [path.name for path in ours if forbidden.search(path.read_text(encoding="utf-8"))] == []


def test_the_desk_weighs_less_than_650_kb_and_its_list_a_tenth() -> None:
    """Compressed, as the web reference budgets it: with the map, and what comes before the map."""

    def weight(*patterns: str) -> int:
        files = [path for pattern in patterns for path in (ROOT / "web").glob(pattern)]
        return sum(len(gzip.compress(path.read_bytes())) for path in files)

    first = weight("pro/*.*", "shared/*.*", "vendor/preact/*.mjs", "vendor/htm/*.mjs")
    the_map = weight("vendor/maplibre-gl/*.mjs", "vendor/maplibre-gl/*.css")

    assert 0 < first <= 65_000
    assert 0 < the_map <= 650_000 - first


def test_the_residents_own_code_weighs_less_than_25_kb() -> None:
    files = [
        *(ROOT / "web" / "citizen").glob("*.js"),
        *((ROOT / "web" / "shared" / f"{name}.js") for name in ("address", "geometry", "map")),
    ]

    assert 0 < sum(len(gzip.compress(path.read_bytes())) for path in files) <= 25_000
