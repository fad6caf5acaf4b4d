"""The ground of the simulated city: an invented coast, its islands and its divisions."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from scipy.spatial import Voronoi

from observatoire.risk.arrays import Floats

CRS = "EPSG:2154"
CENTRE = (893_300.0, 6_245_600.0)  # m
LAND_KM2 = 240.0
PORT = (-0.78, 0.02)  # of the radius, from the centre: the old port is a bay in the west
NAMES = (
    "Le Vieux-Bassin",
    "Les Salines",
    "Port-Neuf",
    "La Butte-aux-Chèvres",
    "Saint-Amaury",
    "Les Grands-Pins",
    "Le Moulin-Blanc",
    "La Belle-Rade",
    "Les Corderies",
    "Pierre-Plantée",
    "Le Val-des-Amandiers",
    "La Tour-Sarrasine",
    "Les Abattoirs-Vieux",
    "Sainte-Opportune",
    "Le Plan-des-Figuiers",
    "La Vigie",
)


def land(rng: np.random.Generator) -> Any:
    """Return the land as one (multi)polygon of `LAND_KM2`, EPSG:2154: rough coast, a bay, isles."""
    angle = np.linspace(0, 2 * np.pi, 720, endpoint=False)
    radius = np.ones_like(angle)
    sea = 0.5 * (1 + np.cos(angle - 1.25 * np.pi))  # 1 towards the south-west, 0 towards the hills
    for wave in range(2, 40):
        roughness = 0.10 / wave**0.9 * (0.25 + sea)
        radius += roughness * rng.normal() * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    outline = np.column_stack([1.05 * radius * np.cos(angle), 1.15 * radius * np.sin(angle)])
    bay = shapely.LineString([PORT, (-1.6, -0.15)]).buffer(0.16)
    isles = [shapely.Point(-1.28, -0.62).buffer(0.09), shapely.Point(-1.33, -0.30).buffer(0.06)]
    shape = shapely.union_all([shapely.Polygon(outline).buffer(0).difference(bay), *isles])
    size = (LAND_KM2 * 1e6 / shape.area) ** 0.5
    return shapely.transform(shape, lambda xy: np.round(xy * size + CENTRE, 1))


def divisions(ground: Any, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the divisions, a partition of the land: Voronoi cells of points relaxed three times."""
    xy = _inside(ground, len(NAMES), rng)
    for _ in range(3):
        xy = np.array([[part.centroid.x, part.centroid.y] for part in _cells(ground, xy)])
    order = np.lexsort((xy[:, 0], np.hypot(*(xy - CENTRE).T)))
    parts = [_cells(ground, xy)[k] for k in order]
    ids = [f"D{n:02d}" for n in range(1, len(parts) + 1)]
    return gpd.GeoDataFrame({"id": ids, "name": list(NAMES)}, geometry=parts, crs=CRS)


def _cells(ground: Any, xy: Floats) -> list[Any]:
    """Return the part of the land that is nearest to each point."""
    far = 1e6 * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]]) + CENTRE
    diagram = Voronoi(np.concatenate([xy, far]))
    rings = [diagram.vertices[diagram.regions[region]] for region in diagram.point_region[: len(xy)]]
    return [shapely.MultiPoint(ring).convex_hull.intersection(ground) for ring in rings]


def _inside(ground: Any, n: int, rng: np.random.Generator) -> Floats:
    west, south, east, north = ground.bounds
    found = np.empty((0, 2))
    while len(found) < n:
        tried = rng.uniform((west, south), (east, north), size=(4 * n, 2))
        found = np.concatenate([found, tried[shapely.contains_xy(ground, tried)]])
    return found[:n]
