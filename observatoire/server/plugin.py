"""A plugin repository of QGIS: `/qgis/plugins.xml` names the plugin, `/qgis/qgis_obs.zip` is it. For anybody."""

import asyncio
import hashlib
from xml.etree import ElementTree as ET

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.plugin_pack import NAME, metadata, packed_once
from observatoire.server import respond
from observatoire.server.context import current
from observatoire.server.reading import once, only
from observatoire.server.state import state_of

ZIP, XML = "application/zip", "text/xml; charset=utf-8"
#: Element of plugins.xml → name in metadata.txt (the format of plugins.qgis.org/plugins/plugins.xml).
ELEMENTS = {
    "description": "description", "about": "about", "version": "version", "qgis_minimum_version": "qgisMinimumVersion",
    "qgis_maximum_version": "qgisMaximumVersion", "homepage": "homepage", "author_name": "author", "tags": "tags",
    "experimental": "experimental", "deprecated": "deprecated", "tracker": "tracker", "repository": "repository",
    "server": "server", "changelog": "changelog", "supports_qt6": "supportsQt6",
}  # fmt: skip


def plugin_routes() -> list[Route]:
    """Return the routes, to be put at the root, before those of `/qgis/…` that take any name."""
    return [Route("/qgis/plugins.xml", listing), Route(f"/qgis/{NAME}.zip", archive)]


async def listing(request: Request) -> Response:
    """Answer the list of one plugin."""
    root = state_of(request).base.removesuffix("/api")
    return _answer(request, _xml(f"{root}/qgis/{NAME}.zip"), XML)


async def archive(request: Request) -> Response:
    """Answer the zip."""
    return _answer(request, await asyncio.to_thread(packed_once), ZIP)


def _answer(request: Request, body: bytes, media_type: str) -> Response:
    only(once(request.query_params.multi_items()), ("qgis",))  # QGIS says its version: ?qgis=3.22
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    audience = current().audience
    if respond.not_modified(request, etag):
        return respond.unchanged(etag, audience)
    return respond.answer(body, media_type, audience=audience, language="en", etag=etag)


def _xml(address: str) -> bytes:
    said = metadata()
    plugins = ET.Element("plugins")
    plugin = ET.SubElement(plugins, "pyqgis_plugin", name=said["name"], version=said["version"])
    texts = {element: said.get(name, "") for element, name in ELEMENTS.items()}
    for element, text in {**texts, "file_name": f"{NAME}.zip", "download_url": address, "trusted": "False"}.items():
        ET.SubElement(plugin, element).text = text
    return bytes(ET.tostring(plugins, encoding="utf-8", xml_declaration=True))
