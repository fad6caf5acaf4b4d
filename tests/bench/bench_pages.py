"""How soon a residents' page is there on a slow telephone: LCP, TBT, CLS and bytes in Chromium, median of three.

    .venv/bin/python tests/bench/bench_pages.py http://127.0.0.1:5000

The network and the processor are slowed as Lighthouse's mobile preset slows them: 150 ms and 1.6 Mbit/s, a quarter of
the processor. Run it with nothing else running. LCP and CLS are read from the browser's PerformanceObserver; TBT is the
part beyond 50 ms of the tasks between first paint and five seconds after.
"""

import shutil
import sys
from statistics import median
from typing import Any

from playwright.sync_api import Browser, sync_playwright

PAGES = ("/", "/?at=5.3723,43.3035&rayon=1000", "/signaler", "/signaler?nature=bruit", "/agenda", "/quartier")
RUNS = 3
SETTLED_MS = 5_000
SLOW = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 750e3 / 8}
WATCH = """
window.seen = {lcp: 0, cls: 0, tbt: 0};
new PerformanceObserver((list) => { for (const e of list.getEntries()) seen.lcp = e.startTime; })
  .observe({type: "largest-contentful-paint", buffered: true});
new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) seen.cls += e.value; })
  .observe({type: "layout-shift", buffered: true});
new PerformanceObserver((list) => { for (const e of list.getEntries()) seen.tbt += Math.max(0, e.duration - 50); })
  .observe({type: "longtask", buffered: true});
"""


def measure(browser: Browser, address: str) -> dict[str, float]:
    """Open a page once, with nothing kept, and return what was seen: ms, ms, no unit, bytes."""
    context = browser.new_context(viewport={"width": 412, "height": 823}, device_scale_factor=1.75, locale="fr-FR")
    page = context.new_page()
    wire = context.new_cdp_session(page)
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    wire.send("Network.enable")
    wire.send("Network.emulateNetworkConditions", SLOW)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.add_init_script(WATCH)
    page.goto(address)
    page.wait_for_timeout(SETTLED_MS)
    seen: dict[str, Any] = page.evaluate("seen")
    context.close()
    return seen | {"bytes": sum(sizes)}


def main(site: str) -> None:
    """Print a line a page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        print(f"{'page':40} {'LCP ms':>8} {'TBT ms':>8} {'CLS':>7} {'kB':>7}")
        for path in PAGES:
            runs = [measure(browser, site.rstrip("/") + path) for _ in range(RUNS)]
            lcp, tbt, cls, size = (median(run[name] for run in runs) for name in ("lcp", "tbt", "cls", "bytes"))
            print(f"{path:40} {lcp:8.0f} {tbt:8.0f} {cls:7.3f} {size / 1000:7.1f}")
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:5000")
