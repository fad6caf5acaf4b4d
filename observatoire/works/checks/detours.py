"""Detours that meet each other, or other works."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from observatoire.works.checks.words import finding, instant
from observatoire.works.finding import Finding
from observatoire.works.intervals import Intervals
from observatoire.works.model import Work
from observatoire.works.rules import BlockedDetour, SharedDetour
from observatoire.works.scene import Scene


def everything(works: Sequence[Work], scene: Scene) -> list[Work]:
    """Return candidates and works that stand, each id once, the candidate first; by id."""
    return sorted(({w.id: w for w in scene.standing} | {w.id: w for w in works}).values(), key=lambda w: w.id)


def check_shared_detour(rule: SharedDetour, works: Sequence[Work], scene: Scene) -> Iterator[Finding]:
    """Return the segments that carry more than `at_once` detours at a time, one finding for each set of works."""
    candidates = {w.id for w in works}
    by_edge: dict[str, list[Work]] = defaultdict(list)
    for work in everything(works, scene):
        for edge in set(work.detour.edges if work.detour else ()):
            by_edge[edge].append(work)
    said: set[tuple[str, ...]] = set()
    for edge, sent in sorted(by_edge.items()):
        if len(sent) <= rule.at_once or not candidates & {w.id for w in sent}:
            continue
        crowded = deeper([w.schedule.instants for w in sent], rule.at_once)
        there = [w for w in sent if w.schedule.instants.overlaps(crowded)]
        subject = next((w for w in there if w.id in candidates), None)
        key = tuple(w.id for w in there)
        if subject is None or key in said:
            continue
        said.add(key)
        others = [w for w in there if w is not subject]
        hours = crowded.total() / 3600
        yield finding(
            rule, subject, tuple(w.id for w in others), crowded, figures={"hours": round(hours, 2)},
            others=", ".join(w.name for w in others), segment=edge, hours=hours,
        )  # fmt: skip


def check_blocked_detour(rule: BlockedDetour, works: Sequence[Work], scene: Scene) -> Iterator[Finding]:
    """Return the detours that pass a segment which other works close at the same time."""
    candidates = {w.id for w in works}
    closing: dict[str, list[Work]] = defaultdict(list)
    known = everything(works, scene)
    for work in known:
        for edge in set(work.closure.edges):
            closing[edge].append(work)
    for sent in known:
        blockers = {b.id: b for edge in (sent.detour.edges if sent.detour else ()) for b in closing.get(edge, ())}
        for other in (blockers[i] for i in sorted(blockers)):
            if other.id == sent.id or not {sent.id, other.id} & candidates:
                continue
            both = sent.schedule.instants.intersection(other.schedule.instants)
            if not both.total():
                continue
            subject, named = (sent, other) if sent.id in candidates else (other, sent)
            hours = both.total() / 3600
            yield finding(
                rule, subject, (named.id,), both, figures={"hours": round(hours, 2)},
                other=named.name, hours=hours, first=instant(int(both.starts[0]), subject.schedule.zone),
            )  # fmt: skip


def deeper(sets: Sequence[Intervals], depth: int) -> Intervals:
    """Return the instants that more than `depth` of the sets hold."""
    changes = sorted(
        [(t, 1) for s in sets for t in s.starts.tolist()] + [(t, -1) for s in sets for t in s.ends.tolist()]
    )
    pieces, level, since = [], 0, 0
    for moment, step in changes:  # at one moment ends come first: half-open
        if level <= depth < level + step:
            since = moment
        elif level + step <= depth < level:
            pieces.append((since, moment))
        level += step
    return Intervals.of(pieces)
