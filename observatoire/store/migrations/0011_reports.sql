-- Reports of residents, beside the item that everyone sees in `signalements`. No text of theirs: the description is
-- coded and dropped before anything is written. See docs/reports.md.
CREATE TABLE obs.reports (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    reference    text NOT NULL UNIQUE CHECK (reference ~ '^[A-Z]{2,6}-[0-9]{4}-[0-9]{7}$'),
    door         text NOT NULL CHECK (door IN ('app', 'process', 'open311')),
    token        bytea NOT NULL UNIQUE CHECK (length(token) = 32),       -- digest: the token itself is not kept
    idempotency  bytea UNIQUE CHECK (length(idempotency) = 32),          -- keyed digest of the sender's key
    fingerprint  bytea NOT NULL CHECK (length(fingerprint) = 32),        -- keyed digest of what was sent, without words
    received     timestamptz NOT NULL DEFAULT now(),
    updated      timestamptz NOT NULL DEFAULT now(),
    status       text NOT NULL DEFAULT 'received'
                 CHECK (status IN ('received', 'checking', 'forwarded', 'planned', 'done', 'closed')),
    reopened     timestamptz,                                            -- once at most
    item         bigint,                                                 -- in data.signalements
    nature       text,
    place        geography(Point, 4326),                                 -- rounded, as everyone sees it
    answers      jsonb NOT NULL DEFAULT '{}',
    coded        text,                                                   -- the code that the description spoke of
    occurred     timestamptz,
    deleted      timestamptz,
    CONSTRAINT nothing_left CHECK (deleted IS NULL OR (item IS NULL AND nature IS NULL AND place IS NULL
        AND answers = '{}' AND coded IS NULL AND occurred IS NULL)),
    CONSTRAINT whole CHECK (deleted IS NOT NULL OR (item IS NOT NULL AND nature IS NOT NULL AND place IS NOT NULL))
);
CREATE INDEX reports_received ON obs.reports (received DESC, id DESC) WHERE deleted IS NULL;
CREATE INDEX reports_updated ON obs.reports (updated) WHERE deleted IS NULL;
CREATE INDEX reports_place ON obs.reports USING gist (place) WHERE deleted IS NULL;
CREATE INDEX reports_deleted ON obs.reports (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE obs.report_history (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    report       bigint NOT NULL REFERENCES obs.reports ON DELETE CASCADE,
    status       text NOT NULL,
    reason       text,                          -- a code of `motif-signalement`
    planned_for  date,
    at           timestamptz NOT NULL DEFAULT now(),
    by_audience  text NOT NULL,
    CONSTRAINT closed_has_a_reason CHECK (status <> 'closed' OR reason IS NOT NULL),
    CONSTRAINT planned_has_a_date CHECK ((status = 'planned') = (planned_for IS NOT NULL))
);
CREATE INDEX report_history_of ON obs.report_history (report, id);

-- Who said « me too », follows, or says that it is not fixed: a keyed digest of a device's own random key, or of a
-- network's prefix with the salt of the day. Of any public report, whichever system sent it.
CREATE TABLE obs.report_voices (
    reference  text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('me-too', 'follow', 'not-fixed')),
    voice      bytea NOT NULL CHECK (length(voice) = 32),
    day        date NOT NULL DEFAULT current_date,
    PRIMARY KEY (reference, kind, voice)
);

-- What everyone may know of a report. Every public answer reads this view.
CREATE VIEW obs.public_reports AS
    SELECT r.id, r.reference, r.nature, r.status, r.received, r.updated, r.place,
        ST_X(r.place::geometry) AS lon, ST_Y(r.place::geometry) AS lat,
        h.reason, h.planned_for,
        (SELECT count(*) FROM obs.report_voices v WHERE v.reference = r.reference AND v.kind = 'me-too') AS me_too,
        (SELECT count(*) FROM obs.report_voices v WHERE v.reference = r.reference AND v.kind = 'not-fixed') AS not_fixed
    FROM obs.reports r
    LEFT JOIN LATERAL (SELECT reason, planned_for FROM obs.report_history WHERE report = r.id ORDER BY id DESC LIMIT 1) h
        ON true
    WHERE r.deleted IS NULL;

REVOKE ALL ON obs.reports, obs.report_history, obs.report_voices, obs.public_reports FROM PUBLIC;
