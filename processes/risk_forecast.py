"""Process ``risk-forecast``: expected reports by cell in the coming days, with the skill measured on past ones."""

from typing import Annotated, Any, ClassVar

import numpy as np
import pyproj
from pydantic import AfterValidator, Field

from observatoire.forecasts.made import StoreForecast
from observatoire.layers.catalog import layer_of
from observatoire.layers.model import Layer
from observatoire.risk.aoristic import Shift
from observatoire.risk.place_types import TYPES, check_type
from observatoire.store.skill_cards import reference_to_last
from observatoire.text import Text
from processes.base import Inputs, Output, Process, Results, Says
from processes.inputs import Nature, Rectangle, check_nature

DIGITS = 7  # decimals of a degree: a centimetre

_NUMBER = {"type": ["number", "null"]}
_SCHEMA = {
    "type": "object",
    "required": ["type", "features", "forecast"],
    "properties": {
        "type": {"type": "string", "enum": ["FeatureCollection"]},
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "id", "geometry", "properties"],
                "properties": {
                    "type": {"type": "string", "enum": ["Feature"]},
                    "id": {"type": "string"},
                    "geometry": {"type": "object", "format": "geojson-geometry"},
                    "properties": {
                        "type": "object",
                        "properties": {
                            "as_of": {"type": "string", "format": "date-time"},
                            "cell_id": {"type": "string"},
                            "expected": _NUMBER | {"x-ogc-unit": "events"},
                            "lower": _NUMBER,
                            "upper": _NUMBER,
                            "probability": _NUMBER,
                            "rank": {"type": ["integer", "null"]},
                            "answer": {"type": "string", "enum": ["abstains", "count", "model"]},
                            "baseline": _NUMBER | {"x-ogc-unit": "events"},
                            "without_recent": _NUMBER,
                            "without_lasting": _NUMBER,
                            "without_around": _NUMBER,
                            "without_season": _NUMBER,
                        },
                    },
                },
            },
        },
        "forecast": {"type": "object", "description": "Skill card"},
    },
}


def _shift(text: str | None) -> str | None:
    if text is not None:
        Shift.parse(text)
    return text


def _types(kinds: tuple[str, ...] | None) -> tuple[str, ...] | None:
    for kind in kinds or ():
        check_type(kind)
    return kinds


class RiskForecastInputs(Inputs):
    """What is forecast, when, where."""

    target: Annotated[
        str,
        Says(fr="Collection prévue", en="Collection to forecast"),
        Field(max_length=60),
    ] = "signalements"
    as_of: Annotated[
        str | None,
        Says(
            fr="Moment après lequel rien n'est regardé ; par défaut, après le dernier objet",
            en="Moment after which nothing is looked at; by default, after the last item",
        ),
        Field(max_length=40),
    ] = None
    horizon_days: Annotated[
        int,
        Says(fr="Durée prévue, en jours", en="Length of the period, days"),
        Field(ge=1, le=28, json_schema_extra={"x-ogc-unit": "d"}),
    ] = 7
    cell: Annotated[
        float | None,
        Says(
            fr="Côté d'une maille, en mètres ; par défaut la grille de la ville",
            en="Side of a cell, metres; by default the city's grid",
        ),
        Field(ge=50, le=5000, json_schema_extra={"x-ogc-unit": "m"}),
    ] = None
    nature: Nature = None
    bbox: Rectangle = None
    shift: Annotated[
        str | None,
        Says(
            fr="Heures du jour, comme 21-05 : seul ce qui s'y passe est prévu. Un objet dont on ne connaît que le jour "
            "ou un intervalle compte pour la part qui tombe dans ces heures",
            en="Hours of the day, such as 21-05: only what happens then is forecast. An item of which a day or an "
            "interval is known counts by the share of it that lies in these hours",
        ),
        Field(max_length=5),
        AfterValidator(_shift),
    ] = None
    places: Annotated[
        tuple[Annotated[str, Field(max_length=60)], ...] | None,
        Says(
            fr="Types de lieux dont la distance et la densité servent au modèle (bar, gare, arret-bus…) ; par défaut "
            "ceux que la ville a choisis pour sa prévision, aucun si la liste est vide. Jamais un trait des habitants",
            en="Types of places whose distance and density the model may use (bar, gare, arret-bus…); by default those "
            "that the city chose for its own forecast, none where the list is empty. Never a trait of residents",
        ),
        Field(max_length=len(TYPES)),
        AfterValidator(_types),
    ] = None


class RiskForecast(Process[RiskForecastInputs]):
    """A forecast of places."""

    id = "risk-forecast"
    version = "1.0.0"
    title = Text(fr="Prévision par maille", en="Forecast by cell")
    description = Text(
        fr="Nombre attendu de signalements par maille, avec son intervalle, sa probabilité et son rang ; ou un "
        "comptage, ou une abstention, quand un modèle ne fait pas mieux. Ce sont des lieux, jamais des personnes. "
        "La prévision de toute la ville sur sa grille est conservée dans la collection risque, les autres non.",
        en="Expected number of reports by cell, with its interval, probability and rank; or a count, or an abstention, "
        "where a model does no better. Places, never persons. The forecast of the whole city on its grid is kept in "
        "the collection risque; others are not.",
    )
    keywords = ("forecast", "risk", "cells")
    audience = ("planner", "roadworks", "coordination")
    purpose = "prevision"
    weight = "heavy"
    inputs = RiskForecastInputs
    outputs: ClassVar = {
        "forecast": Output(Text(fr="Les mailles", en="The cells"), _SCHEMA, "application/geo+json", worn="risque")
    }
    example: ClassVar = {"inputs": {"target": "signalements", "horizon_days": 7}}

    def run(self, inputs: RiskForecastInputs) -> Results:
        """Return the cells as GeoJSON, and the skill card beside them."""
        from observatoire.forecasts.store import (  # late: scikit-learn takes seconds to load
            forecast_store,
            keep,
            parse_moment,
        )
        from observatoire.store.kept_scores import KeptScores

        caller = self.caller
        layer = caller.layer(inputs.target)
        if inputs.nature is not None:
            check_nature(layer, caller.audience, inputs.nature)
        with caller.connect() as connection:
            made = forecast_store(
                connection,
                caller.city,
                layer.id,
                inputs.horizon_days,
                as_of=parse_moment(inputs.as_of, caller.city),
                schema=caller.schema,
                cell=inputs.cell,
                nature=inputs.nature,
                bbox=inputs.bbox,
                shift=inputs.shift,
                places=self._places(inputs),
                kept=KeptScores(caller.connect_owner),
                progress=self.progress,
            )
        with caller.connect_owner() as connection:
            card = made.forecast.card | {"skill_card": reference_to_last(connection, layer.id, inputs.horizon_days)}
        if self._is_of_all(layer, inputs):
            with caller.connect_owner() as connection:
                card = keep(connection, caller.city, made)
        return {"forecast": geojson(made) | {"forecast": card | {"target": layer.id}}}

    def _places(self, inputs: RiskForecastInputs) -> tuple[str, ...]:
        """Return the types of places that were asked for or, by default, the city's, as far as the caller sees them."""
        from observatoire.store.nearby import readable  # late: scipy takes its time to load

        if inputs.places is not None:
            return inputs.places
        return readable(self.caller.city.places_for(inputs.target, inputs.horizon_days), self.caller.schema)

    def _is_of_all(self, layer: Layer, inputs: RiskForecastInputs) -> bool:
        """Tell whether it is the forecast that all who read `risque` may read: whole, and from what all of them see."""
        whole = inputs.nature is None and inputs.bbox is None and inputs.shift is None
        usual = set(self._places(inputs)) == set(self.caller.city.places_for(layer.id, inputs.horizon_days))
        on_its_grid = inputs.cell in (None, self.caller.city.grid.cell)
        readers = layer_of("risque").privacy.audience
        return whole and usual and on_its_grid and all(layer.visible_to(a) and layer.exact_for(a) for a in readers)


def geojson(made: StoreForecast) -> dict[str, Any]:
    """Return the cells as a FeatureCollection in CRS84; rings turn counter-clockwise (RFC 7946, 3.1.6)."""
    grid = made.grid
    x = grid.x_min[:, None] + grid.cell * np.array([0.0, 1, 1, 0, 0])
    y = grid.y_min[:, None] + grid.cell * np.array([0.0, 0, 1, 1, 0])
    lon, lat = pyproj.Transformer.from_crs(grid.crs, "OGC:CRS84", always_xy=True).transform(x, y)
    rings = np.round(np.stack([lon, lat], axis=2), DIGITS).tolist()
    frame = made.forecast.frame.assign(**made.forecast.beside)
    texts = frame.assign(as_of=frame["as_of"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")).astype(object)
    rows = texts.where(frame.notna(), None).to_dict("records")
    features = [
        {
            "type": "Feature",
            "id": row["cell_id"],
            "geometry": {"type": "Polygon", "coordinates": [ring]},
            "properties": row,
        }
        for row, ring in zip(rows, rings, strict=True)
    ]
    return {"type": "FeatureCollection", "features": features}
