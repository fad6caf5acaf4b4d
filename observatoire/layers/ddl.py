"""From a layer to its table: one row an item, system columns beside the properties, positions rounded in the store."""

from psycopg import sql

from observatoire.layers.model import SYSTEM, Layer, Property

_TYPES = {"string": "text", "integer": "bigint", "number": "double precision", "boolean": "boolean"}
_FORMATS = {"date-time": "timestamptz", "date": "date"}
_SYSTEM_TYPES = {"load_id": "bigint", "until": "timestamptz", "accuracy": "double precision"}
_GENERAL = "geom_rounded"


def sql_type(prop: Property) -> str:
    """Return the PostgreSQL type of a property."""
    return _FORMATS[prop.format] if prop.format else _TYPES[prop.type]


def columns(layer: Layer) -> dict[str, str]:
    """Return the columns that a load writes, with their types: properties without the id, then the system's."""
    own = {n: sql_type(p) for n, p in layer.properties.items() if n != layer.id_field and n not in SYSTEM}
    return own | {name: _SYSTEM_TYPES.get(name, "text") for name in SYSTEM}


def table(layer: Layer) -> sql.Identifier:
    """Return the name of the layer's table."""
    return sql.Identifier("data", layer.table)


def create_table(layer: Layer, srid: int) -> list[sql.Composed]:
    """Return statements that make the table, or add what it lacks; running them twice changes nothing."""
    name = table(layer)
    statements = [
        sql.SQL(
            "CREATE TABLE IF NOT EXISTS {} ({} bigint PRIMARY KEY, geom geometry({}, {}) NOT NULL, "
            "source text NOT NULL, source_key text NOT NULL, load_id bigint NOT NULL, origin text NOT NULL, "
            "UNIQUE (source, source_key))"
        ).format(name, sql.Identifier(layer.id_field), sql.SQL(layer.geometry), sql.SQL(str(srid)))
    ]
    statements.append(_has_a_place(name))
    for column, kind in columns(layer).items():
        prop = layer.properties.get(column)
        required = sql.SQL(" NOT NULL" if prop is not None and prop.required else "")
        statements.append(
            sql.SQL("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} {}{}").format(
                name, sql.Identifier(column), sql.SQL(kind), required
            )
        )
    statements.append(_index(layer, "geom", "USING gist (geom)"))
    if layer.time_field is not None:
        instant = sql.Identifier(layer.time_field)
        statements.append(_index(layer, "time", sql.SQL("({}, {})").format(instant, sql.Identifier(layer.id_field))))
    if layer.privacy.rounding is not None:
        # The centre of the square of `rounding` metres that holds the point (any other shape: its centroid's).
        statements.append(
            sql.SQL(
                "ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} geometry(Point, {}) "
                "GENERATED ALWAYS AS (ST_SnapToGrid(ST_Centroid(geom), {})) STORED"
            ).format(name, sql.Identifier(_GENERAL), sql.SQL(str(srid)), sql.Literal(layer.privacy.rounding))
        )
        statements.append(_index(layer, _GENERAL, sql.SQL("USING gist ({})").format(sql.Identifier(_GENERAL))))
    return statements


def _has_a_place(name: sql.Identifier) -> sql.Composed:
    """Return what keeps empty geometries out of a table, whoever writes: they have no coordinates to read.

    The intake refuses them before. Rows of before this rule are left alone, as a store that holds one must upgrade.
    """
    return sql.SQL(
        "DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = {text}::regclass "
        "AND conname = 'has_a_place') THEN "
        "ALTER TABLE {name} ADD CONSTRAINT has_a_place CHECK (NOT ST_IsEmpty(geom)) NOT VALID; END IF; END $$"
    ).format(name=name, text=sql.Literal(name.as_string()))


def _index(layer: Layer, suffix: str, what: str | sql.Composable) -> sql.Composed:
    tail = sql.SQL(what) if isinstance(what, str) else what
    return sql.SQL("CREATE INDEX IF NOT EXISTS {} ON {} {}").format(
        sql.Identifier(f"{layer.table}_{suffix}"), table(layer), tail
    )


def shown_geometry(*, exact: bool) -> sql.Composable:
    """Return the geometry column that a view shows."""
    return sql.Identifier("geom") if exact else sql.SQL("{} AS geom").format(sql.Identifier(_GENERAL))


def rounded_geometry() -> str:
    """Return the name of the column of positions rounded for those who may not see them exactly."""
    return _GENERAL
