-- Texts that two people approve and that the bot carries to other rooms.

CREATE TABLE summaries (
    id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    drafted_by TEXT NOT NULL,
    command_event_id TEXT NOT NULL,
    source_event_id TEXT NOT NULL,
    source_by TEXT,
    version INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'approved', 'cancelled', 'lapsed')),
    ended_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX summaries_by_room ON summaries (room_id, state);
CREATE INDEX summaries_by_source ON summaries (source_event_id);
CREATE INDEX summaries_by_command ON summaries (command_event_id);

-- Exactly what was shown; the words of a version that can no longer go anywhere are erased.
CREATE TABLE summary_versions (
    summary_id TEXT NOT NULL REFERENCES summaries (id),
    version INTEGER NOT NULL,
    text TEXT,
    signed_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (summary_id, version)
) STRICT, WITHOUT ROWID;

-- The rooms shown with a version; it goes to these and no others.
CREATE TABLE summary_destinations (
    summary_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    name TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (summary_id, version, room_id),
    FOREIGN KEY (summary_id, version) REFERENCES summary_versions (summary_id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX summary_destinations_by_room ON summary_destinations (room_id);

-- `counted_for` is the pod an ok counted for, once it helped to approve.
CREATE TABLE summary_oks (
    summary_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    counted_for TEXT,
    PRIMARY KEY (summary_id, version, user_id),
    FOREIGN KEY (summary_id, version) REFERENCES summary_versions (summary_id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX summary_oks_by_event ON summary_oks (event_id);

-- One row for each room an approved version goes to; how far it is stands in the outbox.
CREATE TABLE summary_deliveries (
    summary_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    room_id TEXT NOT NULL,
    txn_id TEXT NOT NULL UNIQUE,
    PRIMARY KEY (summary_id, version, room_id),
    FOREIGN KEY (summary_id, version, room_id)
        REFERENCES summary_destinations (summary_id, version, room_id) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
