"""Process ``works-clash``: what clashes with street works, why, and dates that leave no conflict."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from observatoire.text import Text
from processes.base import Inputs, Output, Process, Results, Says
from processes.inputs import Rectangle, When, interval

_TEXTS = {
    "type": "object",
    "required": ["fr", "en"],
    "properties": {"fr": {"type": "string"}, "en": {"type": "string"}},
}
_STRINGS = {"type": "array", "items": {"type": "string"}}
_OBJECTS = {"type": "array", "items": {"type": "object"}}
_FINDING = {
    "type": "object",
    "required": ["rule", "severity", "reason", "evidence"],
    "properties": {
        "id": {"type": "string"},
        "rule": {"type": "string"},
        "severity": {"type": "string", "enum": ["info", "warning", "blocking"]},
        "title": _TEXTS,
        "reason": _TEXTS,
        "subject": {"type": "string"},
        "evidence": _STRINGS,
        "intervals": {"type": "array", "items": {"type": "array", "items": {"type": "string", "format": "date-time"}}},
        "figures": {"type": "object"},
        "links": _OBJECTS,
        "link": {"type": ["string", "null"]},
    },
}
_SCHEMA = {
    "type": "object",
    "required": ["type", "features", "findings", "counts", "proposals", "joint", "risk", "not_checked", "unreadable"],
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": _OBJECTS,
        "findings": {"type": "array", "items": _FINDING},
        "counts": {"type": "object"},
        "proposals": _OBJECTS,
        "joint": _OBJECTS,
        "risk": _OBJECTS,
        "not_checked": _OBJECTS,
        "unreadable": _OBJECTS,
    },
}


class WorksClashInputs(Inputs):
    """Which works, by which rules, and how far they may move."""

    candidate: Annotated[
        dict[str, Any] | None,
        Says(
            fr="Projet : Feature GeoJSON (CRS84), propriétés de la collection chantiers",
            en="Project: GeoJSON Feature (CRS84), properties of the collection chantiers",
        ),
    ] = None
    reference: Annotated[
        str | None,
        Says(fr="Un chantier de la collection, par sa référence", en="One work of the collection, by its reference"),
        Field(min_length=1, max_length=200),
    ] = None
    bbox: Rectangle = None
    datetime: Annotated[
        When | None,
        Says(
            fr="Chantiers présents à cette date ou dans cet intervalle, bornes comprises",
            en="Works held on this date or in this interval, both ends included",
        ),
    ] = None
    rules: Annotated[
        tuple[Annotated[str, Field(max_length=60)], ...] | None,
        Says(fr="Règles (identifiants) ; par défaut toutes", en="Rules (ids); by default all"),
        Field(min_length=1, max_length=100),
    ] = None
    resolve: Annotated[
        bool | None,
        Says(
            fr="Proposer des dates ; par défaut pour un seul chantier",
            en="Propose dates; by default for one work only",
        ),
    ] = None
    farthest: Annotated[
        int,
        Says(fr="Décalage permis, en jours", en="How far works may be moved, days"),
        Field(ge=0, le=366, json_schema_extra={"x-ogc-unit": "d"}),
    ] = 30
    as_of: Annotated[
        str | None,
        Says(
            fr="Moment avant lequel rien n'est déplacé ; par défaut maintenant (ville simulée : la fin de ses données)",
            en="Moment before which nothing is moved; by default now (simulated city: the end of its data)",
        ),
        Field(max_length=40),
    ] = None
    share: Annotated[
        bool,
        Says(
            fr="Donner à chaque constat une adresse à transmettre : qui l'a lit le constat, 180 jours",
            en="Give each finding an address to pass on: whoever has it reads the finding, for 180 days",
        ),
    ] = False
    conflicts: Annotated[
        Literal["info", "warning", "blocking"],
        Says(
            fr="Gravité à partir de laquelle un constat est un conflit",
            en="Severity from which a finding is a conflict",
        ),
    ] = "warning"


class WorksClash(Process[WorksClashInputs]):
    """Findings on works, with their reasons and proposals."""

    id = "works-clash"
    version = "1.0.0"
    title = Text(fr="Conflits de chantiers", en="Clashes of street works")
    description = Text(
        fr="Cherche ce qui s'oppose à un chantier, ou à tous : autres chantiers, événements, marchés, écoles, bus, "
        "collecte, déviations, secours, bruit de nuit, chaussée neuve, incidents attendus, éclairage. Chaque constat "
        "dit sa règle, sa gravité, sa raison et ses preuves. Propose la date la plus proche qui ne laisse aucun "
        "conflit, vérifiée, ou dit ce qui l'interdit.",
        en="Looks for what clashes with one work, or with all: other works, events, markets, schools, buses, waste "
        "rounds, detours, emergency access, night noise, new pavement, incidents expected, lighting. Each finding says "
        "its rule, severity, reason and evidence. Proposes the nearest date that leaves no conflict, checked again, or "
        "says what forbids it.",
    )
    keywords = ("street works", "coordination", "clashes")
    audience = ("planner", "roadworks", "coordination")
    weight = "heavy"
    inputs = WorksClashInputs
    outputs: ClassVar = {"report": Output(Text(fr="Les constats", en="The findings"), _SCHEMA, "application/geo+json")}
    example: ClassVar = {"inputs": {"farthest": 30, "conflicts": "warning"}}

    def run(self, inputs: WorksClashInputs) -> Results:
        """Return the report."""
        from observatoire.coordination.clash import clashes  # late: OR-Tools and scipy take a second to load
        from observatoire.coordination.question import Question
        from observatoire.coordination.reader import Reader
        from observatoire.forecasts.store import parse_moment

        caller = self.caller
        caller.layer("chantiers")
        question = Question(
            candidate=inputs.candidate,
            reference=inputs.reference,
            box=inputs.bbox,
            period=None if inputs.datetime is None else interval(inputs.datetime, caller.city.zone),
            rules=inputs.rules,
            resolve=inputs.resolve,
            farthest=inputs.farthest,
            conflicts=inputs.conflicts,
        )
        with caller.connect() as connection:
            now = parse_moment(inputs.as_of, caller.city)
            report = clashes(Reader.of(caller, connection), question, now=now, progress=self.progress)
        if inputs.share:
            self._share(report["findings"], report["proposals"], inputs.candidate)
        return {"report": report}

    def _share(
        self, findings: list[dict[str, Any]], proposals: list[dict[str, Any]], project: dict[str, Any] | None
    ) -> None:
        """Give findings their address, with the new dates of the works they name.

        What rests on forecasts stays with those who may see forecasts, and so does why there is no date.
        """
        from observatoire.layers.works_rules import works_rules
        from observatoire.store.shared_findings import forget_expired, share

        moved = {p["subject"]: p for p in proposals if p["status"] == "moved"}
        restricted = {rule.id for rule in works_rules().rules if rule.kind == "risk"}
        with self.caller.connect_owner() as connection, connection.transaction():
            forget_expired(connection)
            for finding in findings:
                if finding["rule"] not in restricted:
                    kept = {name: value for name, value in finding.items() if name not in ("links", "link")}
                    named = dict.fromkeys((finding["subject"], *finding["evidence"]))
                    kept["proposals"] = [
                        {member: moved[name][member] for member in ("subject", "debut", "fin", "days", "reason")}
                        for name in named
                        if name in moved
                    ]
                    finding["link"] = share(connection, kept, project)
