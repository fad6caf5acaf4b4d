-- Items that two sources may both have told of, or one source twice. They are flagged, never dropped: two residents may
-- well report two heaps. Written in the transaction of the load that brought the later one.
CREATE TABLE obs.near_duplicates (
    collection  text NOT NULL,
    item        bigint NOT NULL,
    other       bigint NOT NULL,
    metres      double precision NOT NULL,
    seconds     double precision NOT NULL,
    load_id     bigint NOT NULL,
    PRIMARY KEY (collection, item, other),
    CONSTRAINT each_pair_once CHECK (other < item)
);
CREATE INDEX near_duplicates_other ON obs.near_duplicates (collection, other);
