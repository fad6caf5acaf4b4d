"""What every format answers with, and the way between metres and degrees."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import pyproj
import shapely
from lxml import etree

from observatoire.errors import BadSource
from observatoire.risk.arrays import Floats
from observatoire.works.errors import BadWork
from observatoire.works.model import Work
from observatoire.works.schedule import Schedule

MOST = 1_000  # pieces of time written for one work
DECIMALS = 9  # of a degree: under a millimetre


@dataclass(frozen=True)
class Loss:
    """A field of a work that a format does not carry, or changes."""

    work: str
    field: str
    why: str


@dataclass(frozen=True)
class Refused:
    """An object of a document that cannot be works, with its reason."""

    id: str
    reason: str


@dataclass(frozen=True)
class Written:
    """A document, and what it does not carry."""

    data: bytes
    losses: tuple[Loss, ...]


@dataclass(frozen=True)
class Read:
    """Works of a document, objects refused, and what the model does not carry; read is works and refused."""

    works: tuple[Work, ...]
    refused: tuple[Refused, ...]
    losses: tuple[Loss, ...] = ()


def losses(work: Work, carried: set[str]) -> Iterator[Loss]:
    """Return the fields of a work that say something and are not carried; `schedule.*` are those of its schedule."""
    for name, value, default in _values(work):
        if value != default and name not in carried:
            yield Loss(work.id, name, "not carried by the format")


def _values(work: Work) -> Iterator[tuple[str, Any, Any]]:
    for part, prefix in ((work, ""), (work.schedule, "schedule.")):
        for field in fields(part):
            if field.name != "schedule":
                yield prefix + field.name, getattr(part, field.name), field.default
    yield "closure.edges", work.closure.edges, ()


def read_each(objects: Iterable[tuple[str, Any]], make: Callable[[str, Any], Work]) -> Read:
    """Return what `make` gives for each object, and the reasons of those that it refuses."""
    works, refused, seen = [], [], set()
    for name, found in objects:
        try:
            work = make(name, found)
        except BadWork as error:
            refused.append(Refused(name, str(error)))
            continue
        if name in seen:
            refused.append(Refused(name, "id: is used twice in the document"))
            continue
        works.append(work)
        seen.add(name)
    return Read(tuple(works), tuple(refused))


def json_document(data: bytes) -> Any:
    """Parse JSON, or raise BadSource."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise BadSource("the document is not JSON") from None


def xml_document(data: bytes) -> Any:
    """Parse XML without entities, DTD or network, or raise BadSource."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError:
        raise BadSource("the document is not well-formed XML") from None
    if root.getroottree().docinfo.doctype:
        raise BadSource("the document has a DOCTYPE, which is not read")
    return root


def moment(field: str, text: Any) -> datetime:
    """Read an RFC 3339 moment; the schedule refuses one without zone."""
    try:
        return datetime.fromisoformat(str(text).strip())
    except ValueError:
        raise BadWork(field, f"{str(text)[:40]!r} is not a date-time; expected 2026-05-04T08:00:00+02:00") from None


def spans(schedule: Schedule) -> list[tuple[datetime, datetime]]:
    """Return the pieces of time of a schedule, whole seconds, in its zone."""
    zone = schedule.start.tzinfo
    return [(datetime.fromtimestamp(a, zone), datetime.fromtimestamp(b, zone)) for a, b in schedule.instants.pairs()]


@lru_cache(maxsize=16)
def _transformers(crs: str) -> tuple[pyproj.Transformer, pyproj.Transformer]:
    return (
        pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True),
        pyproj.Transformer.from_crs("EPSG:4326", crs, always_xy=True),
    )


def to_degrees(geometry: Any, crs: str) -> Any:
    """Return a geometry in longitude and latitude, rounded to `DECIMALS`."""
    forth, _ = _transformers(crs)
    return shapely.transform(
        geometry, lambda xy: np.round(np.column_stack(forth.transform(xy[:, 0], xy[:, 1])), DECIMALS)
    )


def to_metres(geometry: Any, crs: str) -> Any:
    """Return a geometry in longitude and latitude in `crs`."""
    _, back = _transformers(crs)
    return shapely.transform(geometry, lambda xy: np.column_stack(back.transform(xy[:, 0], xy[:, 1])))


def lat_lon(text: Any, field: str = "footprint") -> Floats:
    """Return (longitude, latitude) rows of a text `lat lon lat lon …`."""
    try:
        numbers = np.array([float(part) for part in str(text or "").replace(",", " ").split()])
    except ValueError:
        raise BadWork(field, "expected numbers, latitude then longitude") from None
    if len(numbers) < 4 or len(numbers) % 2:
        raise BadWork(field, f"has {len(numbers)} numbers; expected pairs of latitude and longitude, two at least")
    pairs = numbers.reshape(-1, 2)[:, ::-1]
    if not ((np.abs(pairs[:, 0]) <= 180) & (np.abs(pairs[:, 1]) <= 90)).all():
        raise BadWork(field, "has a coordinate out of range; expected latitude then longitude")
    return pairs


def lat_lon_text(geometry: Any) -> str:
    """Return `lat lon lat lon …` of a line or ring in degrees."""
    return " ".join(f"{y:.{DECIMALS}f} {x:.{DECIMALS}f}" for x, y in shapely.get_coordinates(geometry).tolist())


def axis(geometry: Any) -> Any:
    """Return a line: itself, or the middle line of the smallest rectangle around anything else, m."""
    if geometry.geom_type == "LineString":
        return geometry
    box = shapely.minimum_rotated_rectangle(geometry if geometry.area else geometry.buffer(1.0))
    a, b, c, d = shapely.get_coordinates(box)[:4]
    if np.hypot(*(b - a)) > np.hypot(*(c - b)):
        return shapely.LineString([(a + d) / 2, (b + c) / 2])
    return shapely.LineString([(a + b) / 2, (d + c) / 2])
