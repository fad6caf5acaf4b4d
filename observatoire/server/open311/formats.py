"""XML and JSON of GeoReport v2: the same rows in both, named as the specification does."""

from typing import Any

import orjson
from lxml import etree
from starlette.responses import Response

XML, JSON = "text/xml; charset=utf-8", "application/json; charset=utf-8"
#: Name of a list in XML → name of one of its items.
_ITEMS = {
    "services": "service", "attributes": "attribute", "values": "value", "service_requests": "request",
    "endpoints": "endpoint", "formats": "format", "errors": "error",
}  # fmt: skip


def answer(root: str, content: Any, form: str, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Return an answer in `xml` or `json`.

    Parameters
    ----------
    root : str
        Name of the root element in XML; JSON has none.
    content : list or dict
        Rows, or one object.
    """
    kept = {"Cache-Control": "no-store", "Vary": "Accept, Accept-Language"} | (headers or {})
    if form == "json":
        return Response(orjson.dumps(content), status, kept, media_type=JSON)
    body = etree.tostring(element(root, content), xml_declaration=True, encoding="utf-8")
    return Response(body, status, kept, media_type=XML)


def element(name: str, content: Any) -> etree._Element:
    """Return content as an element: a list by the names of its items, nothing as an empty element."""
    made = etree.Element(name)
    if isinstance(content, dict):
        for key, value in content.items():
            made.append(element(key, value))
    elif isinstance(content, list):
        for value in content:
            made.append(element(_ITEMS[name], value))
    elif content is not None:
        made.text = str(content).lower() if isinstance(content, bool) else str(content)
    return made
