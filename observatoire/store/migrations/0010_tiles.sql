-- How many points of a collection lie in each cell of a pyramid of tiles: what a map shows from afar. Kept true by
-- triggers, in the transaction of whatever changes the points. See docs/tiles.md.

CREATE TABLE obs.pyramids (
    id        text PRIMARY KEY,
    srid      integer NOT NULL,
    x_left    double precision NOT NULL,
    y_top     double precision NOT NULL,
    side      double precision NOT NULL CHECK (side > 0),
    finest    integer NOT NULL, -- level of the finest cells: 2^finest of them a side
    coarsest  integer NOT NULL CHECK (coarsest <= finest AND (finest - coarsest) % 2 = 0)
);

CREATE TABLE obs.tile_cells (
    collection  text NOT NULL,
    exact       boolean NOT NULL, -- of positions as they were loaded; false: rounded ones
    pyramid     text NOT NULL,
    level       smallint NOT NULL,
    x           integer NOT NULL, -- column of the cell, from the left
    y           integer NOT NULL, -- its row, from the top
    n           bigint NOT NULL,
    PRIMARY KEY (collection, exact, pyramid, level, x, y)
);
CREATE INDEX tile_cells_empty ON obs.tile_cells (collection) WHERE n = 0;

-- The statement that adds the points of `query` (columns g, d: a place, and how many times it counts, -1 for one that is
-- gone) to the counts of one pyramid. A text, for the rows of a trigger are seen by the trigger's own function only.
-- A cell holds its left and its top side. Rows are written in the order of the key, so that two writers do not lock
-- each other out. Parameters: a row of obs.pyramids, the collection, whether positions are exact.
CREATE FUNCTION obs.adding_points(query text) RETURNS text LANGUAGE sql IMMUTABLE RETURN format($q$
    WITH placed AS MATERIALIZED (
        SELECT ST_Transform(g, ($1).srid) AS g, d FROM (%s) AS changes
    ), fine AS MATERIALIZED (
        SELECT floor((ST_X(g) - ($1).x_left) / ($1).side * 2 ^ ($1).finest)::integer AS x,
               floor((($1).y_top - ST_Y(g)) / ($1).side * 2 ^ ($1).finest)::integer AS y, sum(d) AS n
        FROM placed GROUP BY 1, 2 HAVING sum(d) <> 0
    ), every AS (
        SELECT ($1).finest - k AS level, x >> k AS x, y >> k AS y, sum(n) AS n
        FROM fine, generate_series(0, ($1).finest - ($1).coarsest, 2) AS k GROUP BY 1, 2, 3 HAVING sum(n) <> 0
    )
    INSERT INTO obs.tile_cells AS t (collection, exact, pyramid, level, x, y, n)
    SELECT $2, $3, ($1).id, level, x, y, n FROM every ORDER BY level, x, y
    ON CONFLICT (collection, exact, pyramid, level, x, y) DO UPDATE SET n = t.n + excluded.n
$q$, query);

-- Trigger of a table of points: arguments are the collection, the column of exact positions, that of rounded ones.
CREATE FUNCTION obs.count_points() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    p obs.pyramids;
    changes text := CASE TG_OP
        WHEN 'INSERT' THEN 'SELECT %1$I AS g, 1 AS d FROM new_rows'
        WHEN 'DELETE' THEN 'SELECT %1$I AS g, -1 AS d FROM old_rows'
        WHEN 'UPDATE' THEN 'SELECT %1$I AS g, 1 AS d FROM new_rows UNION ALL SELECT %1$I, -1 FROM old_rows'
    END;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        DELETE FROM obs.tile_cells WHERE collection = TG_ARGV[0];
        RETURN NULL;
    END IF;
    FOR p IN SELECT * FROM obs.pyramids ORDER BY id LOOP
        FOR i IN 1 .. TG_NARGS - 1 LOOP
            EXECUTE obs.adding_points(format(changes, TG_ARGV[i])) USING p, TG_ARGV[0], i = 1;
        END LOOP;
    END LOOP;
    DELETE FROM obs.tile_cells WHERE collection = TG_ARGV[0] AND n = 0;
    RETURN NULL;
END $$;

-- Count a whole table anew: when it had points before its triggers, or the pyramids have changed.
CREATE FUNCTION obs.recount_points(_collection text, name text, places text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    p obs.pyramids;
BEGIN
    DELETE FROM obs.tile_cells WHERE collection = _collection;
    FOR p IN SELECT * FROM obs.pyramids ORDER BY id LOOP
        FOR i IN 1 .. cardinality(places) LOOP
            EXECUTE obs.adding_points(format('SELECT %I AS g, 1 AS d FROM %s', places[i], name))
                USING p, _collection, i = 1;
        END LOOP;
    END LOOP;
END $$;

REVOKE ALL ON obs.pyramids, obs.tile_cells FROM PUBLIC;
REVOKE ALL ON FUNCTION obs.adding_points, obs.count_points, obs.recount_points FROM PUBLIC;
