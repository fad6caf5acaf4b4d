"""What the catalogue knows of a collection, and its record (OGC 20-004, JSON)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from observatoire.cities import City
from observatoire.layers.model import Layer
from observatoire.layers.nomenclature import codes
from observatoire.server.exports import FILES
from observatoire.text import Text

Json = dict[str, Any]

CATALOGUE = "catalogue"
TITLE = Text(fr="Catalogue", en="Catalogue")
CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"
#: The scheme of a record's theme: the purposes of the register, `finalites` of layers/nomenclature.yml.
PURPOSES = "urn:observatoire:finalites"
_GEOJSON = "application/geo+json"


@dataclass(frozen=True)
class Entry:
    """One collection in the catalogue.

    Attributes
    ----------
    interval : tuple of str, optional
        First and last time of its items, RFC 3339; None where there are none, or they have no time.
    changed : datetime, optional
        When a load last changed it.
    checked : datetime, optional
        When a load last finished, changed or not.
    sources : tuple of str
        Where its items come from.
    """

    layer: Layer
    interval: tuple[str, str] | None
    changed: datetime | None
    checked: datetime | None
    sources: tuple[str, ...]

    def words(self) -> str:
        """Return all that a search looks through."""
        layer = self.layer
        parts = [layer.id, layer.title.fr, layer.title.en, layer.description.fr, layer.description.en]
        return " ".join(
            parts + [p for prop in layer.properties.values() if prop.title for p in (prop.title.fr, prop.title.en)]
        )

    def record(self, city: City, base: str, language: str) -> Json:
        """Return its record."""
        layer, here = self.layer, f"{base}/collections/{self.layer.id}"
        west, south, east, north = city.extent
        ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        properties: Json = {
            "type": "dataset",
            "title": layer.title.in_(language),
            "description": layer.description.in_(language),
            "language": {"code": language},
            "languages": [{"code": code} for code in city.languages],
            "keywords": [city.title.in_(language), layer.id],
            "license": layer.license,
            "formats": [{"name": "GeoJSON", "mediaType": _GEOJSON}]
            + [{"name": file.title, "mediaType": file.media_type} for file in FILES.values()],
            "obs:sources": list(self.sources),
            "obs:checked": _text(self.checked, city.zone),
            "obs:simulated": city.simulated,
            "obs:audience": list(layer.privacy.audience),
        }
        if (theme := layer.privacy.purpose) is not None:
            label = codes("finalites")[theme].in_(language)
            properties["themes"] = [{"concepts": [{"id": theme, "title": label}], "scheme": PURPOSES}]
        if self.changed is not None:
            properties["updated"] = _text(self.changed, city.zone)
        return {
            "id": layer.id,
            "type": "Feature",
            "conformsTo": [CORE],
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "time": {"interval": list(self.interval)} if self.interval else None,
            "properties": properties,
            "links": [
                _link("self", f"{base}/collections/{CATALOGUE}/items/{layer.id}", _GEOJSON, layer.title.in_(language)),
                _link("collection", f"{base}/collections/{CATALOGUE}", "application/json", TITLE.in_(language)),
                _link("items", f"{here}/items", _GEOJSON, layer.title.in_(language)),
                _link("describedby", f"{here}/schema", "application/schema+json", "JSON Schema"),
                _link("license", layer.license, "text/html", "Licence"),
                *[_link("enclosure", f"{here}/download?f={name}", f.media_type, f.title) for name, f in FILES.items()],
            ],
        }


def _text(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")


def _link(rel: str, href: str, media_type: str, title: str) -> Json:
    return {"rel": rel, "href": href, "type": media_type, "title": title}
