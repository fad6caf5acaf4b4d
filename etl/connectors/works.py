"""What connectors of works share: works of the model as rows of `chantiers`, refusals as rejections."""

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import shapely

from etl.connectors.features import ETAG, asked, condition, record
from etl.connectors.works_rows import in_rows
from observatoire.errors import BadInput
from observatoire.intake import credentials
from observatoire.intake.http import Answer, Client
from observatoire.intake.options import Options
from observatoire.intake.source import NotModified, Record, Rejected, Table, digest
from observatoire.works.codes import KINDS
from observatoire.works.exchange.base import Read, to_degrees, to_metres
from observatoire.works.exchange.geojson import properties_of
from observatoire.works.model import Work

log = logging.getLogger("observatoire.etl")

CRS84 = "OGC:CRS84"
WORLD = "EPSG:3857"  # in which documents are read: footprints of any country, in metres enough to be checked
COLUMNS = (
    "id", "reference", "titre", "nature", "debut", "fin", "regle", "heure_debut", "heure_fin", "feries", "exceptions",
    "emprise", "statut", "maitre_ouvrage", "voie",
)  # fmt: skip
REQUEST = {
    "kind": "code of `chantiers` for works of which the document does not say it; default: chaussee",
    "width": "half-width of a footprint given as a line or point, m, 1–100; default: 4",
    **credentials.REQUEST,
}
type Reader = Callable[..., Read]


def fetch_works(address: str, options: Options, read: Reader) -> Table:
    """Open a document of works at an address.

    Parameters
    ----------
    read : callable
        One of `observatoire.works.exchange`: `read(data, crs=…, zone=…, kind=…)`.

    Raises
    ------
    NotModified
        If it is the one of the last load.
    """
    request = checked(asked(options, REQUEST))
    client = Client(address, headers=credentials.credentials(request))
    answer = client.get(headers=condition(request, options.since))
    if answer.status == 304:
        raise NotModified
    return table([answer], options, request, read)


def checked(request: dict[str, str]) -> dict[str, str]:
    """Return what is asked of works, or raise `BadInput` before anything is fetched."""
    half_width(request)
    if request.get("kind", KINDS[0]) not in KINDS:
        raise BadInput(f"request.kind: expected one of {', '.join(KINDS)}")
    return request


def table(answers: list[Answer], options: Options, request: Mapping[str, str], read: Reader) -> Table:
    """Return the works of some documents as rows, those that are refused as rejections."""
    found = [read(a.content, crs=WORLD, zone=options.tz or "Europe/Paris", kind=request.get("kind", "chaussee"))
             for a in answers]  # fmt: skip
    tags = [a.headers.get("etag") for a in answers]
    lost = sorted({loss.field for one in found for loss in one.losses})
    if lost:
        log.info("not carried by the model", extra={"fields": lost})

    def cursor() -> str | None:
        return f"{ETAG}{tags[0]}" if len(tags) == 1 and tags[0] else None

    return Table(COLUMNS, _records(found, options, half_width(request)), CRS84, cursor)


def half_width(request: Mapping[str, str], default: float = 4.0) -> float:
    """Return the half-width that is asked for, m."""
    try:
        width = float(request.get("width", default))
    except ValueError:
        width = 0.0
    if not 1 <= width <= 100:
        raise BadInput("request.width: expected metres, from 1 to 100")
    return width


def _records(found: list[Read], options: Options, width: float) -> Iterator[Record]:
    rank = 0
    for one in found:
        for refused in one.refused:
            rank += 1
            field, _, why = refused.reason.partition(": ")
            reason = "no-works" if "no work" in why or "not temporary" in why else "bad-work"
            name = field if field.replace(".", "").replace("_", "").isalnum() else "row"
            yield Record(rank, Rejected(reason, name), digest(refused.id.encode(), refused.reason.encode()))
        for row in (row for work in one.works for row in in_rows(work)):
            rank += 1
            yield _record(rank, row, options, width)


def _record(rank: int, work: Work, options: Options, width: float) -> Record:
    values: dict[str, Any] = {"id": work.id} | properties_of(work)
    values["maitre_ouvrage"] = None  # a code of the city's; an order names an authority in words
    kept = {name: values.get(name) for name in COLUMNS}
    return record(rank, kept, COLUMNS, options, geometry=lambda: area(to_degrees(work.footprint, WORLD), width))


def area(geometry: Any, width: float) -> Any:
    """Return a footprint in degrees as an area: lines and points widened by `width` metres, in their UTM zone."""
    if "Polygon" in geometry.geom_type:
        return geometry
    centre = geometry.centroid
    zone = min(60, int((centre.x + 180) // 6) + 1)
    utm = f"EPSG:{(32600 if centre.y >= 0 else 32700) + zone}"
    cap = "flat" if "Line" in geometry.geom_type else "round"
    return to_degrees(shapely.buffer(to_metres(geometry, utm), width, cap_style=cap, quad_segs=4), utm)
