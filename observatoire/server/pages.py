"""Pages that a person can read: our own templates, no script, nothing from elsewhere."""

from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request

from observatoire import __version__
from observatoire.server.state import state_of

WORDS = {
    "fr": {
        "home": "Accueil", "api": "API", "collections": "Collections", "items": "Objets",
        "desk": "Écran de coordination",
        "processes": "Traitements", "next": "Page suivante", "first": "Première page", "of": "sur", "about": "environ",
        "shown": "objets affichés", "none": "Aucun objet.", "license": "Licence", "other": "Autres formats",
        "properties": "Propriétés", "name": "Nom", "type": "Type", "meaning": "Sens", "use": "S'en servir",
        "definition": "Définition de l'API (OpenAPI)", "conformance": "Conformité", "developers": "Développeurs",
        "extent": "Emprise",
        "projections": "Projections", "position": "Position",
        "simulated": "Données simulées : cette ville n'existe pas.",
        "queryables": "Propriétés filtrables", "schema": "Schéma", "with_curl": "Avec curl", "in_qgis": "Dans QGIS",
        "qgis_how": "Couche > Ajouter une couche > WFS / OGC API - Features, avec cette adresse :",
        "in_python": "En Python", "operations": "Opérations", "feature_schema": "Schéma d'un objet en GeoJSON",
        "sortables": "Propriétés de tri",
        "functions": "Fonctions des filtres", "arguments": "Arguments", "value": "Valeur", "language": "English",
        "period": "Période", "kind": "Géométrie", "map_of": "Carte :", "first_items": "Derniers objets",
        "drawn_all": "{all} objets sur la carte", "drawn_some": "{n} objets sur {all} sur la carte",
        "all_items": "Tous les objets, page par page", "download": "Télécharger", "whole": "tous les objets",
        "first_of": "par pages de", "codes": "Codes", "stored": "celle des données", "qgis_style": "Style QGIS",
        "qgis_project": "Projet QGIS de la ville", "tiles": "Tuiles vectorielles",
        "maps": "Cartes", "legend": "Légende", "styles": "Styles", "layers": "Couches", "zooms": "Zooms",
        "scheme": "Découpage", "tile_address": "Adresse d'une tuile, la ligne avant la colonne :",
        "catalogue": "Catalogue", "search": "Chercher", "search_do": "Chercher", "changed": "Dernier changement",
        "sources": "Sources",
        "queryables_how": "À nommer dans filter (CQL2), sortby, properties, ou tels quels : propriété=valeur.",
    },
    "en": {
        "home": "Home", "api": "API", "collections": "Collections", "items": "Items", "desk": "Coordination desk",
        "processes": "Processes", "next": "Next page", "first": "First page", "of": "of", "about": "about",
        "shown": "items shown", "none": "No items.", "license": "Licence", "other": "Other formats",
        "properties": "Properties", "name": "Name", "type": "Type", "meaning": "Meaning", "use": "Use it",
        "definition": "Definition of the API (OpenAPI)", "conformance": "Conformance", "developers": "Developers",
        "extent": "Extent",
        "projections": "Coordinate reference systems", "position": "Position",
        "simulated": "Simulated data: this city does not exist.",
        "queryables": "Queryables", "schema": "Schema", "with_curl": "With curl", "in_qgis": "In QGIS",
        "qgis_how": "Layer > Add Layer > WFS / OGC API - Features, with this address:",
        "in_python": "In Python", "operations": "Operations", "feature_schema": "Schema of an item as GeoJSON",
        "sortables": "Sortables",
        "functions": "Functions of filters", "arguments": "Arguments", "value": "Value", "language": "Français",
        "period": "Period", "kind": "Geometry", "map_of": "Map:", "first_items": "Latest items",
        "drawn_all": "{all} items on the map", "drawn_some": "{n} of {all} items on the map",
        "all_items": "All items, page by page", "download": "Download", "whole": "all items",
        "first_of": "in pages of", "codes": "Codes", "stored": "that of the data", "qgis_style": "QGIS style",
        "qgis_project": "QGIS project of the city", "tiles": "Vector tiles",
        "maps": "Maps", "legend": "Legend", "styles": "Styles", "layers": "Layers", "zooms": "Zooms",
        "scheme": "Tile matrix set", "tile_address": "Address of a tile, row before column:",
        "catalogue": "Catalogue", "search": "Search for", "search_do": "Search", "changed": "Last change",
        "sources": "Sources",
        "queryables_how": "To be named in filter (CQL2), sortby, properties, or as they are: property=value.",
    },
}  # fmt: skip


@cache
def _templates() -> Environment:
    folder = Path(str(files("observatoire.server") / "templates"))
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(request: Request, template: str, language: str, **data: Any) -> str:
    """Return a page.

    Parameters
    ----------
    template : str
        Name of a file of `templates/`. It sees `t` (words in the language), `city`, `base`, `language` and `data`.
    """
    state = state_of(request)
    return (
        _templates()
        .get_template(template)
        .render(
            t=WORDS[language], city=state.city, base=state.base, language=language, version=__version__,
            other="en" if language == "fr" else "fr", **data,
        )
    )  # fmt: skip
