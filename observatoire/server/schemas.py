"""JSON Schema of a collection's properties: `/schema` (what items hold) and `/queryables` (what they are found by)."""

from typing import Any

from observatoire.layers.model import Layer, Property
from observatoire.layers.nomenclature import codes

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_GEOMETRIES = {
    "Point": "geometry-point",
    "LineString": "geometry-linestring",
    "Polygon": "geometry-polygon",
    "MultiPolygon": "geometry-multipolygon",
}


def document(layer: Layer, fields: dict[str, Property], *, address: str, language: str) -> dict[str, Any]:
    """Return the schema of what one audience may see (OGC API Features, part 5), in the order of the layer file."""
    geometry = {"format": _GEOMETRIES[layer.geometry], "x-ogc-role": "primary-geometry"}
    properties = {name: property_schema(name, prop, language) for name, prop in fields.items()}
    return {
        "$schema": DRAFT,
        "$id": address,
        "type": "object",
        "title": layer.title.in_(language),
        "properties": properties | {"geometry": geometry},
        "additionalProperties": False,
    }


def of_feature(document: dict[str, Any], layer: Layer) -> dict[str, Any]:
    """Return the schema of an item of a layer as GeoJSON (RFC 7946), from that of its properties.

    GDAL reads it by the link `describedby` for the types of columns; else it guesses them from a few items, and takes
    for text what is null in all of these. As in the schema of properties, what is null has no value.
    """
    properties = dict(document["properties"])
    del properties["geometry"]
    shape = {"type": {"type": "string", "enum": [layer.geometry]}, "coordinates": {"type": "array"}}
    return document | {
        "required": ["type", "geometry", "properties"],
        "properties": {
            "type": {"type": "string", "enum": ["Feature"]},
            "id": properties.pop(layer.id_field),
            "geometry": {"type": "object", "required": list(shape), "properties": shape},
            "properties": {"type": "object", "properties": properties, "additionalProperties": False},
        },
        "additionalProperties": True,  # links of an item alone
    }


def property_schema(name: str, prop: Property, language: str) -> dict[str, Any]:
    """Return the schema of a property, its codes spelt out."""
    schema: dict[str, Any] = {"title": prop.title.in_(language) if prop.title else name, "type": prop.type}
    if prop.format is not None:
        schema["format"] = prop.format
    if prop.role is not None:
        schema["x-ogc-role"] = prop.role
    if prop.unit is not None:
        schema["x-ogc-unit"] = prop.unit
    if prop.codes is not None:
        schema["enum"] = list(codes(prop.codes))
    return schema
