-- What an assembly counts: pods, people, both, or pods by their people; and which pods are active.

ALTER TABLE proposals ADD COLUMN mode TEXT NOT NULL DEFAULT 'pods' CHECK (mode IN ('pods', 'people', 'double', 'capped'));
-- a JSON array of objects: the counts of what the mode asks for, once the round has closed
ALTER TABLE proposals ADD COLUMN tally TEXT;

ALTER TABLE mandates ADD COLUMN people INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mandates ADD COLUMN dormant INTEGER NOT NULL DEFAULT 0 CHECK (dormant IN (0, 1));
CREATE INDEX mandates_dormant ON mandates (pod_room_id) WHERE dormant = 1;

-- when a pod was last heard: a decision of its own, or a command of a spoke
CREATE TABLE heard (
    pod_room_id TEXT PRIMARY KEY REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- nobody is called dormant for the time in which nothing was noted
INSERT INTO heard SELECT room_id, CAST(strftime('%s', 'now') AS INTEGER) * 1000 FROM pods;
CREATE INDEX seats_by_user ON seats (user_id);
