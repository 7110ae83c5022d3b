-- Corrections and retractions of what was sent, objection windows, questions and answers. `CHECK` and new columns that
-- others refer to need the tables made anew; children are copied with their parents, so no row is ever without one.

CREATE TABLE summaries_new (
    id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    drafted_by TEXT NOT NULL,
    command_event_id TEXT NOT NULL,
    source_event_id TEXT NOT NULL,
    source_by TEXT,
    version INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('draft', 'open', 'approved', 'cancelled', 'lapsed', 'retracted')),
    ended_at INTEGER,
    kind TEXT NOT NULL CHECK (kind IN ('summary', 'question', 'answer')),
    -- the question that an answer answers
    answers TEXT REFERENCES summaries_new (id),
    -- the version that others have, while a correction or a retraction of it waits
    out_version INTEGER,
    -- no number is used twice
    last_version INTEGER NOT NULL CHECK (last_version >= version),
    retracting INTEGER NOT NULL CHECK (retracting IN (0, 1)),
    waits_from INTEGER NOT NULL,
    -- the end of the objection window
    goes_at INTEGER CHECK ((goes_at IS NOT NULL) = (state = 'open')),
    CHECK (out_version IS NULL OR state IN ('draft', 'open'))
) STRICT, WITHOUT ROWID;

-- Exactly what was shown; the words of a version that can no longer go anywhere are erased.
CREATE TABLE summary_versions_new (
    summary_id TEXT NOT NULL REFERENCES summaries_new (id),
    version INTEGER NOT NULL,
    text TEXT,
    signed_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    ended_at INTEGER,
    -- the time zone in which its time is written
    zone TEXT NOT NULL,
    PRIMARY KEY (summary_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE summary_destinations_new (
    summary_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    name TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (summary_id, version, room_id),
    FOREIGN KEY (summary_id, version) REFERENCES summary_versions_new (summary_id, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE summary_oks_new (
    summary_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    counted_for TEXT,
    PRIMARY KEY (summary_id, version, user_id),
    FOREIGN KEY (summary_id, version) REFERENCES summary_versions_new (summary_id, version)
) STRICT, WITHOUT ROWID;

-- `edits` is the transaction id of the message that the row replaces in place.
CREATE TABLE summary_deliveries_new (
    summary_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    room_id TEXT NOT NULL,
    txn_id TEXT NOT NULL UNIQUE,
    edits TEXT,
    PRIMARY KEY (summary_id, version, room_id),
    FOREIGN KEY (summary_id, version, room_id)
        REFERENCES summary_destinations_new (summary_id, version, room_id) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;

-- Who objected to a version; why is in the room.
CREATE TABLE summary_objections (
    summary_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (summary_id, version, user_id),
    FOREIGN KEY (summary_id, version) REFERENCES summary_versions_new (summary_id, version)
) STRICT, WITHOUT ROWID;

INSERT INTO summaries_new
    SELECT s.id, s.room_id, s.drafted_by, s.command_event_id, s.source_event_id, s.source_by, s.version, s.state,
        s.ended_at, 'summary', NULL, NULL, s.version, 0, v.made_at, NULL
    FROM summaries s JOIN summary_versions v ON v.summary_id = s.id AND v.version = s.version;
INSERT INTO summary_versions_new
    SELECT v.summary_id, v.version, v.text, v.signed_by, v.made_at, s.ended_at,
        coalesce((SELECT value FROM settings WHERE room_id = s.room_id AND key = 'timezone'), 'UTC')
    FROM summary_versions v JOIN summaries s ON s.id = v.summary_id;
INSERT INTO summary_destinations_new SELECT * FROM summary_destinations;
INSERT INTO summary_oks_new SELECT * FROM summary_oks;
INSERT INTO summary_deliveries_new SELECT summary_id, version, room_id, txn_id, NULL FROM summary_deliveries;

DROP TABLE summary_deliveries;
DROP TABLE summary_oks;
DROP TABLE summary_destinations;
DROP TABLE summary_versions;
DROP TABLE summaries;
ALTER TABLE summaries_new RENAME TO summaries;
ALTER TABLE summary_versions_new RENAME TO summary_versions;
ALTER TABLE summary_destinations_new RENAME TO summary_destinations;
ALTER TABLE summary_oks_new RENAME TO summary_oks;
ALTER TABLE summary_deliveries_new RENAME TO summary_deliveries;
CREATE INDEX summaries_by_command ON summaries (command_event_id);
CREATE INDEX summaries_by_question ON summaries (answers) WHERE answers IS NOT NULL;
CREATE INDEX summaries_by_room ON summaries (room_id, state);
CREATE INDEX summaries_by_source ON summaries (source_event_id);
CREATE INDEX summary_deliveries_by_room ON summary_deliveries (room_id);
CREATE INDEX summary_destinations_by_room ON summary_destinations (room_id);
CREATE INDEX summary_oks_by_event ON summary_oks (event_id);

-- Where the thread of a question or an answer begins, in the room that it is from. Not carried over to an upgraded room:
-- the event stays in the old one.
CREATE TABLE summary_threads (
    summary_id TEXT PRIMARY KEY REFERENCES summaries (id),
    room_id TEXT NOT NULL,
    event_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
