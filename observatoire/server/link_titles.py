"""Titles of links in French: pygeoapi writes them in English whatever the language of the document."""

from collections.abc import Iterable
from typing import Any

_FRENCH = {
    "This document as JSON": "Ce document en JSON",
    "This document as RDF (JSON-LD)": "Ce document en RDF (JSON-LD)",
    "This document as HTML": "Ce document en HTML",
    "The OpenAPI definition as JSON": "La définition OpenAPI en JSON",
    "The OpenAPI definition as HTML": "La définition OpenAPI en HTML",
    "Conformance": "Conformité",
    "Processes": "Traitements",
    "Tiles": "Tuiles",
    "Tile matrix sets": "Jeux de matrices de tuiles",
    "Jobs": "Tâches",
    "The landing page of this server as JSON": "La page d'accueil de ce serveur en JSON",
    "The landing page of this server as HTML": "La page d'accueil de ce serveur en HTML",
    "Schema of collection in JSON": "Schéma de la collection en JSON",
    "Schema of collection in HTML": "Schéma de la collection en HTML",
    "Queryables for this collection as JSON": "Propriétés filtrables de la collection en JSON",
    "Queryables for this collection as HTML": "Propriétés filtrables de la collection en HTML",
    "Items as GeoJSON": "Objets en GeoJSON",
    "Items as RDF (GeoJSON-LD)": "Objets en RDF (GeoJSON-LD)",
    "Items as HTML": "Objets en HTML",
    "Items as CSV": "Objets en CSV",
}


def translate_titles(links: Iterable[dict[str, Any]], language: str) -> None:
    """Put the titles of links into the language of their document; a title that is not known stays as it is."""
    if not language.startswith("fr"):
        return
    for link in links:
        if link.get("title") in _FRENCH:
            link["title"] = _FRENCH[link["title"]]
