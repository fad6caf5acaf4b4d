"""Items of collections as one audience may see them, with their geometry in the city's CRS."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import shapely
from psycopg import Connection, sql
from psycopg.rows import dict_row

from observatoire.caller import Caller
from observatoire.cities import City
from observatoire.layers.catalog import catalog
from observatoire.layers.model import Audience
from observatoire.layers.rights import role

type Row = dict[str, Any]

EVERYTHING = sql.SQL("true")


@dataclass
class Reader:
    """Reads the views of an audience.

    Attributes
    ----------
    connection : psycopg.Connection
        Of a login that may read them.
    items : dict of str to (str, int)
        Collection and id of each item read, by its reference or code: what links are made of.
    """

    connection: Connection[Any]
    city: City
    audience: Audience
    items: dict[str, tuple[str, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, caller: Caller, connection: Connection[Any]) -> "Reader":
        """Return the reader of whoever executes a process."""
        return cls(connection, caller.city, caller.audience)

    def view(self, collection: str) -> sql.Composable | None:
        """Return the view of a collection; None where there is none for this audience."""
        layer = catalog().get(collection)
        if layer is None or not layer.visible_to(self.audience):
            return None
        return sql.Identifier(role(self.audience), layer.table)

    def rows(
        self, collection: str, where: sql.Composable = EVERYTHING, parameters: Sequence[Any] = (), *, key: str = ""
    ) -> list[Row]:
        """Return items in the order of their ids, `geometry` a shapely geometry; none where they may not be seen.

        Parameters
        ----------
        key : str
            Property by which the item is known as evidence; none where empty.
        """
        view = self.view(collection)
        if view is None:
            return []
        layer = catalog()[collection]
        names = [sql.Identifier(name) for name in layer.properties_for(self.audience)]
        query = sql.SQL("SELECT {}, ST_AsBinary(geom) AS geometry FROM {} WHERE {} ORDER BY {}").format(
            sql.SQL(", ").join(names), view, where, sql.Identifier(layer.id_field)
        )
        with self.connection.cursor(row_factory=dict_row) as cursor:
            found: list[Row] = cursor.execute(query, parameters).fetchall()
        for row, geometry in zip(found, shapely.from_wkb([row["geometry"] for row in found]), strict=True):
            row["geometry"] = geometry
            if key:
                self.items[str(row[key])] = (collection, int(row[layer.id_field]))
        return found

    def near(self, geometry: Any) -> tuple[sql.Composable, list[Any]]:
        """Return the condition, with its parameters, that an item meets the box around a geometry (m)."""
        box = [float(c) for c in shapely.bounds(geometry)]
        condition = sql.SQL("geom && ST_MakeEnvelope(%s, %s, %s, %s, {})").format(sql.Literal(self.city.srid))
        return condition, box
