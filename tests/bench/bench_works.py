"""Clash search at the size of a large city: `python tests/bench/bench_works.py` (`make bench-works`).

5 000 works and 100 000 events over one year on 20 × 20 km, all seeded; the rules that ship, streets, places and
lamps included. Seconds of CPU and of the wall, one thread.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from datetime import time as wall
from zoneinfo import ZoneInfo

import numpy as np
import shapely

from observatoire.layers.works_rules import works_rules
from observatoire.works.agenda import Agenda
from observatoire.works.clashes import find_clashes
from observatoire.works.finding import Finding, severe
from observatoire.works.groups import groups
from observatoire.works.model import Closure, Work
from observatoire.works.network import Network
from observatoire.works.resolve import arrange
from observatoire.works.scene import Lamps, Places, Scene
from observatoire.works.schedule import Schedule
from observatoire.works.timetable import Timetable

PARIS = ZoneInfo("Europe/Paris")
SIDE, WORKS, EVENTS, STREETS = 20_000.0, 5_000, 100_000, 100
X, Y = 880_000.0, 6_230_000.0
RHYTHMS = (
    {},
    {"windows": ((wall(8), wall(17)),), "rule": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "holidays": "skip"},
    {"windows": ((wall(21), wall(6)),)},
)
CORNER = np.array([X, Y])
DISTRICT = 4_000.0  # m: side of the district for which dates are asked


def works(rng: np.random.Generator, n: int) -> list[Work]:
    """Return works of a day to three months: without a break, by day on weekdays, or by night."""
    made = []
    for i in range(n):
        start = datetime(2026, 1, 1, 8, tzinfo=PARIS) + timedelta(days=int(rng.integers(0, 300)))
        rhythm = RHYTHMS[int(rng.choice(3, p=[0.3, 0.6, 0.1]))]
        schedule = Schedule(start, start + timedelta(days=int(rng.integers(1, 90))), "Europe/Paris", **rhythm)
        col, row = rng.integers(0, STREETS - 1, 2)
        x, y = X + col * 200 + 50, Y + row * 200
        closure = Closure("chaussee-fermee", (f"h{col}-{row}",)) if rng.random() < 0.3 else Closure("chaussee-reduite")
        made.append(
            Work(f"w{i:05}", "eau", shapely.box(x, y, x + 60, y + 8), schedule, closure, noise="fort",
                 street=f"row {row}", lighting_cut=bool(rng.random() < 0.1))
        )  # fmt: skip
    return made


def scene(rng: np.random.Generator) -> Scene:
    xy = rng.uniform(0, SIDE, (EVENTS, 2)) + CORNER
    start = 1_767_222_000 + rng.integers(0, 365 * 86_400, EVENTS)
    kinds = rng.choice(["concert", "marche", "match", "school-entry", "bus-stop", "waste-round"], EVENTS)
    agenda = Agenda.of_columns(
        [f"e{i}" for i in range(EVENTS)], kinds.tolist(), shapely.buffer(shapely.points(xy), 15.0),
        Timetable.of_spans(start, start + rng.integers(3_600, 10 * 3_600, EVENTS)),
    )  # fmt: skip
    col, row = (g.ravel() for g in np.meshgrid(np.arange(STREETS), np.arange(STREETS)))
    east, north = col < STREETS - 1, row < STREETS - 1
    node = row * STREETS + col
    names = [f"h{c}-{r}" for c, r in zip(col[east], row[east], strict=True)]
    names += [f"v{c}-{r}" for c, r in zip(col[north], row[north], strict=True)]
    network = Network(
        np.array(names, dtype=object), np.append(node[east], node[north]),
        np.append(node[east] + 1, node[north] + STREETS), np.full(len(names), 200.0), {},
        {"centre-de-secours": {"c1": 2_020, "c2": 7_070}, "hopital": {"h1": 4_545, "h2": 9_090}},
    )  # fmt: skip
    kind = rng.choice(["residents", "ecole", "hopital"], 20_000, p=[0.95, 0.04, 0.01])
    people = rng.uniform(0, SIDE, (20_000, 2)) + CORNER
    places = Places(
        np.arange(20_000).astype(object), kind.astype(object),
        shapely.points(people), rng.integers(1, 80, 20_000).astype(float),
    )  # fmt: skip
    lamps = Lamps(np.arange(60_000).astype(object), shapely.points(rng.uniform(0, SIDE, (60_000, 2)) + CORNER))
    return Scene(agenda=agenda, network=network, places=places, lamps=lamps, renewed={})


def main() -> None:
    rng = np.random.default_rng(20260101)
    city, planned = scene(rng), works(rng, WORKS)
    print("| case | findings | wall, s | CPU, s | goal |\n|---|---|---|---|---|")
    began, cpu = time.perf_counter(), time.process_time()
    report = find_clashes(planned, city, works_rules())
    print(
        f"| {WORKS} works × {EVENTS} events | {len(report.findings)} | {time.perf_counter() - began:.1f} "
        f"| {time.process_time() - cpu:.1f} | ≤ 30 s |"
    )
    known = Scene(works=planned, agenda=city.agenda, network=city.network, places=city.places, lamps=city.lamps)
    known.standing_agenda.tree  # noqa: B018 - a served city keeps its index
    walls, cpus, count = [], [], 0
    for work in works(np.random.default_rng(2), 20):
        candidate = Work(
            "candidate", "gaz", work.footprint, work.schedule, work.closure, noise="fort", street=work.street
        )
        began, cpu = time.perf_counter(), time.process_time()
        count += len(find_clashes([candidate], known, works_rules()).findings)
        walls.append(time.perf_counter() - began)
        cpus.append(time.process_time() - cpu)
    print(
        f"| one candidate among them, slowest of 20 | {count / 20:.0f} | {max(walls):.2f} | {max(cpus):.2f} | ≤ 1 s |"
    )
    proposals(known, report.findings)


def proposals(city: Scene, findings: Sequence[Finding]) -> None:
    """Time the dates of one work that has a conflict: each day is searched with all that stands beside."""
    conflicts = [f for f in findings if severe(f, "warning")]
    district = shapely.box(X, Y, X + DISTRICT, Y + DISTRICT)
    named = {name for f in conflicts for name in (f.subject, *f.evidence)}
    meant = [w for w in city.works if w.id in named and w.footprint.intersects(district)]
    alone = next(group for group in groups(meant, conflicts) if len(group) == 1)
    began, cpu = time.perf_counter(), time.process_time()
    found = arrange(alone, city, works_rules())
    print(
        f"| dates within 30 days for one work among them: {'none' if found.left else 'found'} | "
        f"| {time.perf_counter() - began:.1f} | {time.process_time() - cpu:.1f} | |"
    )


if __name__ == "__main__":
    main()
