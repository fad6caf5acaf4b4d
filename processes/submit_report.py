"""Process ``submit-report``: a resident's report by any client of OGC API Processes, as by `POST /reports`."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from observatoire.cities import city
from observatoire.reports.clerks import CLERKS
from observatoire.reports.photo import decoded
from observatoire.reports.report import DESCRIPTION, Given
from observatoire.reports.submit import Receipt, submit
from observatoire.reports.terms import terms
from observatoire.settings import settings
from observatoire.text import Text
from processes.base import Inputs, Output, Process, Results, Says


class SubmitReportInputs(Inputs):
    """What is reported, and where."""

    nature: Annotated[
        str,
        Says(fr="Catégorie, un code de GET /reports/forms", en="Category, a code of GET /reports/forms"),
        Field(max_length=40),
    ]
    lon: Annotated[float | None, Says(fr="Longitude, degrés", en="Longitude, degrees")] = None
    lat: Annotated[float | None, Says(fr="Latitude, degrés", en="Latitude, degrees")] = None
    address: Annotated[
        str | None,
        Says(fr="Au lieu d'une position : une rue de la ville", en="Instead of a position: a street of the city"),
        Field(max_length=200),
    ] = None
    answers: Annotated[
        dict[str, Any] | None,
        Says(fr="Réponses aux questions de la catégorie", en="Answers to the questions of the category"),
    ] = None
    description: Annotated[
        str | None,
        Says(
            fr="Décrivez le lieu, pas les personnes ; codée puis oubliée, jamais gardée",
            en="Describe the place, not persons; coded, then dropped, never kept",
        ),
        Field(max_length=DESCRIPTION),
    ] = None
    photo: Annotated[
        str | None,
        Says(fr="JPEG, PNG ou WebP en base64", en="JPEG, PNG or WebP as base64"),
        Field(json_schema_extra={"format": "byte"}),  # as OpenAPI 3.0 says base64
    ] = None
    occurred: Annotated[
        str | None,
        Says(fr="Quand, avec le décalage", en="When, with the offset"),
        Field(max_length=40, json_schema_extra={"format": "date-time"}),
    ] = None
    idempotency_key: Annotated[
        str | None,
        Says(
            fr="Tirée au hasard ; la même clé est le même signalement",
            en="Random; the same key is the same report",
        ),
        Field(max_length=200),
    ] = None


class Example:
    """The example, in the middle of the city that is served: anywhere else it would not run."""

    def __get__(self, _: Any, owner: type[Any]) -> dict[str, Any]:
        """Return it."""
        west, south, east, north = city().extent
        lon, lat = round((west + east) / 2, 5), round((south + north) / 2, 5)
        return {"inputs": {"nature": "tag", "lon": lon, "lat": lat, "answers": {"support": "mur"}}}


class SubmitReport(Process[SubmitReportInputs]):
    """A report, taken once."""

    id = "submit-report"
    version = "1.0.0"
    title = Text(fr="Signaler", en="Report a problem")
    description = Text(
        fr="Signale un problème sur l'espace public. Ni nom, ni courriel ; la description est codée puis oubliée.",
        en="Reports a problem in the public space. No name, no e-mail; the description is coded, then dropped.",
    )
    keywords = ("report", "signalement")
    audience = ("public",)
    purpose = "information-public"
    basis = "mission-interet-public"
    weight = "light"
    kept = False
    inputs = SubmitReportInputs
    outputs: ClassVar = {
        "reference": Output(Text(fr="Référence publique", en="Public reference"), {"type": "string"}),
        "tracking_token": Output(
            Text(fr="Secret de suivi ; il n'est dit qu'ici", en="Secret to follow it; told here only"),
            {"type": "string"},
        ),
        "status": Output(Text(fr="Statut", en="Status"), {"type": "string"}),
    }
    example = Example()

    async def run(self, inputs: SubmitReportInputs) -> Results:
        """Take the report."""
        given = Given(**inputs.model_dump(exclude={"photo"}), photo=decoded(inputs.photo))
        receipt = await CLERKS.do(lambda: self._submit(given))
        return {"reference": receipt.reference, "tracking_token": receipt.token, "status": receipt.status}

    def _submit(self, given: Given) -> Receipt:
        known = terms(self.caller.settings or settings(), self.caller.city)
        with self.caller.connect_owner() as connection:
            return submit(connection, known, given, door="process", host=self.caller.host)
