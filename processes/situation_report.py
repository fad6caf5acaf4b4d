"""Process ``situation-report``: what somebody who begins a shift must know, as values and as a page."""

from base64 import b64encode
from typing import Annotated, Any, ClassVar

from pydantic import Field

from observatoire.moments import aware_moment
from observatoire.text import Text
from processes.base import Inputs, Output, Process, Results, Says

_LIST = {"type": "array", "items": {"type": "object"}}
_PART = {
    "type": "object",
    "required": ["count", "rows"],
    "properties": {"count": {"type": "integer"}, "rows": _LIST},
}
_SCHEMA = {
    "type": "object",
    "required": [
        "since", "until", "audience", "alerts", "changed", "works", "events", "clashes", "forecast", "late"
    ],
    "properties": {
        "since": {"type": "string", "format": "date-time"},
        "until": {"type": "string", "format": "date-time"},
        "audience": {"type": "string"},
        **dict.fromkeys(("alerts", "works", "events", "clashes"), _PART),
        **dict.fromkeys(("changed", "forecast", "late"), _LIST),
    },
}  # fmt: skip
Moment = Annotated[str, Field(max_length=40)]


class SituationReportInputs(Inputs):
    """Of which time the report is."""

    since: Annotated[
        Moment | None,
        Says(
            fr="Fin de la dernière vacation, avec son décalage horaire ; par défaut un jour avant",
            en="End of the last shift, with its offset; by default a day before",
        ),
    ] = None
    until: Annotated[
        Moment | None,
        Says(
            fr="Moment du point, avec son décalage horaire ; par défaut maintenant",
            en="Moment of the report, with its offset; by default now",
        ),
    ] = None


class SituationReport(Process[SituationReportInputs]):
    """The morning brief."""

    id = "situation-report"
    version = "1.0.0"
    title = Text(fr="Point de situation", en="Situation report")
    description = Text(
        fr="Ce qui a changé depuis la dernière vacation, les alertes, les chantiers et événements du jour, les "
        "conflits des sept prochains jours, la dernière prévision à côté de ce qui s'est passé, les sources en "
        "retard ; tel que vous avez le droit de le voir.",
        en="What changed since the last shift, alerts, today's works and events, clashes of the next seven days, the "
        "last forecast beside what happened, late sources; as you may see it.",
    )
    keywords = ("brief", "situation")
    audience = ("planner", "roadworks", "coordination")
    weight = "heavy"
    inputs = SituationReportInputs
    outputs: ClassVar = {
        "report": Output(Text(fr="Le point, en données", en="The report, as data"), _SCHEMA),
        "page": Output(Text(fr="Le point, en page HTML", en="The report, as an HTML page"), {"type": "string"}),
        "pdf": Output(
            Text(fr="Le point, en PDF (base64)", en="The report, as PDF (base64)"),
            {"type": "string", "contentEncoding": "base64", "contentMediaType": "application/pdf"},
        ),
    }
    example: ClassVar[dict[str, Any]] = {"inputs": {}}

    def run(self, inputs: SituationReportInputs) -> Results:
        """Return the report and its page."""
        from observatoire.brief.page import page  # late: scipy takes a second to load
        from observatoire.brief.pdf import pdf
        from observatoire.brief.report import brief

        since, until = (aware_moment(f"inputs.{name}", getattr(inputs, name)) for name in ("since", "until"))
        with self.caller.connect() as reading, self.caller.connect_owner() as owner:
            report = brief(
                reading, owner, self.caller.city, self.caller.audience, since=since, until=until
            )  # fmt: skip
        language = self.caller.language
        document = b64encode(pdf(report, language)).decode()
        return {"report": report, "page": page(report, language), "pdf": document}
