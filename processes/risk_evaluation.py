"""Process ``risk-evaluation``: how good forecasts of a collection were, on past periods: the skill card."""

from typing import Annotated, ClassVar

from pydantic import Field

from observatoire.risk.skill_schema import schema
from observatoire.text import Text
from processes.base import Inputs, Output, Process, Results, Says
from processes.inputs import check_nature


class RiskEvaluationInputs(Inputs):
    """What is evaluated, on which past periods, on which cells."""

    collection: Annotated[
        str, Says(fr="Collection dont on juge les prévisions", en="Collection whose forecasts are judged"),
        Field(max_length=60),
    ] = "signalements"  # fmt: skip
    natures: Annotated[
        tuple[Annotated[str, Field(max_length=60)], ...] | None,
        Says(fr="Natures gardées (codes) ; par défaut toutes", en="Kinds kept (codes); by default all"),
        Field(min_length=1, max_length=20),
    ] = None
    origins: Annotated[
        int, Says(fr="Nombre de périodes passées, au plus", en="Number of past periods, at most"), Field(ge=1, le=104)
    ] = 52
    step_days: Annotated[
        int | None,
        Says(
            fr="Jours entre deux origines, au moins la durée prévue ; par défaut celle-ci",
            en="Days between two origins, at least the horizon; by default the horizon",
        ),
        Field(ge=1, le=366, json_schema_extra={"x-ogc-unit": "d"}),
    ] = None
    horizon_days: Annotated[
        int, Says(fr="Durée prévue, en jours", en="Length of a period, days"),
        Field(ge=1, le=92, json_schema_extra={"x-ogc-unit": "d"}),
    ] = 7  # fmt: skip
    cell: Annotated[
        float | None,
        Says(
            fr="Côté d'une maille, en mètres ; par défaut la grille de la ville",
            en="Side of a cell, metres; by default the city's grid",
        ),
        Field(ge=100, le=5000, json_schema_extra={"x-ogc-unit": "m"}),
    ] = None
    as_of: Annotated[
        str | None,
        Says(
            fr="Fin de la dernière période jugée ; par défaut, après le dernier objet",
            en="End of the last period judged; by default, after the last item",
        ),
        Field(max_length=40),
    ] = None


REQUIRED = list(schema()["required"])


class RiskEvaluation(Process[RiskEvaluationInputs]):
    """The skill card of any collection, period and cell that the caller may read."""

    id = "risk-evaluation"
    version = "1.0.0"
    title = Text(fr="Qualité des prévisions", en="Skill of forecasts")
    description = Text(
        fr="Refait les prévisions passées, chacune avec ce qu'on savait alors, et dit ce qu'elles valaient : "
        "précision, probabilités, intervalles, par nature, quartier et heure, avec leurs incertitudes et les alarmes. "
        "Des lieux, jamais des personnes.",
        en="Makes past forecasts again, each from what was known then, and says what they were worth: accuracy, "
        "probabilities, intervals, by kind, district and hour, with their uncertainty, and the alarms. Places, never "
        "persons.",
    )
    keywords = ("forecast", "evaluation", "skill")
    audience = ("planner", "roadworks", "coordination")
    purpose = "prevision"
    weight = "heavy"
    inputs = RiskEvaluationInputs
    outputs: ClassVar = {
        # The whole schema stands at /fiches/schema.json: its dialect and its references are not OpenAPI 3.0's.
        "card": Output(Text(fr="La fiche de qualité", en="The skill card"), {"type": "object", "required": REQUIRED})
    }
    example: ClassVar = {"inputs": {"collection": "signalements", "origins": 26, "horizon_days": 7}}

    def run(self, inputs: RiskEvaluationInputs) -> Results:
        """Return the card."""
        from observatoire.forecasts.evaluation import (
            evaluate_store,  # late: scikit-learn and matplotlib take seconds to load
        )
        from observatoire.forecasts.store import parse_moment

        caller = self.caller
        layer = caller.layer(inputs.collection)
        for nature in inputs.natures or ():
            check_nature(layer, caller.audience, nature, name="natures")
        with caller.connect() as connection:
            card = evaluate_store(
                connection,
                caller.city,
                layer.id,
                horizon_days=inputs.horizon_days,
                natures=inputs.natures or (),
                origins=inputs.origins,
                step_days=inputs.step_days,
                as_of=parse_moment(inputs.as_of, caller.city),
                schema=caller.schema,
                cell=inputs.cell,
                progress=self.progress,
            )
        return {"card": card}
