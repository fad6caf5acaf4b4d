"""A worksite as it is sent, and findings as they are read."""

from typing import Any

import pytest
from qgis_obs.core.clash import BadReport, BadWork, candidate, clashes, words

pytestmark = pytest.mark.unit

AREA = {"type": "Polygon", "coordinates": [[[5.36, 43.28], [5.37, 43.28], [5.37, 43.29], [5.36, 43.28]]]}
SAID = {
    "nature": "eau",
    "emprise": "trottoir",
    "debut": "2026-12-01T07:00:00+01:00",
    "fin": "2026-12-05T17:00:00+01:00",
}


def test_a_worksite_is_a_feature_and_empty_fields_are_left_out() -> None:
    found = candidate(AREA, {**SAID, "titre": "", "bruit": None, "tranchee": False})

    assert found["geometry"] == AREA
    assert found["properties"] == {**SAID, "tranchee": False}


@pytest.mark.parametrize("name", ["nature", "emprise", "debut", "fin"])
def test_a_worksite_without_a_required_field_is_refused_by_its_name(name: str) -> None:
    with pytest.raises(BadWork, match=f"^{name}: missing") as refused:
        candidate(AREA, {**SAID, name: ""})
    assert refused.value.field == name


def test_metres_never_go_out_as_degrees() -> None:
    """A corner of Marseille in Lambert-93."""
    metres = {"type": "Polygon", "coordinates": [[[893000.0, 6246000.0], [893100.0, 6246000.0], [893100.0, 6246100.0]]]}

    with pytest.raises(BadWork, match=r"geometry: .*degrees"):
        candidate(metres, SAID)


@pytest.mark.parametrize(
    ("geometry", "said", "message"),
    [
        ({"type": "Point", "coordinates": [5, 43]}, SAID, "geometry: Point"),
        (AREA, SAID | {"fin": SAID["debut"]}, "fin: .*after"),
        (AREA, SAID | {"debut": "2026-12-01T07:00:00"}, "debut: .*offset"),
        (AREA, SAID | {"debut": "tomorrow"}, "debut: .*date and time"),
    ],
)
def test_a_worksite_that_cannot_be_is_refused_by_field(geometry: Any, said: Any, message: str) -> None:
    with pytest.raises(BadWork, match=message):
        candidate(geometry, said)


REPORT: dict[str, Any] = {
    "type": "FeatureCollection",
    "features": [{"geometry": AREA, "properties": {"reference": "P001", "level": 3}}],
    "findings": [
        {"id": "1", "rule": "side", "severity": "info", "title": {"fr": "Côte à côte", "en": "Side by side"}},
        {
            "id": "2", "rule": "same-place", "severity": "blocking", "subject": "P001", "evidence": ["CH-2"],
            "reason": {"fr": "même lieu", "en": "same place"}, "intervals": [["a", "b"], ["odd"]],
            "links": [{"collection": "chantiers", "reference": "CH-2", "href": "http://x"}],
        },
    ],
    "proposals": [
        {"subject": "P001", "status": "moved", "days": 3, "debut": "d", "fin": "f", "left": 0, "reason": "ok"},
        {"subject": "P002", "status": "moved", "days": 3, "debut": "d", "fin": "f", "left": 1},
        {"subject": "P003", "status": "impossible", "days": 0, "constraints": ["deadline:P003"]},
    ],
    "not_checked": [{"rule": "school", "why": {"fr": "rien de connu", "en": "nothing known"}}],
}  # fmt: skip


def test_findings_come_the_most_severe_first_in_the_language_asked() -> None:
    found = clashes(REPORT, "fr")

    assert [(f.severity, f.title) for f in found.findings] == [("blocking", "same-place"), ("info", "Côte à côte")]
    assert found.findings[0].reason == "même lieu"
    assert found.findings[0].intervals == (("a", "b"),)
    assert found.not_checked == (("school", "rien de connu"),)
    assert found.footprints == {"P001": AREA}


def test_only_dates_that_leave_no_conflict_can_be_accepted() -> None:
    assert [(p.subject, p.acceptable) for p in clashes(REPORT, "en").proposals] == [
        ("P001", True), ("P002", False), ("P003", False),
    ]  # fmt: skip


def test_a_text_in_another_language_is_better_than_none() -> None:
    assert words({"fr": "oui"}, "en") == "oui"
    assert words("plain", "en") == "plain"
    assert words(None, "en") == ""


@pytest.mark.parametrize("answer", [None, {}, {"findings": {}}])
def test_what_is_no_report_is_refused(answer: Any) -> None:
    with pytest.raises(BadReport, match="findings"):
        clashes(answer, "en")
