"""What clashes with works of the city, why, and what is proposed: what `works-clash` and other doors share."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import shapely.geometry

from observatoire.coordination.expected import expected
from observatoire.coordination.joint import shared_sites
from observatoire.coordination.proposals import propose
from observatoire.coordination.question import Question, chosen, meant
from observatoire.coordination.reader import Reader
from observatoire.coordination.risk import today
from observatoire.coordination.scene import read_standing, read_surroundings
from observatoire.layers.works_rules import works_rules
from observatoire.works.clashes import Report, find_clashes
from observatoire.works.exchange.base import to_degrees
from observatoire.works.finding import SEVERITIES, Finding
from observatoire.works.model import Work
from observatoire.works.rules import Rules

UNKNOWN = {
    "fr": "rien de ce que cette règle regarde n'est connu, ou visible pour vous",
    "en": "nothing that this rule looks at is known, or visible to you",
}

type Progress = Callable[[int, int, str], None]


def clashes(
    reader: Reader, question: Question, *, now: datetime | None = None, progress: Progress | None = None
) -> dict[str, Any]:
    """Return the report as GeoJSON with more members, as docs/works.md describes it.

    Parameters
    ----------
    now : aware datetime, optional
        Works that have begun are not moved, and none to a day that is past; by default `today`.

    Raises
    ------
    BadInput
        The question cannot be answered; the text names the input.
    """
    rules, now = chosen(works_rules(), question.rules), now or today(reader)
    standing = read_standing(reader)
    works = meant(question, standing, reader)
    if not works:
        return _empty(standing.unreadable)
    around = read_surroundings(reader, standing, works, farthest=question.farthest)
    report = find_clashes(works, around.scene, rules)
    proposals: list[dict[str, Any]] = []
    if question.resolve if question.resolve is not None else question.single:
        made = propose(
            works, report.findings, around, rules, farthest=question.farthest, at_least=question.conflicts, now=now,
            progress=progress,
        )  # fmt: skip
        proposals = [p.as_json() for p in made]
    return {
        "type": "FeatureCollection",
        "features": _features(works, report, reader.city.crs, all_of_them=question.single),
        "findings": [_said(f, rules, reader) for f in report.findings],
        "counts": {"works": len(works)} | {s: sum(f.severity == s for f in report.findings) for s in SEVERITIES},
        "proposals": proposals,
        "joint": shared_sites(works, around, rules, now=now, at_least=question.conflicts),
        "risk": expected(works, around, rules),
        "not_checked": [{"rule": rule, "why": UNKNOWN} for rule in report.not_checked],
        "unreadable": [u.as_json() for u in around.unreadable],
    }


def _empty(unreadable: Sequence[Any]) -> dict[str, Any]:
    counts = {"works": 0} | dict.fromkeys(SEVERITIES, 0)
    lists: dict[str, Any] = {n: [] for n in ("features", "findings", "proposals", "joint", "risk", "not_checked")}
    return {"type": "FeatureCollection"} | lists | {"counts": counts, "unreadable": [u.as_json() for u in unreadable]}


def _said(finding: Finding, rules: Rules, reader: Reader) -> dict[str, Any]:
    """Return a finding with the title of its rule and the items that are its evidence."""
    said = finding.as_json()
    rule = next(r for r in rules.rules if r.id == finding.rule)
    return {
        "rule": said["rule"], "severity": said["severity"], "reason": said["reason"], "evidence": said["evidence"],
        "id": said["id"], "title": rule.title.model_dump(), "subject": said["subject"],
        "intervals": said["intervals"], "figures": said["figures"],
        "links": [link for name in (finding.subject, *finding.evidence) if (link := _link(name, reader))],
        "link": None,
    }  # fmt: skip


def _link(name: str, reader: Reader) -> dict[str, Any] | None:
    """Return where the item of a piece of evidence stands; `segment:T1` and `hopital:HOP1` are of T1 and HOP1."""
    reference = name.rpartition(":")[2]
    item = reader.items.get(reference)
    if item is None:
        return None
    return {"collection": item[0], "reference": reference, "href": f"/api/collections/{item[0]}/items/{item[1]}"}


def _features(works: Sequence[Work], report: Report, crs: str, *, all_of_them: bool) -> list[dict[str, Any]]:
    by_work: dict[str, list[Finding]] = {w.id: [] for w in works}
    for finding in report.findings:
        for name in {finding.subject, *finding.evidence} & by_work.keys():
            by_work[name].append(finding)
    return [_feature(w, by_work[w.id], crs) for w in works if by_work[w.id] or all_of_them]


def _feature(work: Work, findings: Sequence[Finding], crs: str) -> dict[str, Any]:
    level = max((SEVERITIES.index(f.severity) + 1 for f in findings), default=0)
    properties: Mapping[str, Any] = {
        "level": level, "reference": work.id, "titre": work.title, "findings": len(findings),
        "debut": work.schedule.start.isoformat(), "fin": work.schedule.end.isoformat(), "emprise": work.closure.extent,
    }  # fmt: skip
    geometry = shapely.geometry.mapping(shapely.orient_polygons(to_degrees(work.footprint, crs)))
    return {"type": "Feature", "id": work.id, "geometry": geometry, "properties": properties}
