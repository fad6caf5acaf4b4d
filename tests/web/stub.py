"""A small server that keeps the desk's side of the HTTP contract, with seeded data of a city that does not exist.

Started by the tests of this folder as a program of its own (`python stub.py`); it prints its address on the first
line. It serves web/ under the content security policy that the real server is asked for.
"""

import argparse
import json
import mimetypes
from datetime import UTC, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import numpy as np
import numpy.typing as npt
from shapely import Point, Polygon, STRtree, box, voronoi_polygons
from shapely.geometry import MultiPoint, mapping

type Json = dict[str, Any]
type Floats = npt.NDArray[np.float64]

WEB = Path(__file__).resolve().parents[2] / "web"
KEYS = {"coordination-key": "coordination", "citizen-key": "citizen"}
SEES = {
    "public": ["divisions", "signalements"],
    "citizen": ["divisions", "signalements"],
    "coordination": ["divisions", "signalements", "faits", "risque"],
}
CSP = (
    "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
LON, LAT = 5.37, 43.29
METRE_LAT = 1 / 111_132
METRE_LON = METRE_LAT / np.cos(np.radians(LAT))
CELL_M = 250
NAMES = """Vieux-Port, La Darse, Belsunce Haut, Les Carmes, Saint-Elme, La Corniche, Bonneval, Les Tanneurs, La Gavotte,
Sainte-Luce, Mazargan, Les Olives, Le Cabot Bleu, La Viste, Saint-Just, Les Accates""".replace("\n", " ").split(", ")
NATURES = {
    "signalements": {
        "depot-sauvage": ("#7f5539", "Dépôt sauvage", "Fly-tipping", 0.42),
        "tag": ("#9d4edd", "Tag", "Graffiti", 0.16),
        "bruit": ("#d81b60", "Bruit", "Noise", 0.27),
        "eclairage": ("#b7791f", "Éclairage en panne", "Broken street light", 0.15),
    },
    "faits": {
        "tapage": ("#1d4ed8", "Tapage", "Disturbance", 0.5),
        "rixe": ("#0f172a", "Rixe", "Brawl", 0.15),
        "degradation": ("#0e7490", "Dégradation", "Damage", 0.35),
    },
}
STEPS = [(0.0, "#fff3c4"), (0.1, "#fdc870"), (0.25, "#f58b4c"), (0.6, "#cf3f4f"), (1.2, "#7a1250")]


class City:
    """Divisions, cells and events, each from its own seed; the last event is some hours old."""

    def __init__(self) -> None:
        self.start = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=6)

    @cached_property
    def land(self) -> Polygon:
        """The city, in metres around its centre: hills in the east, a wavy coast in the west, a harbour."""
        y = np.linspace(-7_000, 7_000, 141)
        coast = -3_600 + 900 * np.sin(y / 1_900) + 350 * np.sin(y / 610 + 1) + 0.12 * y
        hills = 6_200 + 800 * np.sin(y / 2_300 + 2) + 240 * np.sin(y / 700)
        ring = [*zip(coast, y, strict=True), *zip(hills[::-1], y[::-1], strict=True)]
        return Polygon(ring).difference(box(-4_700, -250, -2_350, 250))

    @cached_property
    def divisions(self) -> list[Polygon]:
        rng = np.random.default_rng(7)
        inside = [p for p in rng.uniform((-4_000, -6_500), (6_500, 6_500), (60, 2)) if self.land.contains(Point(p))]
        parts = voronoi_polygons(MultiPoint(inside[: len(NAMES)]), extend_to=self.land.buffer(2_000))
        return [part.intersection(self.land) for part in parts.geoms]

    @cached_property
    def centres(self) -> Floats:
        """Centres of the cells on land, shape (n, 2), m."""
        side = np.arange(-7_000, 7_000, CELL_M) + CELL_M / 2
        grid = np.array([(x, y) for x in side for y in side])
        tree = STRtree([Point(p) for p in grid])
        on_land: Floats = grid[np.sort(tree.query(self.land, predicate="contains"))]
        return on_land

    @cached_property
    def expected(self) -> Floats:
        """Events a week and cell: a few centres over a low ground."""
        rate = np.full(len(self.centres), 0.02)
        for x, y, spread, height in [
            (-1_900, 300, 500, 2.1), (-900, -900, 900, 0.75), (900, 2_400, 450, 1.2), (-2_000, -3_400, 600, 0.6),
            (3_000, -1_800, 700, 0.5), (1_500, 4_900, 500, 0.7), (-900, 4_300, 350, 0.9),
        ]:  # fmt: skip
            rate += height * np.exp(-((self.centres - (x, y)) ** 2).sum(axis=1) / 2 / spread**2)
        noisy: Floats = rate * np.random.default_rng(8).gamma(6, 1 / 6, len(rate))
        return noisy

    def features(self, collection: str) -> list[Json]:
        return {
            "divisions": lambda: self._divisions,
            "risque": lambda: self._cells,
            "signalements": lambda: self._reports,
            "faits": lambda: self._incidents,
        }[collection]()

    @cached_property
    def _divisions(self) -> list[Json]:
        return [
            feature(i, geometry(part), {"code": f"{i:02}", "nom": name})
            for i, (part, name) in enumerate(zip(self.divisions, NAMES, strict=False), 1)
        ]

    @cached_property
    def _cells(self) -> list[Json]:
        ranks = np.empty(len(self.expected), dtype=int)
        ranks[np.argsort(-self.expected)] = np.arange(1, len(ranks) + 1)
        half = CELL_M / 2
        return [
            feature(
                i,
                geometry(box(x - half, y - half, x + half, y + half)),
                {
                    "as_of": iso(self.start), "debut": iso(self.start), "fin": iso(self.start + timedelta(days=7)),
                    "cell_id": f"CRS3035RES250m{i:05}", "expected": round(rate, 4),
                    "lower": float(max(0, int(rate - 1.6 * rate**0.5))),
                    "upper": float(int(rate + 1.7 * rate**0.5 + 0.9)), "probability": round(1 - np.exp(-rate), 4),
                    "rank": int(rank), "answer": "model", "target": "signalements",
                    "baseline": round(0.9 * rate + 0.1 * float(self.expected.mean()) - 0.3 * (rank == 1), 4),
                    "without_recent": round(rate / 1.5, 4), "without_lasting": round(rate * 1.25, 4),
                    "without_around": round(rate / 1.2, 4), "without_season": round(rate * 1.01, 4),
                },
            )
            for i, ((x, y), rate, rank) in enumerate(zip(self.centres, self.expected, ranks, strict=True), 1)
        ]  # fmt: skip

    @cached_property
    def _reports(self) -> list[Json]:
        return self._events("signalements", per_week=240)

    @cached_property
    def _incidents(self) -> list[Json]:
        return self._events("faits", per_week=60)

    def _events(self, collection: str, per_week: int) -> list[Json]:
        """A hundred days of events, newest first; every tenth has a date without time."""
        rng = np.random.default_rng(per_week)
        n = per_week * 100 // 7
        natures = NATURES[collection]
        cells = rng.choice(len(self.expected), n, p=self.expected / self.expected.sum())
        where = self.centres[cells] + rng.uniform(-CELL_M / 2, CELL_M / 2, (n, 2))
        ages = np.sort(rng.uniform(0, 100 * 24, n))
        ages[0] = 0
        kinds = rng.choice(list(natures), n, p=[share for *_, share in natures.values()])
        return [
            feature(
                i,
                geometry(Point(xy)),
                {
                    "reference": f"S-{i:05}",
                    "date": iso(self.start - timedelta(hours=float(age))),
                    "nature": str(kind),
                    "precision": "day" if i % 10 == 0 else "instant",
                    "origin": "reported",
                },
            )
            for i, (xy, age, kind) in enumerate(zip(where, ages, kinds, strict=True), 1)
        ]

    @cached_property
    def card(self) -> Json:
        hot = np.sort(self.expected)[::-1][: round(0.02 * len(self.expected))]
        area = len(self.expected) * CELL_M**2 / 1e6
        return {
            "as_of": iso(self.start), "start": iso(self.start), "end": iso(self.start + timedelta(days=7)),
            "target": "signalements", "cell_m": CELL_M, "n_cells": len(self.expected), "area_km2": round(area, 1),
            "n_events": 24_880, "last_event": iso(self.start), "answer": "model",
            "words": {
                "fr": "Sur 52 semaines, le modèle a mieux désigné les lieux que le comptage de l’année passée.",
                "en": "Over 52 weeks, the model pointed at places better than last year’s count.",
            },
            "pai2": {"model": 8.1, "count": 7.3, "flat": 1.0}, "gain": {"estimate": 10.4, "lower": 4.2, "upper": 16.9},
            "flat_rate_per_km2": round(float(self.expected.sum()) / area, 3), "top2_area_km2": round(0.02 * area, 2),
            "expected_hits_top2": round(float(hot.sum()), 1),
            "expected_hits_flat": round(0.02 * float(self.expected.sum()), 1),
        }  # fmt: skip

    @cached_property
    def bbox(self) -> list[float]:
        west, south, east, north = self.land.bounds
        return [*lonlat(west, south), *lonlat(east, north)]


def lonlat(x: float, y: float) -> tuple[float, float]:
    return round(LON + float(x) * METRE_LON, 6), round(LAT + float(y) * METRE_LAT, 6)


def geometry(shape: Any) -> Json:
    """GeoJSON in degrees of a shape in metres."""

    def degrees(part: Any) -> Any:
        return lonlat(*part) if isinstance(part[0], float) else [degrees(inner) for inner in part]

    plain = json.loads(json.dumps(mapping(shape)), parse_int=float)
    return {"type": plain["type"], "coordinates": degrees(plain["coordinates"])}


def feature(number: int, shape: Json, properties: Json) -> Json:
    return {"type": "Feature", "id": number, "geometry": shape, "properties": properties}


def iso(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def style(collection: str) -> Json:
    if collection == "risque":
        legend = [
            {"least": low, "color": colour, "label": {"fr": text.replace(".", ","), "en": text}}
            for (low, colour), text in zip(
                STEPS, ["< 0.1", "0.1 – 0.25", "0.25 – 0.6", "0.6 – 1.2", "≥ 1.2"], strict=True
            )
        ]
        steps = [part for step in STEPS[1:] for part in step]
        colour: list[Any] = ["step", ["get", "expected"], STEPS[0][1], *steps]
        opacity = ["interpolate", ["linear"], ["zoom"], 10, 0.85, 15, 0.55]
        layers = [{"id": "cells", "type": "fill", "paint": {"fill-color": colour, "fill-opacity": opacity}}]
        prop = "expected"
    else:
        natures = NATURES[collection]
        legend = [{"value": v, "color": c, "label": {"fr": fr, "en": en}} for v, (c, fr, en, _) in natures.items()]
        colour = ["match", ["get", "nature"], *[part for v, (c, *_) in natures.items() for part in (v, c)], "#888888"]
        radius = ["interpolate", ["linear"], ["zoom"], 10, 2.2, 15, 6]
        paint = {
            "circle-color": colour,
            "circle-radius": radius,
            "circle-stroke-color": "#ffffff",
            "circle-stroke-width": 0.8,
        }
        layers = [{"id": "points", "type": "circle", "paint": paint}]
        prop = "nature"
    for layer in layers:
        layer["source"] = collection
    source = {"type": "geojson", "data": f"/api/collections/{collection}/items"}
    metadata = {"obs:legend": legend, "obs:property": prop}
    return {"version": 8, "sources": {collection: source}, "layers": layers, "metadata": metadata}


class RefusalError(Exception):
    """An answer that is not the one asked for."""

    def __init__(self, status: HTTPStatus) -> None:
        self.status = status


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    city = City()

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        try:
            match url.path.strip("/").split("/"):
                case ["pro"] | ["pro", "risque"]:
                    self.file(WEB / "pro" / "index.html")
                case ["web", *parts]:
                    self.file(WEB.joinpath(*parts))
                case ["api", "collections", collection, "items"]:
                    self.items(collection, {k: v[0] for k, v in parse_qs(url.query).items()})
                case ["api", "styles", collection]:
                    self.allow(collection)
                    self.json(style(collection))
                case ["city.json"]:
                    self.json(self.about())
                case ["pro", "forecast.json"]:
                    self.allow("risque")
                    self.json(self.city.card)
                case _:
                    self.file(WEB / "nothing")
        except RefusalError as refusal:
            problem = {"type": "about:blank", "title": refusal.status.phrase, "status": refusal.status}
            self.json(problem, refusal.status, "application/problem+json")

    @property
    def audience(self) -> str:
        key = self.headers.get("X-API-Key")
        if key is not None and key not in KEYS:
            raise RefusalError(HTTPStatus.UNAUTHORIZED)
        return "public" if key is None else KEYS[key]

    def allow(self, collection: str) -> None:
        if collection not in SEES[self.audience]:
            raise RefusalError(HTTPStatus.NOT_FOUND)

    def about(self) -> Json:
        return {
            "id": "demo", "title": {"fr": "Port-Soleil", "en": "Port-Soleil"}, "simulated": True,
            "audience": self.audience,
            "bbox": self.city.bbox, "time_zone": "Europe/Paris", "languages": ["fr", "en"], "version": "0.1.0",
            "collections": SEES[self.audience],
        }  # fmt: skip

    def items(self, collection: str, query: dict[str, str]) -> None:
        self.allow(collection)
        found = self.city.features(collection)
        if "datetime" in query:
            start, _, end = query["datetime"].partition("/")
            first, last = datetime.fromisoformat(start), datetime.fromisoformat(end or start)
            instant = "as_of" if collection == "risque" else "date"
            found = [f for f in found if first <= datetime.fromisoformat(f["properties"][instant]) <= last]
        if "target" in query:
            found = [f for f in found if f["properties"]["target"] == query["target"]]
        limit, offset = int(query.get("limit", 10)), int(query.get("offset", 0))
        links = []
        if offset + limit < len(found):
            path = f"http://elsewhere.invalid{urlsplit(self.path).path}?{urlencode(query | {'offset': offset + limit})}"
            links = [{"rel": "next", "type": "application/geo+json", "href": path}]
        page = found[offset : offset + limit]
        self.json({"type": "FeatureCollection", "features": page, "links": links, "numberMatched": len(found)})

    def file(self, path: Path) -> None:
        if not path.resolve().is_relative_to(WEB) or not path.is_file():
            raise RefusalError(HTTPStatus.NOT_FOUND)
        self.reply(path.read_bytes(), mimetypes.guess_type(path.name)[0] or "application/octet-stream")

    def json(self, content: Json, status: HTTPStatus = HTTPStatus.OK, kind: str = "application/json") -> None:
        self.reply(json.dumps(content).encode(), kind, status)

    def reply(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", CSP)
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
