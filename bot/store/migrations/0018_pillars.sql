-- Advice that each pod adopts or not, and pillars: shared texts that pass two readings.

-- which reading of its words this round is; the number of the pillar it would change; the advice that it adopts
ALTER TABLE proposals ADD COLUMN reading INTEGER NOT NULL DEFAULT 1 CHECK (reading >= 1);
ALTER TABLE proposals ADD COLUMN pillar INTEGER CHECK (pillar >= 1);
ALTER TABLE proposals ADD COLUMN adopts TEXT REFERENCES proposals (id);

-- every version of every pillar; which pods adopted it is in their mandates
CREATE TABLE pillars (
    assembly_room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),
    version INTEGER NOT NULL CHECK (version >= 1),
    text TEXT NOT NULL,
    adopted_at INTEGER NOT NULL,
    proposal_id TEXT NOT NULL UNIQUE REFERENCES proposals (id),
    PRIMARY KEY (assembly_room_id, number, version)
) STRICT, WITHOUT ROWID;
