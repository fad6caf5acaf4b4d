-- The engine's own tables. Collections have their tables in schema `data`, rendered from the layer files.
CREATE SCHEMA IF NOT EXISTS obs;
CREATE SCHEMA IF NOT EXISTS data;

-- Ids of loads, of refused rows and of items are given inside the transaction of a load: a killed one leaves no gap.
CREATE TABLE obs.counters (
    name     text PRIMARY KEY, -- 'obs.loads', 'obs.quarantine', or a collection
    last_id  bigint NOT NULL DEFAULT 0
);

CREATE TABLE obs.loads (
    id           bigint PRIMARY KEY,
    source       text NOT NULL,
    collection   text NOT NULL,
    started      timestamptz NOT NULL DEFAULT now(),
    finished     timestamptz,
    read         bigint NOT NULL DEFAULT 0,
    inserted     bigint NOT NULL DEFAULT 0,
    updated      bigint NOT NULL DEFAULT 0,
    unchanged    bigint NOT NULL DEFAULT 0,
    quarantined  bigint NOT NULL DEFAULT 0,
    CONSTRAINT nothing_lost CHECK (finished IS NULL OR read = inserted + updated + unchanged + quarantined)
);

-- Why a row was refused. The row itself is not kept: it may hold what must not enter. `load_id` and `line` are those of
-- the first time it was met; `rows` is how many alike the load that met it had.
CREATE TABLE obs.quarantine (
    id          bigint PRIMARY KEY,
    source      text NOT NULL,
    collection  text NOT NULL,
    load_id     bigint NOT NULL REFERENCES obs.loads,
    line        bigint NOT NULL,
    field       text NOT NULL,
    reason      text NOT NULL,
    message     text NOT NULL,
    rows        bigint NOT NULL DEFAULT 1,
    row_digest  bytea NOT NULL,
    UNIQUE (source, collection, row_digest, field, reason)
);

-- The last load that changed a collection; the server's entity tags rest on it.
CREATE TABLE obs.versions (
    collection  text PRIMARY KEY,
    version     bigint NOT NULL DEFAULT 0,
    changed     timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE obs.keys (
    digest    bytea PRIMARY KEY,
    audience  text NOT NULL,
    label     text NOT NULL,
    created   timestamptz NOT NULL DEFAULT now(),
    revoked   timestamptz
);

-- One row a forecast: its card says what it rests on and how good it is.
CREATE TABLE obs.forecasts (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    target        text NOT NULL,
    as_of         timestamptz NOT NULL,
    horizon_days  integer NOT NULL,
    card          jsonb NOT NULL,
    made          timestamptz NOT NULL DEFAULT now(),
    UNIQUE (target, as_of, horizon_days)
);
