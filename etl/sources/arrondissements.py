"""Arrondissements of a city, joined from its divisions → collection ``divisions``, system ``arrondissement``.

Source : the principal divisions in the store; their `dans` says the arrondissement, however it is written.
Key    : INSEE's code.
CRS    : the city's.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import shapely
from psycopg import sql

from observatoire.errors import BadSettings, BadSource
from observatoire.intake.source import Context, Item, Source
from observatoire.layers.arrondissements import arrondissement, arrondissement_name
from observatoire.layers.catalog import layer_of
from observatoire.layers.ddl import table

_DIVISIONS = sql.SQL("SELECT dans, ST_AsBinary(geom) FROM {} WHERE systeme IS NULL ORDER BY id")


def items(context: Context) -> Iterator[Item]:
    """Give the arrondissements.

    Raises
    ------
    BadSettings
        If the city's file does not say its INSEE code.
    BadSource
        If no division is loaded, or one does not say its arrondissement.
    """
    if not context.city.insee:
        raise BadSettings(f"{context.city.id}: insee: arrondissements need the code of the city")
    parts: dict[str, list[Any]] = defaultdict(list)
    for within, wkb in context.connection.execute(_DIVISIONS.format(table(layer_of("divisions")))):
        code = arrondissement(within or "", context.city.insee[0])
        if code is None:
            raise BadSource("dans: expected an arrondissement of the city for every division")
        parts[code].append(shapely.from_wkb(wkb))
    if not parts:
        raise BadSource("arrondissements are joined from divisions, which are not loaded yet: load them first")
    for code in sorted(parts):
        name = arrondissement_name(code)
        shape = shapely.union_all(parts[code])
        yield {"source_key": code, "code": code, "nom": name, "systeme": "arrondissement", "geometry": shape}


SOURCE = Source(id="arrondissements", collection="divisions", origin="administrative", items=items)
