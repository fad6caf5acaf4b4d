"""`/developpeurs`: the same map by several libraries, and the same data by command line, Python and QGIS."""

from datetime import UTC, datetime, timedelta

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from observatoire.server import pages, respond
from observatoire.server.state import state_of
from observatoire.text import Text

COLLECTION = "signalements"
#: Name of a file of `templates/samples/` → its heading.
SAMPLES = {
    "maplibre.js": "MapLibre GL JS",
    "openlayers.js": "OpenLayers",
    "leaflet.js": "Leaflet",
    "curl.sh": "curl",
    "sample.py": "Python",
}
WORDS = {
    "title": Text(fr="Pour les développeurs", en="For developers"),
    "lead": Text(
        fr="La même carte en dix lignes, avec la bibliothèque de votre choix ; les mêmes données par la ligne de "
        "commande, Python et QGIS. Sans clé, sans inscription, depuis n'importe quel site.",
        en="The same map in ten lines, with the library of your choice; the same data by command line, Python and "
        "QGIS. No key, no account, from any site.",
    ),
    "live": Text(fr="Ce que dessine ce code, ici même", en="What this code draws, right here"),
    "module": Text(
        fr="Dans un module, avec un élément d'identifiant « map » qui a une hauteur, et la feuille de style de la "
        "bibliothèque.",
        en="In a module, with an element whose id is 'map' and that has a height, and the library's own style sheet.",
    ),
    "qgis": Text(
        fr="Couche, Ajouter une couche, Ajouter une couche WFS / OGC API - Features, Nouveau ; puis cette adresse :",
        en="Layer, Add Layer, Add WFS / OGC API - Features Layer, New; then this address:",
    ),
    "project": Text(fr="Projet QGIS prêt à ouvrir", en="QGIS project, ready to open"),
    "plugin": Text(fr="Dépôt de l'extension", en="Repository of the plugin"),
    "more": Text(fr="La suite", en="Further"),
    "definition": Text(fr="Définition OpenAPI", en="OpenAPI definition"),
    "collections": Text(fr="Collections", en="Collections"),
    "processes": Text(fr="Traitements", en="Processes"),
    "rights": Text(
        fr="Avec une clé, par l'en-tête X-API-Key, les mêmes adresses montrent ce que vous avez le droit de voir en "
        "plus. Une page publique ne doit jamais en contenir une.",
        en="With a key, by the header X-API-Key, the same addresses show what you may see besides. A public page must "
        "never hold one.",
    ),
}


def developer_routes() -> list[Route]:
    """Return the route, to be put at the root."""
    return [Route("/developpeurs", developers)]


async def developers(request: Request) -> Response:
    """Answer the page; `lang` chooses the words."""
    state = state_of(request)
    language = respond.language_of(request, state.city.languages)
    since = (datetime.now(UTC) - timedelta(days=30)).date().isoformat()

    def sample(name: str) -> str:
        return pages.render(request, f"samples/{name}", language, collection=COLLECTION, since=since)

    body = pages.render(
        request, "developers.html", language, w={name: text.in_(language) for name, text in WORDS.items()},
        collection=COLLECTION, samples=[(name, title, sample(name)) for name, title in SAMPLES.items()],
    )  # fmt: skip
    return respond.answer(body, respond.HTML, audience="public", language=language)
