"""Process ``aggregate``: how many items, by division and by period, as the caller may see them; the store counts."""

from typing import Annotated, Any, ClassVar, Literal

from psycopg import sql
from pydantic import Field

from observatoire.errors import BadInput
from observatoire.layers.model import Layer
from observatoire.text import Text
from processes.base import Inputs, Output, Process, Results, Says
from processes.inputs import Nature, Rectangle, When, check_nature, interval

MOST_ROWS = 50_000
DIVISIONS = "divisions"

_SCHEMA = {
    "type": "object",
    "required": ["collection", "by", "period", "rows", "total"],
    "properties": {
        "collection": {"type": "string"},
        "by": {"type": "string", "enum": ["division", "none"]},
        "period": {"type": "string", "enum": ["day", "week", "month", "year", "none"]},
        "rows": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["count"],
                "properties": {
                    "division": {"type": ["string", "null"], "description": "Code; null outside every division"},
                    "nom": {"type": ["string", "null"]},
                    "period": {"type": "string", "format": "date", "description": "First day, local"},
                    "nature": {"type": "string"},
                    "count": {"type": "integer"},
                },
            },
        },
        "total": {"type": "integer", "description": "Sum of the counts"},
        "note": {"type": "string"},
    },
}


class AggregateInputs(Inputs):
    """What is counted, and how it is split."""

    collection: Annotated[
        str,
        Says(fr="Collection comptée, par exemple signalements", en="Collection to count, for example signalements"),
        Field(max_length=60),
    ]
    by: Annotated[
        Literal["division", "none"] | None,
        Says(
            fr="Découpage ; par défaut les divisions, s'il y en a",
            en="Split in space; by default the divisions, where there are some",
        ),
    ] = None
    period: Annotated[
        Literal["day", "week", "month", "year", "none"] | None,
        Says(
            fr="Découpage dans le temps, à l'heure locale ; par défaut le mois, si la collection est datée",
            en="Split in time, local; by default the month, where the collection has dates",
        ),
    ] = None
    datetime: Annotated[
        When | None,
        Says(
            fr="Date ou intervalle début/fin, bornes comprises ; une date est un jour entier, à l'heure locale",
            en="Date or interval start/end, both included; a date is a whole day, local time",
        ),
    ] = None
    nature: Nature = None
    bbox: Rectangle = None


class Aggregate(Process[AggregateInputs]):
    """Counts of a collection."""

    id = "aggregate"
    version = "1.0.0"
    title = Text(fr="Comptages", en="Counts")
    description = Text(
        fr="Nombre d'objets d'une collection par division et par période, tels que vous avez le droit de les voir.",
        en="Number of items of a collection by division and by period, as you may see them.",
    )
    keywords = ("count", "statistics")
    audience = ("public",)
    purpose = "information-public"
    weight = "light"
    inputs = AggregateInputs
    outputs: ClassVar = {"table": Output(Text(fr="Les comptages", en="The counts"), _SCHEMA)}
    example: ClassVar = {"inputs": {"collection": "signalements", "period": "year"}}

    async def run(self, inputs: AggregateInputs) -> Results:
        """Return the counts, and what must be known to read them."""
        layer = self.caller.layer(inputs.collection)
        by = inputs.by or "division"
        if by == "division" and not await self._has_divisions():
            if inputs.by is not None:
                raise BadInput("inputs.by: this city has no divisions; expected none")
            by = "none"
        period = inputs.period or ("month" if layer.time_field else "none")
        query, parameters = self._query(layer, inputs, by, period)
        rows = await self.caller.rows(query, parameters)
        if len(rows) > MOST_ROWS:
            raise BadInput(f"inputs.period: more than {MOST_ROWS} rows; expected a longer period or a shorter datetime")
        table: dict[str, Any] = {"collection": layer.id, "by": by, "period": period}
        table |= {"rows": rows, "total": sum(row["count"] for row in rows)}
        return {"table": table | self._note(layer, by)}

    async def _has_divisions(self) -> bool:
        view = sql.Identifier(self.caller.schema, DIVISIONS)
        rows = await self.caller.rows(sql.SQL("SELECT EXISTS (SELECT FROM {}) AS found").format(view))
        return bool(rows[0]["found"])

    def _query(self, layer: Layer, inputs: AggregateInputs, by: str, period: str) -> tuple[sql.Composed, list[Any]]:
        """Return the SQL of the counts: places and periods are grouped first, so few are looked up in a division."""
        where, parameters = self._conditions(layer, inputs)
        keys = self._keys(layer, inputs, period)
        names = [sql.Identifier(name) for name in keys]
        if by == "division":
            keys["geom"] = sql.SQL("geom" if layer.geometry == "Point" else "ST_PointOnSurface(geom)")
            names = [sql.Identifier("division"), sql.Identifier("nom"), *names]
        counted = sql.SQL("SELECT {} count(*) AS n FROM {} WHERE {} {}").format(
            sql.SQL("").join(sql.SQL("{} AS {}, ").format(what, sql.Identifier(name)) for name, what in keys.items()),
            sql.Identifier(self.caller.schema, layer.table),
            sql.SQL(" AND ").join([sql.SQL("true"), *where]),
            sql.SQL("GROUP BY {}").format(sql.SQL(", ").join(keys.values())) if keys else sql.SQL(""),
        )
        listed = sql.SQL(", ").join(names)
        query = sql.SQL(
            "WITH counted AS ({}) SELECT {} coalesce(sum(n), 0)::bigint AS count FROM counted {} {}"
        ).format(
            counted,
            sql.SQL("{}, ").format(listed) if names else sql.SQL(""),
            self._join() if by == "division" else sql.SQL(""),
            sql.SQL("GROUP BY {0} ORDER BY {0} LIMIT {1}").format(listed, sql.Literal(MOST_ROWS + 1))
            if names
            else sql.SQL(""),
        )
        return query, parameters

    def _keys(self, layer: Layer, inputs: AggregateInputs, period: str) -> dict[str, sql.Composable]:
        """Return by what the items are told apart: the period and the kind, as far as they are asked for."""
        keys: dict[str, sql.Composable] = {}
        if period != "none":
            keys["period"] = sql.SQL("to_char(date_trunc({}, {} AT TIME ZONE {}), 'YYYY-MM-DD')").format(
                sql.Literal(period), _time(layer, "period"), sql.Literal(self.caller.city.time_zone)
            )
        if inputs.nature is not None:
            keys["nature"] = sql.Identifier("nature")
        return keys

    def _join(self) -> sql.Composed:
        """Return the join that gives each place one principal division, the first by code where it lies on a border."""
        return sql.SQL(
            "LEFT JOIN LATERAL (SELECT d.code AS division, d.nom FROM {} d "
            "WHERE d.systeme IS NULL AND ST_Intersects(d.geom, counted.geom) ORDER BY d.code LIMIT 1) AS found ON true"
        ).format(sql.Identifier(self.caller.schema, DIVISIONS))

    def _conditions(self, layer: Layer, inputs: AggregateInputs) -> tuple[list[sql.Composable], list[Any]]:
        where: list[sql.Composable] = []
        parameters: list[Any] = []
        if inputs.datetime is not None:
            bounds = interval(inputs.datetime, self.caller.city.zone)
            for condition, bound in zip((sql.SQL("{} >= %s"), sql.SQL("{} < %s")), bounds, strict=True):
                if bound is not None:
                    where.append(condition.format(_time(layer, "datetime")))
                    parameters.append(bound)
        if inputs.nature is not None:
            check_nature(layer, self.caller.audience, inputs.nature)
            where.append(sql.SQL("nature = %s"))
            parameters.append(inputs.nature)
        if inputs.bbox is not None:
            where.append(
                sql.SQL("ST_Intersects(geom, ST_Transform(ST_MakeEnvelope(%s, %s, %s, %s, 4326), {}))").format(
                    sql.Literal(self.caller.city.srid)
                )
            )
            parameters += inputs.bbox
        return where, parameters

    def _note(self, layer: Layer, by: str) -> dict[str, str]:
        """Return what a reader must know of the positions, where they are rounded and matter."""
        if by == "none" or layer.exact_for(self.caller.audience):
            return {}
        note = Text(
            fr=f"Positions arrondies à {layer.privacy.rounding:g} m : près d'une limite, un objet peut être compté "
            "dans la division voisine.",
            en=f"Positions are rounded to {layer.privacy.rounding:g} m: near a border, an item may be counted in the "
            "division beside it.",
        )
        return {"note": note.in_(self.caller.language)}


def _time(layer: Layer, name: str) -> sql.Identifier:
    if layer.time_field is None:
        raise BadInput(f"inputs.{name}: {layer.id} has no dates; leave it out")
    return sql.Identifier(layer.time_field)
