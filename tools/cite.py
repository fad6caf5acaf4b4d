"""Run one of the OGC's executable test suites (TEAM Engine, Java) against a served API, without its web pages.

A suite is one archive, `ets-ogcapi-features10-1.9-aio.jar` and the like, which the OGC publishes. Its exit code is no
verdict: the results are read.
"""

import os
import subprocess
import tempfile
import xml.etree.ElementTree as ET  # a file that the suite has just written
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import quoteattr

#: What each suite asks to know, by the name it is published under. `{url}` is the landing page, no slash at its end:
#: the suites for Processes and Tiles put paths that begin with one behind it.
SUITES = {
    "ets-ogcapi-features10": {"iut": "{url}/", "noofcollections": "-1"},
    "ets-ogcapi-processes10": {"iut": "{url}", "echoprocessid": "{echo}", "processtestlimit": "-1"},
    "ets-ogcapi-tiles10": {
        "iut": "{url}", "noofcollections": "-1",
        "tilematrixsetdefinitionuri": "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad",
        "urltemplatefortiles": "{url}/collections/divisions/tiles/WebMercatorQuad/"
        "{{tileMatrix}}/{{tileRow}}/{{tileCol}}",
        # Every tile between must have data: the one of zoom 0 has them for any city.
        "tilematrix": "0", "mintilerow": "0", "maxtilerow": "0", "mintilecol": "0", "maxtilecol": "0",
    },
}  # fmt: skip
PATIENCE = 1_800  # s


@dataclass(frozen=True)
class Verdict:
    """What a suite found.

    Attributes
    ----------
    passed : int
    failed, skipped : dict
        Reason by test.
    """

    passed: int
    failed: dict[str, str]
    skipped: dict[str, str]


def archives() -> dict[str, Path]:
    """Return the suites in the folder `OBS_CITE`, by name; none where it is not set."""
    folder = os.environ.get("OBS_CITE")
    found = sorted(Path(folder).glob("*-aio.jar")) if folder else []
    return {name: jar for jar in found for name in SUITES if jar.name.startswith(name + "-")}


def run(name: str, archive: Path, url: str, *, echo: str = "echo", options: Sequence[str] = ()) -> Verdict:
    """Run a suite.

    Parameters
    ----------
    url : str
        The landing page of the API, no slash at its end.
    echo : str
        The process that the suite for Processes executes.
    options : sequence of str
        For Java: where it finds local copies of what the suite fetches (cite_copies.py).

    Raises
    ------
    RuntimeError
        If it writes no results.
    """
    entries = "".join(
        f"<entry key={quoteattr(key)}>{value.format(url=url, echo=echo)}</entry>" for key, value in SUITES[name].items()
    )
    with tempfile.TemporaryDirectory() as folder:
        words = Path(folder, "words.xml")
        words.write_text(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<!DOCTYPE properties SYSTEM "http://java.sun.com/dtd/properties.dtd">\n'
            f'<properties version="1.0">{entries}</properties>\n'
        )
        command = ["java", *options, "-jar", str(archive), "-o", folder, str(words)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE)
        results = sorted(Path(folder).glob("testng/*/testng-results.xml"))
        if not results:
            raise RuntimeError(f"{archive.name} wrote no results:\n{(done.stdout + done.stderr)[-2000:]}")
        return verdict(results[-1])


def verdict(results: Path) -> Verdict:
    """Return what a file of TestNG's results says."""
    passed = 0
    failed: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for class_ in ET.parse(results).getroot().iter("class"):
        for method in class_.iter("test-method"):
            if method.get("is-config") == "true" and method.get("status") != "FAIL":
                continue
            test = f"{class_.get('name', '?').rsplit('.', 1)[-1]}.{method.get('name')}"
            if method.get("status") == "PASS":
                passed += 1
            else:
                why = (method.findtext("exception/message") or "no reason given").strip()
                (failed if method.get("status") == "FAIL" else skipped)[test] = why
    return Verdict(passed, failed, skipped)
