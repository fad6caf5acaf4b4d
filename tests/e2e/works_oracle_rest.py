"""What works do to ways, nights, streets and lamps, from what the server serves: networkx, and minutes one by one."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import networkx as nx
import shapely

PARIS = ZoneInfo("Europe/Paris")
type Item = dict[str, Any]
type Clash = tuple[str, frozenset[str]]
NIGHT, DARK, CLASS, ALWAYS = (22 * 60, 7 * 60), (21 * 60, 6 * 60), (8 * 60 + 30, 16 * 60 + 30), (0, 24 * 60)
#: rule: noises, kinds of places, metres, minutes of the day, weekdays, least people
NOISE = {
    "night-noise": ({"moyen", "fort", "tres-fort"}, {"residents"}, 60, NIGHT, range(7), 20),
    "school-noise": ({"fort", "tres-fort"}, {"ecole", "college-lycee", "creche"}, 100, CLASS, (0, 1, 3, 4), 0),
    "hospital-noise": ({"fort", "tres-fort"}, {"hopital", "ehpad"}, 150, ALWAYS, range(7), 0),
}


@cache
def local(minute: int) -> tuple[date, int, int]:
    """Return the local day, weekday and minute of the day of a minute since 1970."""
    wall = datetime.fromtimestamp(minute * 60, PARIS)
    return wall.date(), wall.weekday(), wall.hour * 60 + wall.minute


class Rest:
    """Works that stand, with the minutes that they hold, and what they are judged against."""

    def __init__(self, items: dict[str, list[Item]], works: list[Item], past: list[Item]) -> None:
        self.items, self.works, self.past = items, works, past
        for work in [*works, *past]:
            work["minutes"] = {m for a, b in work["spans"] for m in range(_minute(a), _minute(b))}
        self.segments = {s["code"]: s for s in items["troncons"]}
        self.closing = [w for w in works if w["emprise"] == "chaussee-fermee" and w["troncon"] in self.segments]
        self.detours = {w["reference"]: self._detour(w) for w in self.closing if w["deviation"]}

    def clashes(self) -> Iterator[Clash]:
        """Yield the rule, and the works with all that is evidence against them."""
        yield from self._detours_meet()
        yield from self._detours_closed()
        for work in self.closing:
            yield from self._ways(work)
        for work in self.works:
            yield from self._noise(work)
            yield from self._days(work)
            yield from self._lamps(work)

    def _graph(self, mode: str, closed: set[str]) -> nx.Graph:
        """Return the streets that a mode may pass; of parallel ones, the shortest."""
        graph = nx.Graph()
        for code, s in self.segments.items():
            passes = {"car": s["nature"] != "pietonne", "step-free": s["accessible"] is True}.get(mode, True)
            a, b, length = s["depart"], s["arrivee"], float(s["longueur"])
            if passes and code not in closed and (not graph.has_edge(a, b) or length < graph[a][b]["length"]):
                graph.add_edge(a, b, length=length, code=code)
        return graph

    def _detour(self, work: Item) -> set[str]:
        segment, graph = self.segments[work["troncon"]], self._graph("car", {work["troncon"]})
        try:
            path = nx.shortest_path(graph, segment["depart"], segment["arrivee"], weight="length")
        except (nx.NetworkXNoPath, nx.NodeNotFound):
            return set()
        return {graph[a][b]["code"] for a, b in pairwise(path)}

    def _detours_meet(self) -> Iterator[Clash]:
        sent = [w for w in self.closing if self.detours.get(w["reference"])]
        for code in self.segments:
            users = [w for w in sent if code in self.detours[w["reference"]]]
            crowded = {m for a in users for b in users if a is not b for m in a["minutes"] & b["minutes"]}
            if crowded:
                yield "detours-together", frozenset(w["reference"] for w in users if w["minutes"] & crowded)

    def _detours_closed(self) -> Iterator[Clash]:
        for name, way in self.detours.items():
            work = next(w for w in self.closing if w["reference"] == name)
            for other in self.closing:
                if other is not work and other["troncon"] in way and work["minutes"] & other["minutes"]:
                    yield "detour-closed", frozenset((name, other["reference"]))

    def _moments(self, work: Item) -> list[list[Item]]:
        """Return the sets of other closures within 500 m that hold in some minute of the works, the first first."""
        near = [w for w in self.closing if w is not work and w["geometry"].distance(work["geometry"]) <= 500]
        found = {tuple(w["reference"] for w in near if m in w["minutes"]): None for m in sorted(work["minutes"])}
        return [[w for w in near if w["reference"] in names] for names in found]

    def _ways(self, work: Item) -> Iterator[Clash]:
        """Yield ways that are cut or longer by both limits, with the closures that make them longest."""
        segment = self.segments[work["troncon"]]
        what = f"segment:{work['troncon']}"
        worst: dict[tuple[str, str], tuple[float, list[str]]] = {}
        for together in self._moments(work):
            names, closed = [w["reference"] for w in together], {w["troncon"] for w in [work, *together]}
            told = [
                (rule, what, float(segment["longueur"]), *limits, self._between(mode, closed, segment))
                for rule, mode, limits in (("long-detour", "car", (600, 3)), ("step-free", "step-free", (150, 2)))
                if work["troncon"] in self._codes(mode)
            ]
            usual, now = self._to_hospitals(set()), self._to_hospitals(closed)
            told += [("emergency", f"hopital:{h}", usual[h], 500, 1, now[h]) for h in usual]
            for rule, name, before, metres, times, after in told:
                longer = after > before * times and after - before > metres
                if longer and after > worst.get((rule, name), (0, []))[0]:
                    worst[rule, name] = after, names
        for (rule, name), (_, names) in worst.items():
            yield rule, frozenset((work["reference"], name, *names))

    def _codes(self, mode: str) -> set[str]:
        return {told["code"] for *_, told in self._graph(mode, set()).edges(data=True)}

    def _between(self, mode: str, closed: set[str], segment: Item) -> float:
        far = nx.single_source_dijkstra_path_length(self._with_ends(mode, closed), segment["depart"], weight="length")
        return float(far.get(segment["arrivee"], float("inf")))

    def _with_ends(self, mode: str, closed: set[str]) -> nx.Graph:
        graph = self._graph(mode, closed)
        graph.add_nodes_from(n for s in self.segments.values() for n in (s["depart"], s["arrivee"]))
        return graph

    def _to_hospitals(self, closed: set[str]) -> dict[str, float]:
        graph = self._with_ends("everyone", closed)
        places = self.items["lieux-sensibles"]
        stations = {self._junction(p) for p in places if p["nature"] == "centre-de-secours"}
        far = nx.multi_source_dijkstra_path_length(graph, stations, weight="length")
        hospitals = {p["code"]: self._junction(p) for p in places if p["nature"] == "hopital"}
        return {code: float(far.get(node, float("inf"))) for code, node in hospitals.items()}

    def _junction(self, place: Item) -> int:
        """Return the end of its segment that is nearer to a place."""
        segment = self.segments[place["troncon"]]
        first, last = (shapely.Point(segment["geometry"].coords[k]) for k in (0, -1))
        nearer = first.distance(place["geometry"]) <= last.distance(place["geometry"])
        return int(segment["depart"] if nearer else segment["arrivee"])

    def _noise(self, work: Item) -> Iterator[Clash]:
        homes = [
            s | {"nature": "residents", "people": s["habitants"]} for s in self.items["troncons"] if s["habitants"]
        ]
        known = homes + [p | {"people": p["capacite"]} for p in self.items["lieux-sensibles"]]
        for rule, (noises, kinds, metres, hours, weekdays, least) in NOISE.items():
            if work["bruit"] not in noises or not self._held(work, hours, weekdays):
                continue
            near = [p for p in known if p["nature"] in kinds and p["geometry"].distance(work["geometry"]) <= metres]
            if near and sum(p["people"] or 0 for p in near) >= least:
                yield rule, frozenset((work["reference"], *(p["code"] for p in near)))

    def _held(self, work: Item, hours: tuple[int, int], weekdays: Any) -> int:
        """Return the minutes of works in some hours of the day; those after midnight are of the day before."""
        low, high = hours
        count = 0
        for minute in work["minutes"]:
            _, weekday, at = local(minute)
            if low < high:
                count += low <= at < high and weekday in weekdays
            else:
                count += (at >= low and weekday in weekdays) or (at < high and (weekday - 1) % 7 in weekdays)
        return count

    def _days(self, work: Item) -> Iterator[Clash]:
        """Yield the street that bears more than 90 days of works in the year up to the end of these."""
        known = [w for w in [*self.works, *self.past] if w["voie"] and w["voie"] == work["voie"]]
        last = max(local(m)[0] for m in work["minutes"])
        year = {last - timedelta(days=k) for k in range(365)}
        borne = {w["reference"]: {local(m)[0] for m in w["minutes"]} & year for w in known}
        if len(set().union(*borne.values())) > 90:
            yield "tired-street", frozenset(name for name, days in borne.items() if days or name == work["reference"])

    def _lamps(self, work: Item) -> Iterator[Clash]:
        lit = [lamp for lamp in self.items["eclairage"] if lamp["etat"] == "en-service"]
        out = [lamp["code"] for lamp in lit if lamp["geometry"].distance(work["geometry"]) <= 15]
        if work["eclairage_coupe"] and out and self._held(work, DARK, range(7)):
            yield "lighting-out", frozenset((work["reference"], *out))


def incidents(work: Item, cells: list[Item], start: datetime, end: datetime) -> dict[str, float]:
    """Return what a forecast says around works: each cell by the part of it within 50 m and the part of its time."""
    low, high = _minute(start), _minute(end)
    held = sum(low <= m < high for m in work["minutes"])
    place = work["geometry"].buffer(50)
    told = dict.fromkeys(("expected", "lower", "upper", "usual"), 0.0)
    for cell in cells:
        part = cell["geometry"].intersection(place).area / cell["geometry"].area * held / (high - low)
        for name in told:
            told[name] += part * cell[name]
    return told | {"share": held / len(work["minutes"])}


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // 60
