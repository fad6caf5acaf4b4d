"""The public ledger of forecasts: each is sealed when it is made, by the digest of its cells, and never changed."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import numpy as np
import shapely
from psycopg import Connection, sql

from observatoire.cities import City
from observatoire.forecasts.made import StoreForecast
from observatoire.intake.check import Checker
from observatoire.intake.load import load
from observatoire.intake.load import made as loaded
from observatoire.intake.locate import Locator
from observatoire.intake.source import Item
from observatoire.layers.catalog import layer_of
from observatoire.layers.ddl import table

COLLECTION = "previsions"
SOURCE = "ledger"


def cells_digest(made: StoreForecast) -> str:
    """Return the SHA-256 digest of a forecast's cells, hexadecimal.

    It is that of the UTF-8 lines `cell_id,expected,lower,upper`, in the order of the ids, each ended by a line feed;
    numbers as the shortest decimals that give back the same double (Python's `repr`), nothing where a cell is null.
    """
    numbers = made.forecast.frame[["expected", "lower", "upper"]].to_numpy(dtype=float, na_value=np.nan)
    lines = [
        ",".join([name, *("" if np.isnan(v) else repr(float(v)) for v in row)])
        for name, row in zip(made.grid.cell_id.tolist(), numbers, strict=True)
    ]
    return sha256("".join(f"{line}\n" for line in sorted(lines)).encode()).hexdigest()


def seal(connection: Connection[Any], city: City, made: StoreForecast, card: dict[str, Any]) -> bool:
    """Write a forecast into the ledger, unless one of the same target and period is there: the first holds.

    Parameters
    ----------
    card : dict
        The card as it is kept: with `target`, `start` and `end`.

    Returns
    -------
    bool
        Whether it was written.
    """
    layer = layer_of(COLLECTION)
    start, end = (datetime.fromisoformat(card[name]) for name in ("start", "end"))
    key = f"{made.target}-{start:%Y-%m-%d}-{made.horizon_days}"
    query = sql.SQL("SELECT 1 FROM {} WHERE source = %s AND source_key = %s").format(table(layer))
    known = connection.execute(query, [SOURCE, key]).fetchone()
    connection.rollback()
    if known:
        return False
    now = datetime.now(UTC)
    pai = card["pai"]
    item = {
        "source_key": key,
        "reference": key,
        "date": now,
        "etape": "scellee",
        "target": made.target,
        "debut": start,
        "fin": end,
        "a_temps": now <= start,
        "reponse": card["answer"],
        "empreinte": cells_digest(made),
        "mailles": made.grid.n_cells,
        "pai2_modele": pai.get("model", {}).get("2"),
        "pai2_comptage": pai.get("count", {}).get("2"),
        "attendu": (card["total"] or {}).get("expected"),
        "geometry": shapely.box(*shapely.total_bounds(made.grid.polygons())),
    }
    check, locate = _OwnDigest(layer, origin="derived", planned=True), Locator(city, layer.geometry, made.grid.crs)
    return load(connection, layer, SOURCE, loaded([item]), check=check, locate=locate).inserted == 1


class _OwnDigest(Checker):
    """Lets the digest pass: one in some thousands has the form of an IBAN or of a NIR, and it is ours."""

    def __call__(self, item: Item) -> Item:
        return super().__call__(item | {"empreinte": None}) | {"empreinte": item["empreinte"]}
