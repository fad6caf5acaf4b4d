"""Ways that closed segments cut or lengthen, with every other closure of the same moment."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

import numpy as np

from observatoire.text import Text
from observatoire.works.agenda import Agenda
from observatoire.works.checks.words import finding
from observatoire.works.finding import Finding
from observatoire.works.intervals import Intervals
from observatoire.works.model import Work
from observatoire.works.network import Network
from observatoire.works.rules import Reach
from observatoire.works.scene import Moments, Scene
from observatoire.works.schedule import Schedule

NEAR = 4.0  # lengths of what is closed: the way around is mostly that near
NO_WAY = Text(fr="plus aucun chemin", en="no way left")


@dataclass(frozen=True)
class Way:
    """One way that is worse: between what, and how long, m (inf: cut)."""

    name: str
    before: float
    after: float


def check_reach(rule: Reach, works: Sequence[Work], scene: Scene) -> Iterator[Finding] | None:
    """Return the works whose closures cut or lengthen ways; None where the graph or its places are unknown."""
    network = scene.network
    if network is None or (rule.between and not all(network.stops.get(kind) for kind in rule.between)):
        return None
    return _reach(rule, works, scene, network)


def _reach(rule: Reach, works: Sequence[Work], scene: Scene, network: Network) -> Iterator[Finding]:
    closing = [w for w in works if network.closed_by(w.closure.edges)]
    others = [w for w in scene.standing if network.closed_by(w.closure.edges)]
    if not closing:
        return
    near: list[list[Work]] = [[] for _ in closing]
    if others:
        i, j = Agenda.of_works(others).near(Agenda.of_works(closing).geometry, rule.within)
        for a, b in zip(i.tolist(), j.tolist(), strict=True):
            if others[b].id != closing[a].id:
                near[a].append(others[b])
    usual = _usual(rule, network)
    for work, around in zip(closing, near, strict=True):
        key: tuple[Schedule | str, ...] = (work.schedule, *(w.id for w in around))
        if key not in scene.moments:
            scene.moments[key] = list(_moments(work, around))
        yield from _of_work(rule, work, scene.moments[key], network, usual)


def _usual(rule: Reach, network: Network) -> tuple[float, ...] | None:
    """Return the ways between places with nothing closed."""
    if rule.between is None:
        return None
    return network.nearest(*_places(rule, network), rule.mode, frozenset())


def _places(rule: Reach, network: Network) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the junctions that the rule is about: from, to."""
    assert rule.between is not None
    origins, targets = (tuple(network.stops[kind].values()) for kind in rule.between)
    return origins, targets


def _of_work(
    rule: Reach, work: Work, moments: Moments, network: Network, usual: tuple[float, ...] | None
) -> Iterator[Finding]:
    """One finding for each set of works that are closed at the same moment and make a way worse."""
    seen: dict[str, tuple[Way, list[str], Intervals]] = {}
    for together, instants in moments:
        closed = frozenset[int]().union(*(network.closed_by(w.closure.edges) for w in (work, *together)))
        ways = _between(rule, network, closed, usual) if usual is not None else _ends(rule, network, work, closed)
        for way in ways:
            worst, names, when = seen.get(way.name, (way, [w.id for w in together], Intervals.of([])))
            if way.after > worst.after:
                worst, names = way, [w.id for w in together]
            seen[way.name] = (worst, names, when.union(instants))
    for name, (way, names, when) in sorted(seen.items()):
        hours = when.total() / 3600
        cut = np.isinf(way.after)
        yield finding(
            rule, work, (name, *names), when, severity=rule.cut_severity if cut else None,
            figures={"before_m": round(way.before, 1), "hours": round(hours, 2)}
            | ({} if cut else {"after_m": round(way.after, 1)}),
            detail=name.partition(":")[2], before=round(way.before), hours=hours,
            after=NO_WAY if cut else Text(fr=f"{way.after:.0f} m", en=f"{way.after:.0f} m"),
        )  # fmt: skip


def _moments(work: Work, around: list[Work]) -> Iterator[tuple[list[Work], Intervals]]:
    """Return each set of other works that hold at once during the work, with its instants."""
    held = work.schedule.instants
    shared = {w.id: held.intersection(w.schedule.instants) for w in around}
    around = [w for w in around if shared[w.id].total()]
    if not around and held.total():
        yield [], held
        return
    cuts = np.unique(
        np.concatenate([held.starts, held.ends, *(x for w in around for x in (shared[w.id].starts, shared[w.id].ends))])
    )
    middle = cuts[:-1]
    inside = held.contains(middle)
    active = np.array([shared[w.id].contains(middle) for w in around], dtype=bool).reshape(len(around), len(middle))
    groups: dict[bytes, list[int]] = {}
    for k in np.flatnonzero(inside).tolist():
        groups.setdefault(active[:, k].tobytes(), []).append(k)
    for rows in groups.values():
        together = [w for w, on in zip(around, active[:, rows[0]], strict=True) if on]
        yield together, Intervals.merged(cuts[rows], cuts[np.array(rows) + 1])


def _worse(rule: Reach, before: float, after: float) -> bool:
    if np.isinf(before):
        return False
    return bool(np.isinf(after) or (after > before * rule.longer_ratio and after - before > rule.longer_m))


def _between(rule: Reach, network: Network, closed: Set[int], usual: tuple[float, ...]) -> Iterator[Way]:
    assert rule.between is not None
    now = network.nearest(*_places(rule, network), rule.mode, closed)
    for name, before, after in zip(network.stops[rule.between[1]], usual, now, strict=True):
        if _worse(rule, before, after):
            yield Way(f"{rule.between[1]}:{name}", before, after)


def _ends(rule: Reach, network: Network, work: Work, closed: Set[int]) -> Iterator[Way]:
    """Return the closed segments of the work whose two ends are far from each other, or parted."""
    passable = network.modes.get(rule.mode)
    for row in sorted(network.closed_by(work.closure.edges)):
        if passable is not None and not passable[row]:
            continue
        before = float(network.length[row])
        around = NEAR * max(before, rule.longer_m)
        (after,) = network.nearest((int(network.u[row]),), (int(network.v[row]),), rule.mode, closed, around)
        if _worse(rule, before, after):
            yield Way(f"segment:{network.id[row]}", before, after)
