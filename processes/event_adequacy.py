"""Process ``event-adequacy``: what events need, from past ones like them; how far the means that are planned go."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from observatoire.text import Text
from processes.base import Inputs, Output, Process, Results, Says

_OBJECTS = {"type": "array", "items": {"type": "object"}}
_NUMBER = {"type": ["number", "null"]}
_SCHEMA = {
    "type": "object",
    "required": ["type", "features", "events", "convention", "past"],
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": _OBJECTS,
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["subject", "risk", "adequacy", "needs", "neighbours"],
                "properties": {
                    "subject": {"type": "string"},
                    "answer": {"type": "string", "enum": ["neighbours", "abstains"]},
                    "risk": _NUMBER | {"minimum": 0, "maximum": 10},
                    "adequacy": _NUMBER | {"x-ogc-unit": "%"},
                    "scarcest": {"type": ["string", "null"]},
                    "incidents": _NUMBER,
                    "needs": _OBJECTS,
                    "neighbours": _OBJECTS,
                },
            },
        },
        "convention": {"type": "object", "required": ["fr", "en"]},
        "past": {"type": "integer"},
    },
}


class EventAdequacyInputs(Inputs):
    """Which events."""

    candidate: Annotated[
        dict[str, Any] | None,
        Says(
            fr="Projet : Feature GeoJSON (CRS84), propriétés de la collection evenements",
            en="Project: GeoJSON Feature (CRS84), properties of the collection evenements",
        ),
    ] = None
    reference: Annotated[
        str | None,
        Says(fr="Un événement de la collection, par sa référence", en="One event of the collection, by its reference"),
        Field(min_length=1, max_length=200),
    ] = None
    days: Annotated[
        int,
        Says(
            fr="Sinon, les événements des jours à venir : combien", en="Otherwise, events of the coming days: how many"
        ),
        Field(ge=1, le=366, json_schema_extra={"x-ogc-unit": "d"}),
    ] = 30
    as_of: Annotated[
        str | None,
        Says(
            fr="Premier moment de l'agenda ; par défaut maintenant (ville simulée : la fin de ses données)",
            en="First moment of the agenda; by default now (simulated city: the end of its data)",
        ),
        Field(max_length=40),
    ] = None


class EventAdequacy(Process[EventAdequacyInputs]):
    """Needs, adequacy and risk of events."""

    id = "event-adequacy"
    version = "1.0.0"
    title = Text(fr="Adéquation des moyens d'un événement", en="Adequacy of an event's means")
    description = Text(
        fr="Dit ce dont un événement a besoin (agents, barrières, mâts d'éclairage, nettoyage) d'après les événements "
        "passés qui lui ressemblent le plus, jusqu'où vont les moyens prévus (%), et un risque sur 10, chiffré. "
        "Sans projet ni référence : l'agenda des 30 jours à venir.",
        en="Says what an event needs (officers, barriers, lighting towers, cleaning) from the past events most like "
        "it, how far the means that are planned go (%), and a risk out of 10 with the figures behind it. Without "
        "project or reference: the agenda of the 30 days to come.",
    )
    keywords = ("events", "means", "agenda")
    audience = ("planner", "roadworks", "coordination")
    weight = "heavy"
    inputs = EventAdequacyInputs
    outputs: ClassVar = {"report": Output(Text(fr="Les événements", en="The events"), _SCHEMA, "application/geo+json")}
    example: ClassVar = {"inputs": {"days": 30}}

    def run(self, inputs: EventAdequacyInputs) -> Results:
        """Return the report."""
        from observatoire.coordination.adequacy import adequacies  # late: pandas and scipy take a second to load
        from observatoire.coordination.reader import Reader
        from observatoire.forecasts.store import parse_moment

        caller = self.caller
        caller.layer("evenements")
        with caller.connect() as connection:
            report = adequacies(
                Reader.of(caller, connection),
                candidate=inputs.candidate,
                reference=inputs.reference,
                days=inputs.days,
                now=parse_moment(inputs.as_of, caller.city),
            )
        return {"report": report}
