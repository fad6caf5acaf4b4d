-- Findings on works that somebody shared: whoever holds the address reads the finding, for as long as it is kept.
CREATE TABLE obs.shared_findings (
    token    text PRIMARY KEY,             -- 128 random bits
    digest   bytea NOT NULL UNIQUE,        -- of the finding's id and the project: shared again, it keeps its address
    finding  jsonb NOT NULL,
    made     timestamptz NOT NULL DEFAULT now(),
    expires  timestamptz NOT NULL
);
CREATE INDEX shared_findings_expires ON obs.shared_findings (expires);
