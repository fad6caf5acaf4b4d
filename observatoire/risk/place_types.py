"""Types of places that may explain where events are: what is built and run in the public space, never who lives there.

Income, origin, age, housing tenure or any other trait of residents are no types: a forecast of places must not become
one of people.
"""

#: Code of a type → its name in French, its name in English, and « d'un bar » / "a bar" as words about it say.
TYPES: dict[str, tuple[str, str, str, str]] = {
    "arret-bus": ("Arrêt de bus", "Bus stop", "d'un arrêt de bus", "a bus stop"),
    "bar": ("Bar", "Bar", "d'un bar", "a bar"),
    "centre-commercial": ("Centre commercial", "Shopping centre", "d'un centre commercial", "a shopping centre"),
    "centre-de-secours": ("Centre de secours", "Fire station", "d'un centre de secours", "a fire station"),
    "college-lycee": ("Collège ou lycée", "Secondary school", "d'un collège ou lycée", "a secondary school"),
    "commerce": ("Commerce", "Shop", "d'un commerce", "a shop"),
    "creche": ("Crèche", "Day nursery", "d'une crèche", "a day nursery"),
    "ecole": ("École", "School", "d'une école", "a school"),
    "ehpad": ("Maison de retraite", "Care home", "d'une maison de retraite", "a care home"),
    "gare": ("Gare", "Railway station", "d'une gare", "a railway station"),
    "hopital": ("Hôpital", "Hospital", "d'un hôpital", "a hospital"),
    "lampadaire": ("Lampadaire", "Street light", "d'un lampadaire", "a street light"),
    "marche": ("Marché", "Market", "d'un marché", "a market"),
    "parc": ("Parc", "Park", "d'un parc", "a park"),
    "parking": ("Parking", "Car park", "d'un parking", "a car park"),
    "place": ("Grande place", "Large square", "d'une grande place", "a large square"),
    "point-de-collecte": ("Point de collecte", "Waste point", "d'un point de collecte", "a waste point"),
    "stade": ("Stade", "Stadium", "d'un stade", "a stadium"),
}
ALLOWED = frozenset(TYPES)


def check_type(kind: str) -> None:
    """Raise ValueError unless places of this type may be used."""
    if kind not in ALLOWED:
        raise ValueError(
            f"places: type {kind!r} is not allowed; expected one of {', '.join(sorted(ALLOWED))} "
            "(traits of residents are never used)"
        )
