"""From a layer to a pygeoapi resource: what the collection's metadata say, and which provider serves it."""

from typing import Any

from observatoire.cities import City
from observatoire.layers.model import Audience, Layer
from observatoire.text import Text

PROVIDER = "observatoire.server.features.PostGIS"
SIMULATED = Text(fr="Données simulées.", en="Simulated data.")
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"


def translations(text: Text) -> dict[str, str]:
    """Return a text as pygeoapi reads it: one member a language."""
    return {"fr": text.fr, "en": text.en}


def crs_list(city: City) -> list[str]:
    """Return the URIs of the CRSs in which a city's collections are given, the default first."""
    codes = dict.fromkeys((4326, 3857, city.srid))
    return [CRS84, *(f"http://www.opengis.net/def/crs/EPSG/0/{code}" for code in codes)]


def resource(layer: Layer, city: City, *, audience: Audience, data: str) -> dict[str, Any]:
    """Return the resource of a layer as one audience may see it.

    Parameters
    ----------
    data : str
        Address of the database for pygeoapi's own server; ours has its own connections and does not read it.
    """
    extents: dict[str, Any] = {"spatial": {"bbox": list(city.extent), "crs": CRS84}}
    if layer.time_field is not None:
        extents["temporal"] = {"begin": None, "end": None}  # open: a live collection has no last day
    provider: dict[str, Any] = {
        "type": "feature",
        "name": PROVIDER,
        "data": data,
        "id_field": layer.id_field,
        "crs": crs_list(city),
        "storage_crs": f"http://www.opengis.net/def/crs/EPSG/0/{city.srid}",
        "options": {"layer": layer.id, "audience": audience, "extent": list(city.extent)},
    }
    if layer.time_field is not None:
        provider["time_field"] = layer.time_field
    return {
        "type": "collection",
        "title": translations(layer.title),
        "description": _description(layer, city),
        "keywords": [layer.id],
        "links": [
            {"type": "text/html", "rel": "license", "title": layer.license, "href": layer.license},
        ],
        "extents": extents,
        "providers": [provider],
    }


def _description(layer: Layer, city: City) -> dict[str, str]:
    """Return what the collection is; where the city is invented, that its data are."""
    said = translations(layer.description)
    return {name: f"{text} {SIMULATED.in_(name)}" for name, text in said.items()} if city.simulated else said
