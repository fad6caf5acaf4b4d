-- Whom to tell of a job: written with the job, due in the transaction that changes its state, gone once delivered.
CREATE TABLE obs.callbacks (
    job    uuid NOT NULL REFERENCES obs.jobs ON DELETE CASCADE,
    event  text NOT NULL CHECK (event IN ('successful', 'running', 'failed')),
    url    text NOT NULL,
    due    timestamptz,                -- when it is (next) tried; NULL: the job is not in that state yet
    tries  integer NOT NULL DEFAULT 0,
    PRIMARY KEY (job, event)
);
CREATE INDEX callbacks_due ON obs.callbacks (due) WHERE due IS NOT NULL;

CREATE FUNCTION obs.job_calls_back() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE obs.callbacks SET due = now() WHERE job = NEW.id AND event = NEW.status AND due IS NULL AND tries = 0;
    IF NEW.status IN ('successful', 'failed', 'dismissed') THEN  -- what can happen no more, or is news no more
        DELETE FROM obs.callbacks WHERE job = NEW.id AND event <> NEW.status;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER job_calls_back AFTER UPDATE OF status ON obs.jobs
    FOR EACH ROW WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION obs.job_calls_back();
