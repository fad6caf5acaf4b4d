"""data.gouv.fr (udata): the last file of a dataset, checked against its checksum, read by the connector of its format.

Cursor: the id, date and checksum of the file.
"""

import hashlib
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from etl.connectors.features import asked, while_open
from observatoire.errors import BadInput, BadSource
from observatoire.intake import credentials
from observatoire.intake.http import Client
from observatoire.intake.options import Options
from observatoire.intake.registry import connector_of
from observatoire.intake.source import Connector, NotModified, Table

REQUEST = {
    "resource": "id of the file; default: the last of the main files",
    "title": "words that the title of the file holds",
    "format": "`csv`, `xlsx`, `geojson`, …: which files are meant",
    "connector": "which connector reads it; default: by its format",
    "inside": "`key=value,…`: the `request` of that connector",
    **credentials.REQUEST,
}
READERS = {
    "csv": "csv", "tsv": "csv", "txt": "csv", "csv.gz": "csv", "gz": "csv", "xlsx": "excel", "xls": "excel",
    "ods": "excel", "geojson": "geofile", "json": "geofile", "gpkg": "geofile", "shp": "geofile", "zip": "geofile",
    "parquet": "geoparquet",
}  # fmt: skip
_SUMS = frozenset({"sha1", "sha256", "sha512", "md5"})


def fetch(address: str, options: Options) -> Table:
    """Open the last file of a dataset, given by its page or its address in the API.

    Raises
    ------
    NotModified
        If it is the file of the last load.
    BadSource
        If it is not the file that the catalogue describes.
    """
    request = asked(options, REQUEST)
    client = Client(address, headers=credentials.credentials(request))
    about = client.get(_dataset(httpx.URL(address))).json_object()
    chosen = _chosen(about, request, httpx.URL(address).host)
    cursor = _cursor(chosen)
    if options.since == cursor:
        raise NotModified
    form = str(chosen.get("format") or "").lower()
    reader = connector_of(request.get("connector") or READERS.get(form, ""))
    if reader.read is None:
        raise BadInput("request.connector: expected one that reads a file")
    folder = TemporaryDirectory(prefix="obs-datagouv-")
    file = Path(folder.name) / f"resource.{form.replace('/', '') or 'bin'}"
    client.download(str(chosen.get("url")), file)
    _check(file, chosen.get("checksum"))
    inner = options.model_copy(update={"request": _pairs(request.get("inside", "")), "since": None})
    table = reader.read(file, inner)
    return replace(table, records=while_open(folder, table.records), cursor=lambda: cursor)


def _dataset(url: httpx.URL) -> str:
    parts = [part for part in url.path.split("/") if part]
    if "datasets" not in parts[:-1]:
        raise BadInput("address: expected …/datasets/<name>/ or …/api/1/datasets/<name>/")
    name = parts[parts.index("datasets") + 1]
    return str(url.copy_with(path=f"/api/1/datasets/{name}/", query=None, fragment=None))


def _chosen(about: dict[str, Any], request: dict[str, str], host: str) -> dict[str, Any]:
    resources = about.get("resources")
    found = [r for r in resources if isinstance(r, dict) and r.get("url")] if isinstance(resources, list) else []
    if "resource" in request:
        found = [r for r in found if r.get("id") == request["resource"]]
    elif main := [r for r in found if r.get("type", "main") == "main"]:
        found = main
    if "format" in request:
        found = [r for r in found if str(r.get("format")).lower() == request["format"].lower()]
    if "title" in request:
        found = [r for r in found if request["title"].casefold() in str(r.get("title")).casefold()]
    if not found:
        raise BadSource(f"{host}: the dataset has no such file")
    return max(found, key=lambda r: str(r.get("last_modified") or ""))


def _cursor(resource: dict[str, Any]) -> str:
    checksum = resource.get("checksum")
    value = checksum.get("value") if isinstance(checksum, dict) else None
    return f"{resource.get('id')} {resource.get('last_modified')} {value or '-'}"


def _check(file: Path, checksum: Any) -> None:
    if not isinstance(checksum, dict) or checksum.get("type") not in _SUMS:
        return
    with file.open("rb") as content:
        found = hashlib.file_digest(content, str(checksum["type"])).hexdigest()
    if found != str(checksum.get("value")).lower():
        raise BadSource(f"the file is not the one that the catalogue describes: another {checksum['type']}")


def _pairs(text: str) -> dict[str, str]:
    pairs = dict(part.partition("=")[::2] for part in text.split(",") if part.strip())
    return {key.strip(): value.strip() for key, value in pairs.items()}


CONNECTOR = Connector("datagouv", fetch=fetch)
