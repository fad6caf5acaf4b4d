"""What Lighthouse says of the residents' pages on a phone: LCP, TBT, CLS and scores, median of three.

    .venv/bin/python tests/bench/bench_lighthouse.py http://127.0.0.1:5000 [PATH…]

Needs Node and Chromium; Lighthouse itself is fetched by npx into a temporary folder. Run it with nothing else running:
TBT is measured on this machine and multiplied by four.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

VERSION = "12.8.2"  # the last one for Node 20
PAGES = ("/", "/signaler", "/signaler?nature=bruit", "/?at=5.3723,43.3035&rayon=1000")
RUNS = 3
AUDITS = {"LCP ms": "largest-contentful-paint", "TBT ms": "total-blocking-time", "CLS": "cumulative-layout-shift"}
CHROME = "--headless=new --no-sandbox"


def measure(address: str, cache: str) -> dict[str, Any]:
    """Return one report of Lighthouse, as it writes it."""
    report = Path(cache) / "report.json"  # what is longer than a pipe holds may be cut at its end
    command = [
        "npx", "--yes", f"lighthouse@{VERSION}", address, "--quiet", "--output=json", f"--output-path={report}",
        "--only-categories=performance,accessibility,best-practices,seo", f"--chrome-flags={CHROME}",
    ]  # fmt: skip
    own = {"CHROME_PATH": shutil.which("chromium") or "chromium", "npm_config_cache": cache}
    subprocess.run(command, env=os.environ | own, capture_output=True, check=True)
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    return found


def main(site: str, *paths: str) -> None:
    """Print a line a page."""
    print(f"{'page':34} {'LCP ms':>7} {'TBT ms':>7} {'CLS':>6}  scores: performance, accessibility, practices, SEO")
    with tempfile.TemporaryDirectory() as cache:
        for path in paths or PAGES:
            runs = [measure(site.rstrip("/") + path, cache) for _ in range(RUNS)]
            lcp, tbt, cls = (median(run["audits"][name]["numericValue"] for run in runs) for name in AUDITS.values())
            scores = [min(run["categories"][name]["score"] for run in runs) for name in runs[0]["categories"]]
            print(f"{path:34} {lcp:7.0f} {tbt:7.0f} {cls:6.3f}  {scores}", flush=True)


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["http://127.0.0.1:5000"]))
