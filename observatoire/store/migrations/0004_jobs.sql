-- Jobs: one row is both the entry of the queue and the OGC job. docs/processes.md says how they live.
CREATE TABLE obs.jobs (
    id        uuid PRIMARY KEY,        -- random: whoever holds it may read a job that nobody owns
    process   text NOT NULL,
    audience  text NOT NULL,           -- with whose rights it runs
    owner     bytea,                   -- digest of the key that asked; NULL: an anonymous visitor
    language  text NOT NULL,
    inputs    json NOT NULL,           -- not jsonb: the numbers stay as they were written
    outputs   text[] NOT NULL,
    response  text NOT NULL,
    priority  smallint NOT NULL DEFAULT 0,
    status    text NOT NULL DEFAULT 'accepted'
              CHECK (status IN ('accepted', 'running', 'successful', 'failed', 'dismissed')),
    progress  smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    message   text NOT NULL DEFAULT '',
    attempt   integer NOT NULL DEFAULT 0,  -- fences every write of a worker: only the last attempt's counts
    tries     integer NOT NULL CHECK (tries >= 0), -- attempts that are left
    lease     timestamptz,             -- until when its worker has it for itself; past it, it is taken up again
    worker    text,
    problem   json,                    -- why it failed
    created   timestamptz NOT NULL DEFAULT now(),
    started   timestamptz,
    updated   timestamptz NOT NULL DEFAULT now(),
    finished  timestamptz,
    expires   timestamptz,             -- when it is forgotten, its results with it
    CONSTRAINT over_is_dated CHECK ((finished IS NULL) = (status IN ('accepted', 'running')))
);
CREATE INDEX jobs_open ON obs.jobs (priority DESC, created) WHERE status IN ('accepted', 'running');
CREATE INDEX jobs_waiting ON obs.jobs (audience) WHERE status = 'accepted';
CREATE INDEX jobs_of_owner ON obs.jobs (owner, created DESC, id) WHERE owner IS NOT NULL;
CREATE INDEX jobs_expiring ON obs.jobs (expires) WHERE expires IS NOT NULL;

-- Written in the transaction that makes the job successful, gone with the job.
CREATE TABLE obs.job_results (
    job    uuid NOT NULL REFERENCES obs.jobs ON DELETE CASCADE,
    name   text NOT NULL,
    value  bytea NOT NULL,             -- JSON
    PRIMARY KEY (job, name)
);
ALTER TABLE obs.job_results ALTER COLUMN value SET STORAGE EXTENDED;

CREATE FUNCTION obs.jobs_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM pg_notify('obs_jobs_new', '');
    ELSIF OLD.status IN ('successful', 'failed', 'dismissed') THEN
        IF NEW.status <> OLD.status THEN
            RAISE EXCEPTION 'job % is %: it cannot become %', OLD.id, OLD.status, NEW.status;
        END IF;
    ELSIF NEW.status IN ('successful', 'failed', 'dismissed') THEN
        PERFORM pg_notify('obs_jobs_over', NEW.id::text || ' ' || NEW.status);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER jobs_changed AFTER INSERT OR UPDATE OF status ON obs.jobs
    FOR EACH ROW EXECUTE FUNCTION obs.jobs_changed();

-- Workers that live say so every second.
CREATE TABLE obs.workers (
    name   text PRIMARY KEY,
    slots  integer NOT NULL,
    seen   timestamptz NOT NULL DEFAULT now()
);

-- What is done again and again: when next. The row is the lock, whichever worker comes first.
CREATE TABLE obs.periodic (
    name  text PRIMARY KEY,
    due   timestamptz NOT NULL
);
