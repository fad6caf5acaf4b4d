"""Run every proof at its full count and write docs/proof.md: what was shown, at which commit, when, where.

With arguments of pytest (files, `-k`), only those; the page says which.
"""

import os
import platform
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
        ["git", "status", "--porcelain", "-uno"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return short.stdout.strip() + (" (with changes)" if dirty.stdout.strip() else "")


def table(results: Path) -> tuple[str, int]:
    """Return the results by file as a Markdown table, and the number of tests that did not pass."""
    rows: dict[str, list[float]] = defaultdict(lambda: [0, 0, 0, 0.0])
    for case in ET.parse(results).getroot().iter("testcase"):
        row = rows[case.get("classname", "?").replace(".", "/")]
        bad = case.find("failure") is not None or case.find("error") is not None
        row[0] += 1
        row[1] += bad
        row[2] += case.find("skipped") is not None
        row[3] += float(case.get("time", 0))
    lines = ["| proofs | tests | failed | left out | seconds |", "|---|---|---|---|---|"]
    lines += [
        f"| `{name}` | {n:.0f} | {bad:.0f} | {out:.0f} | {s:.1f} |" for name, (n, bad, out, s) in sorted(rows.items())
    ]
    total = [sum(row[i] for row in rows.values()) for i in range(4)]
    lines.append(f"| **all** | {total[0]:.0f} | {total[1]:.0f} | {total[2]:.0f} | {total[3]:.0f} |")
    return "\n".join(lines), int(total[1])


def what(arguments: list[str]) -> str:
    """Return which tests the page is about."""
    if not arguments:
        return "Written by `make prove`: every test, each proof at its full count."
    return f"Written by `tools/prove.py`: of all tests, each proof at its full count, those of `{' '.join(arguments)}`."


def main() -> int:
    """Run the tests, write the page, return pytest's exit code."""
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        shared = ["-n", "2", "--dist", "loadscope"]  # as `make test`
        command = [sys.executable, "-m", "pytest", "-q", *shared, f"--junitxml={results}", *sys.argv[1:]]
        done = subprocess.run(command, check=False, cwd=ROOT, env=os.environ | {"OBS_PROVE": "full"})
        if not results.exists():
            return done.returncode
        rows, _ = table(results)
    PAGE.write_text(
        f"# Proof\n\n{what(sys.argv[1:])}\n\n"
        f"- commit: {commit()}\n- date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC\n- machine: {machine()}\n"
        f"- real data (`OBS_DATA`): {'yes' if os.environ.get('OBS_DATA') else 'no'}\n\n{rows}\n",
        "utf-8",
    )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
