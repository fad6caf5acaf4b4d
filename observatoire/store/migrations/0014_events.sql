-- What changed is rung, so that screens need not ask: one channel, small JSON, no data in it.
CREATE FUNCTION obs.ring_collection() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('obs_events', json_build_object('kind', 'collection', 'collection', NEW.collection,
        'version', NEW.version)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER ring AFTER INSERT OR UPDATE ON obs.versions FOR EACH ROW EXECUTE FUNCTION obs.ring_collection();

CREATE FUNCTION obs.ring_alert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('obs_events', json_build_object('kind', 'alert', 'id', NEW.id, 'rule', NEW.rule,
        'subject', NEW.subject, 'severity', NEW.severity, 'audience', NEW.audience,
        'state', CASE WHEN NEW.closed IS NOT NULL THEN 'closed' WHEN NEW.acknowledged IS NOT NULL THEN 'acknowledged'
            ELSE 'open' END)::text);
    RETURN NULL;
END $$;
CREATE TRIGGER ring_new AFTER INSERT ON obs.alerts FOR EACH ROW EXECUTE FUNCTION obs.ring_alert();
CREATE TRIGGER ring_changed AFTER UPDATE OF closed, acknowledged ON obs.alerts FOR EACH ROW
    WHEN (OLD.closed IS DISTINCT FROM NEW.closed OR OLD.acknowledged IS DISTINCT FROM NEW.acknowledged)
    EXECUTE FUNCTION obs.ring_alert();

-- The morning brief, as it was made: one a day and language.
CREATE TABLE obs.briefs (
    made      timestamptz NOT NULL DEFAULT now(),
    audience  text NOT NULL,
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    report    jsonb NOT NULL,
    PRIMARY KEY (audience, until)
);
