-- Alerts: what a rule found, once per thing for as long as it lasts, and what people did about it. No row is of a person.
CREATE TABLE obs.alerts (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rule             text NOT NULL,
    subject          text NOT NULL,       -- a place, a division, a circuit, a sensor, a source
    collection       text NOT NULL,       -- empty: of a source
    severity         text NOT NULL CHECK (severity IN ('info', 'warning', 'urgent')),
    audience         text[] NOT NULL,     -- who is told
    title            jsonb NOT NULL,      -- {fr, en}
    reason           jsonb NOT NULL,      -- {fr, en}
    figures          jsonb NOT NULL,
    evidence         bigint[] NOT NULL,   -- ids of items
    place            double precision[],  -- x, y in the city's CRS
    division         text,
    looked_from      timestamptz NOT NULL,
    looked_until     timestamptz NOT NULL,
    first_seen       timestamptz NOT NULL DEFAULT now(),
    last_seen        timestamptz NOT NULL DEFAULT now(),
    closed           timestamptz,         -- the rule no longer finds it
    acknowledged     timestamptz,
    acknowledged_by  text                 -- an audience: keys have no persons
);
CREATE UNIQUE INDEX alerts_open ON obs.alerts (rule, subject) WHERE closed IS NULL;
CREATE INDEX alerts_seen ON obs.alerts (last_seen DESC);

-- A rule, or one subject of it, that an audience does not want to hear of for a time.
CREATE TABLE obs.alert_mutes (
    audience  text NOT NULL,
    rule      text NOT NULL,
    subject   text NOT NULL DEFAULT '',   -- empty: all
    until     timestamptz NOT NULL,
    made      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (audience, rule, subject)
);

-- When the rules were last judged, and which could not be: rule → {fr, en}.
CREATE TABLE obs.alert_rounds (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    judged      timestamptz NOT NULL DEFAULT now(),
    not_judged  jsonb NOT NULL
);
