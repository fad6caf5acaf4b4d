"""What an execution gave: each output by name, as JSON or as bytes with their media type."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from qgis.core import QgsFeedback

from .errors import NotJson
from .http import Answer, Client
from .processes import Output
from .texts import tr

EXTENSIONS = {
    "image/tiff": "tif", "image/png": "png", "image/jpeg": "jpg", "image/jp2": "jp2", "text/html": "html",
    "text/csv": "csv", "text/plain": "txt", "application/pdf": "pdf", "application/zip": "zip",
    "application/geopackage+sqlite3": "gpkg", "application/x-netcdf": "nc", "application/json": "json",
    "application/geo+json": "geojson", "application/gml+xml": "gml", "text/xml": "xml", "application/xml": "xml",
    "application/vnd.google-earth.kml+xml": "kml", "application/vnd.apache.parquet": "parquet",
}  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One output.

    Attributes
    ----------
    value : Any
        JSON, or bytes where `is_json` is not true.
    media_type : str
        In lower case, without parameters.
    is_json : bool
        Whether `value` was JSON.
    """

    value: Any
    media_type: str
    is_json: bool

    @property
    def extension(self) -> str:
        """Return how a file of it is called, without a dot."""
        return extension(self.media_type)

    def as_bytes(self) -> bytes:
        """Return it as a file holds it."""
        return json.dumps(self.value, ensure_ascii=False).encode() if self.is_json else self.value


def extension(media_type: str) -> str:
    """Return the extension of files of a media type."""
    return EXTENSIONS.get(media_type) or ("tif" if "tiff" in media_type else "json" if "json" in media_type else "bin")


def read_results(
    client: Client, answer: Answer, outputs: list[Output], *, feedback: QgsFeedback | None = None
) -> dict[str, Result]:
    """Return the results of an answer to an execution, or of a job.

    Parameters
    ----------
    client : Client
        Follows the links of outputs given by reference.
    answer : Answer
        Raw, a document, or multipart.
    outputs : list of Output
        Those that were asked for.

    Returns
    -------
    dict
        By name; an output that the server left out is left out.
    """
    names = [output.name for output in outputs]
    if answer.media_type.startswith("multipart/"):
        return _parts(answer, names)
    if not _is_json(answer.media_type, answer.body):
        return {names[0]: Result(answer.body, answer.media_type, False)} if names else {}
    said = answer.json()
    if _is_document(said, outputs):
        return {name: _value(client, said[name], answer, feedback) for name in names if name in said}
    return {names[0]: _value(client, said, answer, feedback)} if names else {}


def _is_document(said: Any, outputs: list[Output]) -> bool:
    """Tell a document, outputs by name, from the value of a single output that came as it is."""
    if not isinstance(said, dict):
        return False
    names = {output.name for output in outputs}
    if len(outputs) != 1:
        return bool(names & said.keys())
    members = outputs[0].kind.schema.get("properties", {})
    return names == said.keys() and not names & members.keys()


def _value(client: Client, said: Any, answer: Answer, feedback: QgsFeedback | None) -> Result:
    """Return a value that may be qualified (`value`, `mediaType`) or given by reference (`href`)."""
    if isinstance(said, dict) and "href" in said and said.keys() <= {"href", "rel", "type", "hreflang", "title"}:
        there = client.get(str(said["href"]), accept=str(said.get("type") or "*/*"), feedback=feedback)
        media = there.media_type or str(said.get("type") or "")
        if _is_json(media, there.body):
            return Result(there.json(), media, True)
        return Result(there.body, media, False)
    if isinstance(said, dict) and "value" in said and said.keys() <= {"value", "mediaType", "encoding", "schema"}:
        media = str(said.get("mediaType") or "").partition(";")[0].lower()
        if said.get("encoding") == "base64" and isinstance(said["value"], str):
            return Result(base64.b64decode(said["value"]), media or "application/octet-stream", False)
        if isinstance(said["value"], str) and media and "json" not in media:
            return Result(said["value"].encode(), media, False)
        return Result(said["value"], media or "application/json", True)
    return Result(said, answer.media_type or "application/json", True)


def _parts(answer: Answer, names: list[str]) -> dict[str, Result]:
    """Return the parts of `multipart/related`, each named by its Content-ID (18-062r2, 7.11.4)."""
    head = f"Content-Type: {answer.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + answer.body)
    found: dict[str, Result] = {}
    for number, part in enumerate(message.iter_parts()):
        name = str(part.get("Content-ID", "")).strip("<> ").partition("@")[0]
        name = name if name in names else names[number] if number < len(names) else name
        body = part.get_payload(decode=True) or b""
        media = part.get_content_type()
        if "json" in media:
            try:
                found[name] = Result(json.loads(body), media, True)
            except ValueError:
                raise NotJson(
                    tr("Output “{name}”: broken JSON.", name=name), body[:300].decode("utf-8", "replace")
                ) from None
        else:
            found[name] = Result(body, media, False)
    return found


def _is_json(media_type: str, body: bytes) -> bool:
    """Tell JSON by its media type; where none is said, by how it begins."""
    if media_type:
        return media_type == "application/json" or media_type.endswith("+json")
    return body[:1] in (b"{", b"[", b'"')
