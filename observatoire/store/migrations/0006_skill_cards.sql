-- One row a night, collection and horizon: how good its forecasts were. The page's plots are drawn when it is made.
CREATE TABLE obs.skill_cards (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    collection    text NOT NULL,
    horizon_days  integer NOT NULL,
    as_of         timestamptz NOT NULL,
    computed      timestamptz NOT NULL DEFAULT now(),
    card          jsonb NOT NULL,      -- risk/skill-card.schema.json
    plots         jsonb NOT NULL,      -- {language: {plot: SVG}}
    UNIQUE (collection, horizon_days, as_of)
);
CREATE INDEX skill_cards_last ON obs.skill_cards (collection, horizon_days, as_of DESC);
