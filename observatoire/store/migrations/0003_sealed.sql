-- Rows that were refused, sealed for the stewards: who has this database only cannot read them. See docs/firewall.md.

-- Public keys of the stewards (X25519). Their private halves are never in the store. Rows are sealed to the newest key
-- that is not retired; without one, refused rows are not kept at all.
CREATE TABLE obs.sealing_keys (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    public_key  bytea NOT NULL UNIQUE CHECK (length(public_key) = 32),
    created     timestamptz NOT NULL DEFAULT now(),
    retired     timestamptz
);

-- One row a refused row, from the load that met it first; never again, so that a nightly replay does not prolong it.
CREATE TABLE obs.sealed (
    source       text NOT NULL,
    collection   text NOT NULL,
    row_digest   bytea NOT NULL,
    line         bigint NOT NULL,
    message      text NOT NULL, -- field and reason
    key_id       bigint NOT NULL REFERENCES obs.sealing_keys,
    body         bytea NOT NULL, -- RFC 9180, base mode: X25519, HKDF-SHA256, ChaCha20-Poly1305
    sealed       timestamptz NOT NULL DEFAULT now(),
    purge_after  timestamptz NOT NULL DEFAULT now() + interval '7 days',
    PRIMARY KEY (source, collection, row_digest),
    CONSTRAINT a_week_at_most CHECK (purge_after <= sealed + interval '7 days')
);
CREATE INDEX sealed_purge ON obs.sealed (purge_after);

REVOKE ALL ON obs.sealing_keys, obs.sealed FROM PUBLIC;
