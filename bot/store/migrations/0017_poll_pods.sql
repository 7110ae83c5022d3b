-- Polls that an assembly puts to its pods: each pod answers in its own room, in a poll whose parent it is.

ALTER TABLE polls ADD COLUMN parent TEXT REFERENCES polls (id) ON DELETE CASCADE;
ALTER TABLE polls ADD COLUMN of_pods INTEGER NOT NULL DEFAULT 0 CHECK (of_pods IN (0, 1));

CREATE TABLE poll_pods (
    poll_id TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE,
    name TEXT NOT NULL,
    mirror_id TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    -- once it has closed: how many of its people counted, and a JSON list of what they gave each option
    voted INTEGER NOT NULL DEFAULT 0,
    counts TEXT NOT NULL DEFAULT '[]',
    reached INTEGER NOT NULL DEFAULT 1 CHECK (reached IN (0, 1)),
    PRIMARY KEY (poll_id, pod_room_id)
) STRICT, WITHOUT ROWID;
