"""Run every proof at its full count and write docs/proof.md: what was shown, at which commit, when, where.

With files as arguments only those; the page keeps the rows of the others, each with its own commit and day.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET  # our own file, written a moment before
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "proof.md"


def machine() -> str:
    """Return processor, cores and memory."""
    info = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.release()}"


def commit() -> str:
    """Return the commit that is proved, marked where the tree differs from it."""
    short = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    dirty = subprocess.run(
        ["git", "status", "--porcelain", "-uno", "--", ".", ":!docs"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return short.stdout.strip() + (" (with changes)" if dirty.stdout.strip() else "")


def kept(page: str) -> dict[str, list[str]]:
    """Return the cells of a page's rows by file.

    Examples
    --------
    >>> kept("| `tests/a` | 3 | 0 | 0 | 1.5 | 1a2b3c4 | 2026-11-29 |")
    {'tests/a': ['3', '0', '0', '1.5', '1a2b3c4', '2026-11-29']}
    """
    rows = re.findall(r"^\| `([^`]+)` \| (.+) \|$", page, re.MULTILINE)
    return {name: cells.split(" | ") for name, cells in rows if cells.count(" | ") == 5}


def proved(results: Path, at: str, day: str) -> dict[str, list[str]]:
    """Return the cells of a run's rows by file: tests, failed, left out, seconds, commit, day."""
    rows: dict[str, list[float]] = defaultdict(lambda: [0, 0, 0, 0.0])
    for case in ET.parse(results).getroot().iter("testcase"):
        row = rows[case.get("classname", "?").replace(".", "/")]
        row[0] += 1
        row[1] += case.find("failure") is not None or case.find("error") is not None
        row[2] += case.find("skipped") is not None
        row[3] += float(case.get("time", 0))
    return {
        name: [f"{n:.0f}", f"{bad:.0f}", f"{out:.0f}", f"{s:.1f}", at, day] for name, (n, bad, out, s) in rows.items()
    }


def table(rows: dict[str, list[str]]) -> str:
    """Return rows as a Markdown table with their sum."""
    lines = ["| proofs | tests | failed | left out | seconds | commit | day |", "|---|---|---|---|---|---|---|"]
    lines += [f"| `{name}` | {' | '.join(cells)} |" for name, cells in sorted(rows.items())]
    total = [sum(float(cells[i]) for cells in rows.values()) for i in range(4)]
    return "\n".join([*lines, f"| **all** | {' | '.join(f'{each:.0f}' for each in total)} | | |"])


def main() -> int:
    """Run the tests, write the page, return pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        shared = ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]  # as `make test`
        command = [sys.executable, "-m", "pytest", "-q", *shared, f"--junitxml={results}", *sys.argv[1:]]
        done = subprocess.run(command, check=False, cwd=ROOT, env=os.environ | {"OBS_PROVE": "full"})
        if not results.exists():
            return done.returncode
        rows = proved(results, commit(), f"{datetime.now(UTC):%Y-%m-%d}")
    if sys.argv[1:]:
        rows = kept(PAGE.read_text("utf-8")) | rows
    PAGE.write_text(
        "# Proof\n\n"
        "Written by `make prove`, or by `tools/prove.py FILE…` for some files: each proof at its full count, with the\n"
        "commit and day of it. A file that is not here was run at small counts only, by `make test`.\n\n"
        f"- machine of the last run: {machine()}\n"
        f"- real data (`OBS_DATA`) in the last run: {'yes' if os.environ.get('OBS_DATA') else 'no'}\n\n{table(rows)}\n",
        "utf-8",
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
