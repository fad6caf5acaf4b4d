"""The catalogue as DCAT-AP 3 in JSON-LD, its context inside: what national portals harvest."""

from typing import Any

from observatoire.cities import City
from observatoire.server.exports import FILES
from observatoire.server.records.entry import TITLE, Entry
from observatoire.text import Text

Json = dict[str, Any]

CONTEXT: Json = {
    "dcat": "http://www.w3.org/ns/dcat#", "dct": "http://purl.org/dc/terms/", "foaf": "http://xmlns.com/foaf/0.1/",
    "xsd": "http://www.w3.org/2001/XMLSchema#", "gsp": "http://www.opengis.net/ont/geosparql#",
    "spdx": "http://spdx.org/rdf/terms#",
    "dcat:accessURL": {"@type": "@id"}, "dcat:downloadURL": {"@type": "@id"}, "dct:license": {"@type": "@id"},
    "dct:language": {"@type": "@id"}, "dcat:endpointURL": {"@type": "@id"}, "dcat:mediaType": {"@type": "@id"},
    "dcat:landingPage": {"@type": "@id"},
}  # fmt: skip
_LANGUAGES = "http://publications.europa.eu/resource/authority/language/"
_TYPES = "https://www.iana.org/assignments/media-types/"


def catalog(entries: list[Entry], city: City, base: str) -> Json:
    """Return the catalogue of a server: one `dcat:Dataset` a collection, with its distributions."""
    datasets = [
        dataset(entry, city, here := f"{base}/collections/{entry.layer.id}", f"{here}?f=html", _served(entry, base))
        for entry in entries
    ]
    return whole(datasets, city, f"{base}/collections/catalogue")


def whole(datasets: list[Json], city: City, address: str) -> Json:
    """Return a catalogue of datasets, its context inside."""
    return {
        "@context": CONTEXT,
        "@id": address,
        "@type": "dcat:Catalog",
        "dct:title": _both(city.title),
        "dct:description": _both(TITLE),
        "dct:publisher": {"@type": "foaf:Agent", "foaf:name": _both(city.title)},
        "dct:language": [_LANGUAGES + {"fr": "FRA", "en": "ENG"}[code] for code in city.languages],
        "dcat:dataset": datasets,
    }


def dataset(entry: Entry, city: City, address: str, page: str, distributions: list[Json]) -> Json:
    """Return one collection.

    Parameters
    ----------
    address : str
        By which it is known.
    page : str
        What people read about it.
    distributions : list of dict
        The forms in which it may be had (`distribution`).
    """
    layer = entry.layer
    west, south, east, north = city.extent
    wkt = f"POLYGON(({west} {south}, {east} {south}, {east} {north}, {west} {north}, {west} {south}))"
    found: Json = {
        "@id": address,
        "@type": "dcat:Dataset",
        "dct:identifier": layer.id,
        "dct:title": _both(layer.title),
        "dct:description": _both(layer.description),
        "dcat:landingPage": page,
        "dct:spatial": {"@type": "dct:Location", "dcat:bbox": {"@type": "gsp:wktLiteral", "@value": wkt}},
        "dct:license": layer.license,
        "dcat:distribution": distributions,
    }
    if entry.changed is not None:
        found["dct:modified"] = {"@type": "xsd:dateTime", "@value": entry.changed.isoformat(timespec="seconds")}
    if entry.interval is not None and all(entry.interval):
        start, end = ({"@type": "xsd:dateTime", "@value": text} for text in entry.interval)
        found["dct:temporal"] = {"@type": "dct:PeriodOfTime", "dcat:startDate": start, "dcat:endDate": end}
    return found


def _served(entry: Entry, base: str) -> list[Json]:
    here, licence = f"{base}/collections/{entry.layer.id}", entry.layer.license
    return [
        distribution(f"{here}/items", "GeoJSON", "application/geo+json", licence, api=base),
        *[distribution(f"{here}/download?f={name}", f.title, f.media_type, licence) for name, f in FILES.items()],
    ]


def distribution(address: str, title: str, media_type: str, licence: str, api: str | None = None) -> Json:
    """Return a form in which a collection may be had: a file, or what an API answers."""
    found: Json = {
        "@type": "dcat:Distribution", "dct:title": title, "dcat:accessURL": address,
        "dcat:mediaType": _TYPES + media_type, "dct:license": licence,
    }  # fmt: skip
    if api is None:
        return found | {"dcat:downloadURL": address}
    return found | {
        "dcat:accessService": {"@type": "dcat:DataService", "dct:title": "OGC API", "dcat:endpointURL": api}
    }


def _both(text: Text) -> list[Json]:
    return [{"@language": "fr", "@value": text.fr}, {"@language": "en", "@value": text.en}]
