"""What clashes with works of the city, why, and what is proposed: what `works-clash` and other doors share."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import shapely.geometry

from observatoire.coordination.expected import expected
from observatoire.coordination.proposals import propose, severe
from observatoire.coordination.question import Question, chosen, meant
from observatoire.coordination.reader import Reader
from observatoire.coordination.risk import today
from observatoire.coordination.scene import Surroundings, read_standing, read_surroundings
from observatoire.layers.works_rules import works_rules
from observatoire.works.clashes import Report, find_clashes
from observatoire.works.exchange.base import to_degrees
from observatoire.works.finding import SEVERITIES, Finding
from observatoire.works.joint import joint_trenches
from observatoire.works.model import Work
from observatoire.works.rules import Rules

UNKNOWN = {
    "fr": "rien de ce que cette règle regarde n'est connu, ou visible pour vous",
    "en": "nothing that this rule looks at is known, or visible to you",
}
JOINT_APART = 100.0  # m between trenches that could be one site
JOINT_NEAR = 200.0  # m: trenches further from the works that are asked about are not proposed with them

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
    rules = chosen(works_rules(), question.rules)
    standing = read_standing(reader)
    works = meant(question, standing, reader)
    if not works:
        return _empty(standing.unreadable)
    around = read_surroundings(reader, standing, works, farthest=question.farthest)
    report = find_clashes(works, around.scene, rules)
    proposals: list[dict[str, Any]] = []
    if question.resolve if question.resolve is not None else question.single:
        conflicting = _conflicting(works, severe(report.findings, question.conflicts))
        made, _ = propose(
            conflicting, around, rules, farthest=question.farthest, at_least=question.conflicts,
            now=now or today(reader), progress=progress,
        )  # fmt: skip
        proposals = [p.as_json() for p in made]
    return {
        "type": "FeatureCollection",
        "features": _features(works, report, reader.city.crs, all_of_them=question.single),
        "findings": [_said(f, rules, reader) for f in report.findings],
        "counts": {"works": len(works)} | {s: sum(f.severity == s for f in report.findings) for s in SEVERITIES},
        "proposals": proposals,
        "joint": _joint(works, around),
        "risk": expected(works, around, rules),
        "not_checked": [{"rule": rule, "why": UNKNOWN} for rule in report.not_checked],
        "unreadable": [u.as_json() for u in around.unreadable],
    }


def _empty(unreadable: Sequence[Any]) -> dict[str, Any]:
    counts = {"works": 0} | dict.fromkeys(SEVERITIES, 0)
    lists: dict[str, Any] = {n: [] for n in ("features", "findings", "proposals", "joint", "risk", "not_checked")}
    return {"type": "FeatureCollection"} | lists | {"counts": counts, "unreadable": [u.as_json() for u in unreadable]}


def _conflicting(works: Sequence[Work], findings: Sequence[Finding]) -> list[Work]:
    """Return the works that have conflicts: those with the most severe first, as subject or as what is clashed with."""
    named = [name for f in findings for name in (f.subject, *f.evidence)]
    order = {name: rank for rank, name in reversed(list(enumerate(named)))}
    return sorted((w for w in works if w.id in order), key=lambda w: order[w.id])


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


def _joint(works: Sequence[Work], around: Surroundings) -> list[dict[str, Any]]:
    """Return the joint trenches that some of the works take part in."""
    ids = {w.id for w in works}
    place = shapely.union_all([w.footprint for w in works]).buffer(JOINT_NEAR)
    others = [w for w in around.scene.works if w.id not in ids and w.footprint.intersects(place)]
    return [
        {
            "works": list(j.works), "start": j.start.isoformat(), "moves": dict(j.moves),
            "days_apart": j.days_apart, "days_together": j.days_together, "saved_days": j.saved_days,
        }
        for j in joint_trenches([*works, *others], distance=JOINT_APART)
        if ids & set(j.works)
    ]  # fmt: skip
