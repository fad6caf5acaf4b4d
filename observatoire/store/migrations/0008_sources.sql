-- What is known of a source between two loads. Written in the transaction of each load, with its rows and its quarantine.
CREATE TABLE obs.sources (
    source      text NOT NULL,
    collection  text NOT NULL,
    load_id     bigint NOT NULL,        -- the last one
    loaded      timestamptz NOT NULL,   -- when it ended
    changed     timestamptz,            -- end of the last load that brought anything new
    newest      timestamptz,            -- latest instant among its items that had come to pass when they were loaded
    max_age     interval,               -- allowed by the city's file
    request     bytea NOT NULL,         -- fingerprint of connector, address and options: the cursor holds for these only
    cursor      text,                   -- where the next load begins; NULL: anew
    columns     json,                   -- the contract: column → kind (integer, number, date, text, mixed, unknown)
    accepted    timestamptz,            -- when that contract was recorded
    PRIMARY KEY (source, collection)
);

-- Lineage: how the rows of a load were had.
ALTER TABLE obs.loads
    ADD COLUMN kind text NOT NULL DEFAULT 'load' CHECK (kind IN ('load', 'not-modified', 'replay')),
    ADD COLUMN connector text,
    ADD COLUMN file_sha256 bytea CHECK (length(file_sha256) = 32),
    ADD COLUMN since text,              -- the cursor that it began with
    ADD COLUMN crs_found text;          -- where nobody said it

-- How old what we have may be, and how old it is: the age of the last load or of the newest item, whichever is more.
CREATE VIEW obs.freshness AS
    SELECT source, collection, load_id, loaded, changed, newest, max_age,
        now() - least(loaded, newest) AS age,
        now() - least(loaded, newest) > max_age AS stale
    FROM obs.sources;

-- A refused row that a later load accepts, corrected or not, is settled by it.
ALTER TABLE obs.quarantine ADD COLUMN settled bigint;

-- What a steward decided of refused rows: a value that stands for another, a row that is corrected or stays out.
CREATE TABLE obs.decisions (
    source      text NOT NULL,
    collection  text NOT NULL,
    row_digest  bytea NOT NULL DEFAULT '',  -- of one row; empty: of all rows
    field       text NOT NULL,              -- column of the source; empty: the row stays out
    given       text NOT NULL DEFAULT '',   -- what stands there, where it is of all rows
    meant       text NOT NULL,              -- what is read instead
    decided     timestamptz NOT NULL DEFAULT now(),
    decided_by  text NOT NULL DEFAULT '',
    PRIMARY KEY (source, collection, row_digest, field, given)
);
