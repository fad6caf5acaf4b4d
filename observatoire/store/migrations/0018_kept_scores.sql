-- Scores of past forecasts, by the digest of all that they depend on: counts, cells, models, code. Made anew where they
-- are not found; a row never changes and holds no event.
CREATE TABLE obs.kept_scores (
    key     text PRIMARY KEY,                      -- SHA-256, hexadecimal
    made    timestamptz NOT NULL DEFAULT now(),
    scores  text NOT NULL                          -- JSON with NaN; numbers are the shortest that give back the double
);
CREATE INDEX kept_scores_made ON obs.kept_scores (made);
