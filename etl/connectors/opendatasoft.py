"""Opendatasoft Explore 2.1: a whole dataset by its export; its pages of records end at 10 000.

Cursor: the greatest value of the field that `since` names; else when the dataset's data were last processed.
"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import orjson
import shapely

from etl.connectors.features import Greatest, asked, from_geojson, record, while_open
from observatoire.errors import BadInput, BadSource, SourceUnavailable
from observatoire.intake import credentials
from observatoire.intake.http import Client
from observatoire.intake.options import Options
from observatoire.intake.source import Connector, NotModified, Record, Rejected, Table, digest

REQUEST = {
    "where": "filter in ODSQL",
    "select": "fields, separated by commas; default: all",
    "geometry": "field of the place, where there are several; default: the first `geo_shape`, else `geo_point_2d`",
    "since": "date field of which only records at or beyond the cursor are asked",
    **credentials.REQUEST,
}
_API = "/api/explore/v2.1/catalog/datasets/"
_PLACES = ("geo_shape", "geo_point_2d")


def fetch(address: str, options: Options) -> Table:
    """Open a dataset, given by its page (`…/explore/dataset/<id>/`) or by its address in the API.

    Raises
    ------
    NotModified
        If its data were not processed since the last load.
    """
    request = asked(options, REQUEST)
    client = Client(address, headers=credentials.credentials(request))
    dataset = _dataset(httpx.URL(address))
    about = client.get(dataset).json_object()
    host = httpx.URL(address).host
    processed = _processed(about)
    if "since" not in request and processed is not None and options.since == processed:
        raise NotModified
    fields = _fields(about, host, request)
    place = _place(fields, request)
    columns = tuple(name for name, kind in fields.items() if kind not in _PLACES)
    greatest = Greatest(request.get("since"), options.since, columns)
    params = _params(request, options.since)
    total = client.get(f"{dataset}/records", params=params | {"limit": "1"}).json_object().get("total_count")
    folder = TemporaryDirectory(prefix="obs-ods-")
    export = Path(folder.name) / "export.jsonl"
    client.download(f"{dataset}/exports/jsonl", export, params=params)
    records = while_open(folder, _records(export, total, host, columns, options, place))
    return Table(columns, greatest.over(records), "OGC:CRS84", greatest if "since" in request else lambda: processed)


def _dataset(url: httpx.URL) -> str:
    parts = [part for part in url.path.split("/") if part]
    for mark in ("datasets", "dataset"):
        if mark in parts[:-1]:
            return str(url.copy_with(path=_API + parts[parts.index(mark) + 1], query=None, fragment=None))
    raise BadInput("address: expected …/explore/dataset/<id>/ or …/api/explore/v2.1/catalog/datasets/<id>")


def _processed(about: dict[str, Any]) -> str | None:
    try:
        default = about["metas"]["default"]
        found = default.get("data_processed") or default.get("modified")
    except (KeyError, TypeError, AttributeError):
        return None
    return found if isinstance(found, str) else None


def _fields(about: dict[str, Any], host: str, request: dict[str, str]) -> dict[str, str]:
    try:
        fields = {str(field["name"]): str(field["type"]) for field in about["fields"]}
    except (KeyError, TypeError):
        raise BadSource(f"{host} describes no fields of the dataset") from None
    if "select" not in request:
        return fields
    wanted = [name.strip() for name in request["select"].split(",")]
    if unknown := [name for name in wanted if name not in fields]:
        raise BadInput(f"request.select: no field {', '.join(unknown)}; expected some of {', '.join(fields)}")
    return {name: fields[name] for name in wanted}


def _place(fields: dict[str, str], request: dict[str, str]) -> str | None:
    places = [name for kind in _PLACES for name, found in fields.items() if found == kind]
    if (wanted := request.get("geometry")) is not None and wanted not in places:
        raise BadInput(f"request.geometry: expected one of {', '.join(places) or 'none'}")
    return wanted or next(iter(places), None)


def _params(request: dict[str, str], since: str | None) -> dict[str, str]:
    params = {key: request[key] for key in ("select",) if key in request}
    where = [f"({request['where']})"] if "where" in request else []
    if "since" in request and since is not None:
        if not all(c.isalnum() or c in "-:.+TZ " for c in since):
            raise BadInput("cursor: expected a date")
        where.append(f"{request['since']} >= date'{since}'")
    if where:
        params["where"] = " and ".join(where)
    return params | {"timezone": "UTC"}


def _records(
    export: Path, total: Any, host: str, columns: tuple[str, ...], options: Options, place: str | None
) -> Iterator[Record]:
    rank = 0
    with export.open("rb") as lines:
        for line in lines:
            if not line.strip():
                continue
            rank += 1
            try:
                values = orjson.loads(line)
            except orjson.JSONDecodeError:
                values = None
            if not isinstance(values, dict):
                yield Record(rank, Rejected("malformed-row", "row"), digest(line))
                continue
            where = values.get(place) if place is not None else None
            bare = {name: value for name, value in values.items() if name in columns or not _is_place(value)}
            yield record(rank, bare, columns, options, geometry=lambda where=where: _shape(where))  # type: ignore[misc]
    if isinstance(total, int) and rank != total:
        raise SourceUnavailable(f"{host}: it says {total} records, and gave {rank}; run the same command again")


def _is_place(value: Any) -> bool:
    return isinstance(value, dict) and ("lon" in value or "geometry" in value)


def _shape(value: Any) -> Any:
    if value is None:
        return None
    if not isinstance(value, dict):
        raise TypeError
    if "lon" in value and "lat" in value:
        return shapely.Point(float(value["lon"]), float(value["lat"]))
    return from_geojson(value.get("geometry", value))


CONNECTOR = Connector("opendatasoft", fetch=fetch)
