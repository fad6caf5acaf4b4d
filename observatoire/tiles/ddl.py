"""Statements that keep the counts of crowded places true: whatever changes a table of points, a trigger counts it."""

from collections.abc import Iterable

from psycopg import sql

from observatoire.layers.ddl import rounded_geometry, table
from observatoire.layers.model import Audience, Layer
from observatoire.tiles.pyramid import Pyramid

#: Name of the view of counts in the schema of each audience.
CELLS_VIEW = "obs_tile_cells"


def counted(layer: Layer) -> bool:
    """Tell whether counts of a collection are kept: those of points."""
    return layer.geometry == "Point"


def create_pyramids(pyramids: Iterable[Pyramid]) -> list[sql.Composed]:
    """Return statements that write down the pyramids in which points are counted."""
    statements = [sql.SQL("DELETE FROM obs.pyramids").format()]
    for p in pyramids:
        values = sql.SQL(", ").join(map(sql.Literal, (p.id, p.srid, p.left, p.top, p.side, p.finest, p.levels[-1])))
        statements.append(sql.SQL("INSERT INTO obs.pyramids VALUES ({})").format(values))
    return statements


def create_counts(layer: Layer) -> list[sql.Composed]:
    """Return statements that count the points of a layer now, and at every change of its table."""
    name = table(layer)
    arguments = sql.SQL(", ").join(map(sql.Literal, (layer.id, *places(layer))))
    trigger = sql.SQL(
        "CREATE OR REPLACE TRIGGER {} AFTER {} ON {} {} FOR EACH STATEMENT EXECUTE FUNCTION obs.count_points({})"
    )
    changes = (
        ("insert", "INSERT", "REFERENCING NEW TABLE AS new_rows"),
        ("update", "UPDATE", "REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows"),
        ("delete", "DELETE", "REFERENCING OLD TABLE AS old_rows"),
        ("truncate", "TRUNCATE", ""),
    )
    statements = [
        trigger.format(sql.Identifier(f"count_points_{word}"), sql.SQL(event), name, sql.SQL(rows), arguments)
        for word, event, rows in changes
    ]
    statements.append(
        sql.SQL("SELECT obs.recount_points({}, {}, {})").format(
            sql.Literal(layer.id), sql.Literal(name.as_string()), sql.Literal(list(places(layer)))
        )
    )
    return statements


def counting(layer: Layer, *, on: bool) -> sql.Composed:
    """Return the statement by which points that come in are counted as they do, or are not."""
    return sql.SQL("ALTER TABLE {} {} TRIGGER count_points_insert").format(
        table(layer), sql.SQL("ENABLE" if on else "DISABLE")
    )


def create_cells_view(schema: str, layers: Iterable[Layer], audience: Audience) -> sql.Composed:
    """Return the view of the counts that an audience may see: of positions as it may see them."""
    seen = [layer for layer in layers if counted(layer) and layer.visible_to(audience)]
    pairs = sql.SQL(", ").join(
        sql.SQL("({}, {})").format(sql.Literal(layer.id), sql.Literal(layer.exact_for(audience))) for layer in seen
    )
    condition = sql.SQL("(collection, exact) IN ({})").format(pairs) if seen else sql.SQL("false")
    return sql.SQL("CREATE VIEW {} AS SELECT collection, pyramid, level, x, y, n FROM obs.tile_cells WHERE {}").format(
        sql.Identifier(schema, CELLS_VIEW), condition
    )


def places(layer: Layer) -> tuple[str, ...]:
    """Return the columns of positions that are shown to anybody: the exact one, then the rounded one if there is."""
    return ("geom",) if layer.privacy.rounding is None else ("geom", rounded_geometry())
