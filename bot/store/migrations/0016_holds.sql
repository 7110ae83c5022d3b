-- A spoke pauses the closing of a proposal of the assembly to ask their pod; once for each pod and version.

-- the end as it would be without a hold; none where no hold has been
ALTER TABLE proposals ADD COLUMN planned_at INTEGER;

CREATE TABLE holds (
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    question TEXT NOT NULL,
    until INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (proposal_id, version, pod_room_id)
) STRICT, WITHOUT ROWID;
