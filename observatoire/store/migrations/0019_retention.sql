-- Rounded positions are few: they are put together before they are projected, each once with how often it counts.
CREATE OR REPLACE FUNCTION obs.count_points() RETURNS trigger LANGUAGE plpgsql AS $$
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
            EXECUTE obs.adding_points(obs.placed_once(format(changes, TG_ARGV[i]), i > 1)) USING p, TG_ARGV[0], i = 1;
        END LOOP;
    END LOOP;
    DELETE FROM obs.tile_cells WHERE collection = TG_ARGV[0] AND n = 0;
    RETURN NULL;
END $$;

CREATE FUNCTION obs.placed_once(query text, few boolean) RETURNS text LANGUAGE sql IMMUTABLE RETURN
    CASE WHEN few THEN format('SELECT g, sum(d) AS d FROM (%s) AS each GROUP BY g HAVING sum(d) <> 0', query) ELSE query END;

CREATE OR REPLACE FUNCTION obs.recount_points(_collection text, name text, places text[]) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    p obs.pyramids;
BEGIN
    DELETE FROM obs.tile_cells WHERE collection = _collection;
    FOR p IN SELECT * FROM obs.pyramids ORDER BY id LOOP
        FOR i IN 1 .. cardinality(places) LOOP
            EXECUTE obs.adding_points(obs.placed_once(format('SELECT %I AS g, 1 AS d FROM %s', places[i], name), i > 1))
                USING p, _collection, i = 1;
        END LOOP;
    END LOOP;
END $$;

REVOKE ALL ON FUNCTION obs.placed_once FROM PUBLIC;

-- What was removed because its time was over: one row a collection and run that removed anything.
CREATE TABLE obs.retentions (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    done        timestamptz NOT NULL DEFAULT now(),
    collection  text NOT NULL,
    retention   text NOT NULL,          -- as the layer file says it: P3Y
    before      timestamptz NOT NULL,   -- items that had ended by then are gone
    removed     bigint NOT NULL CHECK (removed > 0)
);
REVOKE ALL ON obs.retentions FROM PUBLIC;
