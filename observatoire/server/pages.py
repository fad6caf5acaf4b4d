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
        "definition": "Définition de l'API (OpenAPI)", "conformance": "Conformité", "extent": "Emprise",
        "projections": "Projections", "position": "Position",
        "simulated": "Données simulées : cette ville n'existe pas.",
        "queryables": "Propriétés filtrables", "schema": "Schéma", "with_curl": "Avec curl", "in_qgis": "Dans QGIS",
        "qgis_how": "Couche > Ajouter une couche > WFS / OGC API - Features, avec cette adresse :",
        "in_python": "En Python", "operations": "Opérations", "value": "Valeur", "language": "English",
    },
    "en": {
        "home": "Home", "api": "API", "collections": "Collections", "items": "Items", "desk": "Coordination desk",
        "processes": "Processes", "next": "Next page", "first": "First page", "of": "of", "about": "about",
        "shown": "items shown", "none": "No items.", "license": "Licence", "other": "Other formats",
        "properties": "Properties", "name": "Name", "type": "Type", "meaning": "Meaning", "use": "Use it",
        "definition": "Definition of the API (OpenAPI)", "conformance": "Conformance", "extent": "Extent",
        "projections": "Coordinate reference systems", "position": "Position",
        "simulated": "Simulated data: this city does not exist.",
        "queryables": "Queryables", "schema": "Schema", "with_curl": "With curl", "in_qgis": "In QGIS",
        "qgis_how": "Layer > Add Layer > WFS / OGC API - Features, with this address:",
        "in_python": "In Python", "operations": "Operations", "value": "Value", "language": "Français",
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
