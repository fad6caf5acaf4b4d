"""What `works-clash` is asked and what it answers, as the dock needs it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .unexpected import Unexpected

PROCESS = "works-clash"
#: Most severe first.
SEVERITIES = ("blocking", "warning", "info")


class BadWork(ValueError):
    """A worksite cannot be sent; the text names the field."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{name}: {why}")
        self.field, self.why = name, why


class BadReport(Unexpected):
    """The answer is not that of `works-clash`; the text names the member."""


@dataclass(frozen=True)
class Finding:
    """One clash.

    Attributes
    ----------
    id, rule, severity, title, reason, subject : str
        `subject` is the reference of the work it is about; texts in the language that was asked for.
    evidence : tuple of str
        References and codes of what it clashes with.
    links : tuple of mapping
        `collection`, `reference`, `href` of a piece of evidence each.
    intervals : tuple of (str, str)
        When, UTC.
    """

    id: str
    rule: str
    severity: str
    title: str
    reason: str
    subject: str
    evidence: tuple[str, ...] = ()
    links: tuple[Mapping[str, Any], ...] = ()
    intervals: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Proposal:
    """Dates that leave no conflict, or the reason why there are none.

    Attributes
    ----------
    status : str
        `moved`, `stays` or `impossible`.
    days : int or None
        Of the move; negative is earlier.
    left : int or None
        Conflicts that a new search finds at the proposed dates.
    """

    subject: str
    status: str
    days: int | None
    debut: str
    fin: str
    left: int | None
    reason: str
    constraints: tuple[str, ...] = ()

    @property
    def acceptable(self) -> bool:
        """Whether it names new dates at which no conflict was found."""
        return self.status == "moved" and bool(self.debut and self.fin) and self.left == 0


@dataclass(frozen=True)
class Clashes:
    """The whole answer, the most severe findings first."""

    findings: tuple[Finding, ...]
    proposals: tuple[Proposal, ...]
    risks: tuple[Mapping[str, Any], ...] = ()
    not_checked: tuple[tuple[str, str], ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    footprints: Mapping[str, Any] = field(default_factory=dict)


def candidate(geometry: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return a worksite as the process takes it: a GeoJSON Feature in CRS84.

    Parameters
    ----------
    geometry : mapping
        GeoJSON Polygon or MultiPolygon, degrees.
    said : mapping
        Properties; `nature`, `debut`, `fin` and `emprise` are required, empty ones are left out.

    Raises
    ------
    BadWork
        If a required property is missing, the footprint is no area or not in degrees, or it ends before it begins.
    """
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise BadWork("geometry", f"{geometry.get('type')}; expected Polygon or MultiPolygon")
    for lon, lat in _positions(geometry.get("coordinates")):
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise BadWork("geometry", f"({lon:g}, {lat:g}); expected degrees, longitude first")
    kept = {name: value for name, value in said.items() if value not in (None, "")}
    for name in ("nature", "debut", "fin", "emprise"):
        if name not in kept:
            raise BadWork(name, "missing")
    start, end = (_aware(name, str(kept[name])) for name in ("debut", "fin"))
    if end <= start:
        raise BadWork("fin", f"{kept['fin']}; expected after {kept['debut']}")
    return {"type": "Feature", "geometry": dict(geometry), "properties": kept}


def clashes(answer: Any, language: str) -> Clashes:
    """Return the answer of `works-clash`.

    Raises
    ------
    BadReport
        If it has no list `findings`.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("findings"), list):
        raise BadReport("findings: expected a list")
    findings = [_finding(f, language) for f in answer["findings"]]
    places = {name: place for place, name in enumerate(SEVERITIES)}
    findings.sort(key=lambda f: places.get(f.severity, len(places)))
    footprints = {
        str(f["properties"].get("reference", f.get("id", ""))): f.get("geometry")
        for f in answer.get("features") or ()
        if isinstance(f.get("properties"), dict)
    }
    return Clashes(
        tuple(findings),
        tuple(_proposal(p, language) for p in answer.get("proposals") or ()),
        tuple(answer.get("risk") or ()),
        tuple((str(n.get("rule", "")), words(n.get("why"), language)) for n in answer.get("not_checked") or ()),
        tuple((str(n.get("reference", "")), words(n.get("reason"), language)) for n in answer.get("unreadable") or ()),
        footprints,
    )


def words(text: Any, language: str) -> str:
    """Return a text in a language: `{fr, en}`, or a plain string."""
    if isinstance(text, dict):
        return str(text.get(language) or text.get("fr") or next(iter(text.values()), ""))
    return "" if text is None else str(text)


def _finding(said: Mapping[str, Any], language: str) -> Finding:
    return Finding(
        id=str(said.get("id", "")),
        rule=str(said.get("rule", "")),
        severity=str(said.get("severity", "info")),
        title=words(said.get("title"), language) or str(said.get("rule", "")),
        reason=words(said.get("reason"), language),
        subject=str(said.get("subject", "")),
        evidence=tuple(str(e) for e in said.get("evidence") or ()),
        links=tuple(link for link in said.get("links") or () if isinstance(link, dict)),
        intervals=tuple((str(i[0]), str(i[1])) for i in said.get("intervals") or () if len(i) == 2),
    )


def _proposal(said: Mapping[str, Any], language: str) -> Proposal:
    return Proposal(
        subject=str(said.get("subject", "")),
        status=str(said.get("status", "")),
        days=said.get("days"),
        debut=str(said.get("debut") or ""),
        fin=str(said.get("fin") or ""),
        left=said.get("left"),
        reason=words(said.get("reason"), language),
        constraints=tuple(str(c) for c in said.get("constraints") or ()),
    )


def _positions(coordinates: Any) -> list[tuple[float, float]]:
    if not isinstance(coordinates, list) or not coordinates:
        return []
    if isinstance(coordinates[0], (int, float)):
        return [(float(coordinates[0]), float(coordinates[1]))]
    return [position for part in coordinates for position in _positions(part)]


def _aware(name: str, text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise BadWork(name, f"{text!r}; expected a date and time, RFC 3339") from None
    if found.tzinfo is None:
        raise BadWork(name, f"{text!r}; expected an offset from UTC")
    return found
