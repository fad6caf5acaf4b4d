"""Codes of the model, those of the city's nomenclature."""

from observatoire.works.errors import BadWork

KINDS = (
    "eau", "assainissement", "electricite", "gaz", "telecom", "chauffage",
    "chaussee", "eclairage-public", "espaces-verts", "echafaudage", "grue",
)  # fmt: skip
CLOSURES = ("chaussee-fermee", "chaussee-reduite", "trottoir", "stationnement")
NOISES = ("faible", "moyen", "fort", "tres-fort")
STATUSES = ("projete", "autorise", "en-cours", "suspendu", "termine", "annule")
EVENT_KINDS = (
    "marche", "vide-grenier", "concert", "festival", "fete-de-quartier", "match", "course", "manifestation",
)  # fmt: skip
EVENT_STATUSES = ("declare", "autorise", "passe", "annule")


def check_code(field: str, value: str, known: tuple[str, ...]) -> None:
    """Raise BadWork unless `value` is one of `known`."""
    if value not in known:
        raise BadWork(field, f"unknown code {value!r}; expected one of {', '.join(known)}")
