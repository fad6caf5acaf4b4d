-- A refused row is told by its fingerprint; corrected at its source it is another row, but its key is the same.

-- Of an open entry whose row has a key that could stand in a collection: never a person's. Forgotten when it is closed.
ALTER TABLE obs.quarantine ADD COLUMN key_digest bytea CHECK (length(key_digest) = 32);

-- How the load `settled` closed it: the row itself was let in; one of the same key was; it is refused for another
-- reason, or its key in another row is; the source no longer gives it.
ALTER TABLE obs.quarantine ADD COLUMN closed text CHECK (closed IN ('accepted', 'corrected', 'superseded', 'gone'));
UPDATE obs.quarantine SET closed = CASE WHEN message LIKE '% (superseded by %)' THEN 'superseded' ELSE 'accepted' END
    WHERE settled IS NOT NULL;
ALTER TABLE obs.quarantine
    ADD CONSTRAINT closed_by_a_load CHECK ((settled IS NULL) = (closed IS NULL)),
    ADD CONSTRAINT key_while_open CHECK (settled IS NULL OR key_digest IS NULL);
CREATE INDEX quarantine_open ON obs.quarantine (source, collection) WHERE settled IS NULL;

CREATE FUNCTION obs.key_digest(source text, collection text, key text) RETURNS bytea LANGUAGE sql STABLE RETURN
    sha256(convert_to(source || E'\x1f' || collection || E'\x1f' || key, 'UTF8'));
REVOKE ALL ON FUNCTION obs.key_digest FROM PUBLIC;
