-- Photos of reports: drawn anew without metadata, encrypted with a key that is not in the store, shown to nobody before
-- a member of staff has looked at them, gone after thirty days whatever was decided.
CREATE TABLE obs.report_photos (
    report       bigint PRIMARY KEY REFERENCES obs.reports ON DELETE CASCADE,
    body         bytea,                          -- AES-256-GCM; NULL once refused
    state        text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'published', 'rejected')),
    reason       text,                           -- a code of `motif-photo`
    received     timestamptz NOT NULL DEFAULT now(),
    decided      timestamptz,
    decided_by   text,                           -- audience
    purge_after  timestamptz NOT NULL DEFAULT now() + interval '30 days',
    CONSTRAINT thirty_days_at_most CHECK (purge_after <= received + interval '30 days'),
    CONSTRAINT refused_is_gone CHECK ((state = 'rejected') = (body IS NULL)),
    CONSTRAINT refused_has_a_reason CHECK ((state = 'rejected') = (reason IS NOT NULL))
);
CREATE INDEX report_photos_purge ON obs.report_photos (purge_after);
CREATE INDEX report_photos_held ON obs.report_photos (received) WHERE state = 'held';

-- A random salt a day, thrown away the day after: then no digest made with it can be told from chance.
CREATE TABLE obs.report_salts (
    day   date PRIMARY KEY,
    salt  bytea NOT NULL CHECK (length(salt) = 32)
);

-- How many reports and voices came from one prefix of the network in one hour. The digest has the salt of the day: from
-- one day to the next nobody is recognised, and no address is kept.
CREATE TABLE obs.report_rates (
    hour    timestamptz NOT NULL,
    prefix  bytea NOT NULL CHECK (length(prefix) = 32),
    n       integer NOT NULL,
    PRIMARY KEY (hour, prefix)
);

REVOKE ALL ON obs.report_photos, obs.report_salts, obs.report_rates FROM PUBLIC;
