-- People who are away or take no turns for now, pairs that stay, swaps, recalls, briefs, and calendar files.

-- A request may be about an assembly, too: `pod_room_id` is the group it is about.
CREATE TABLE oks_kept AS SELECT * FROM request_oks;
DROP TABLE request_oks;
CREATE TABLE requests_new (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('enter', 'leave', 'setting', 'voice')),
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    pod_room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    key TEXT,
    value TEXT,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'withdrawn', 'lapsed'))
) STRICT, WITHOUT ROWID;
INSERT INTO requests_new SELECT * FROM requests;
DROP TABLE requests;
ALTER TABLE requests_new RENAME TO requests;
CREATE INDEX requests_open ON requests (room_id) WHERE state = 'open';
CREATE TABLE request_oks (
    request_id TEXT NOT NULL REFERENCES requests (id),
    user_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (request_id, user_id)
) STRICT, WITHOUT ROWID;
INSERT INTO request_oks SELECT * FROM oks_kept;
DROP TABLE oks_kept;

-- A turn may also end by a recall or a swap.
CREATE TABLE turns_new (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    ended_at INTEGER,
    end TEXT CHECK (end IN ('handover', 'left', 'recalled', 'swapped')),
    CHECK ((ended_at IS NULL) = (end IS NULL))
) STRICT;
INSERT INTO turns_new SELECT * FROM turns;
DROP TABLE turns;
ALTER TABLE turns_new RENAME TO turns;
CREATE INDEX turns_by_pod ON turns (pod_room_id, user_id);
CREATE UNIQUE INDEX turns_running ON turns (pod_room_id, user_id) WHERE ended_at IS NULL;

-- Somebody may also be outside the line because they are away, take no turns, or were just recalled.
CREATE TABLE standings_new (
    round_id INTEGER NOT NULL REFERENCES rounds (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    place INTEGER,
    aside TEXT CHECK (aside IN ('seated', 'new', 'away', 'out', 'recalled')),
    turns TEXT NOT NULL,
    weeks TEXT NOT NULL,
    last_turn_at INTEGER,
    resting INTEGER NOT NULL CHECK (resting IN (0, 1)),
    PRIMARY KEY (round_id, user_id),
    CHECK ((place IS NULL) = (aside IS NOT NULL))
) STRICT, WITHOUT ROWID;
INSERT INTO standings_new SELECT * FROM standings;
DROP TABLE standings;
ALTER TABLE standings_new RENAME TO standings;

-- `handovers` counts those done, so that each keeps its name in calendars; `stayed`: at the last one nobody left.
ALTER TABLE rotations ADD COLUMN handovers INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rotations ADD COLUMN stayed INTEGER NOT NULL DEFAULT 0 CHECK (stayed IN (0, 1));

-- Days on which somebody takes no turn; without an end, until they say so. No reason is kept.
CREATE TABLE absences (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER,
    CHECK (ends_at IS NULL OR ends_at > starts_at)
) STRICT;
CREATE INDEX absences_by_person ON absences (pod_room_id, user_id);
CREATE UNIQUE INDEX absences_open ON absences (pod_room_id, user_id) WHERE ends_at IS NULL;

-- Who wants the pair to stay at the coming handover.
CREATE TABLE stays (
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    PRIMARY KEY (pod_room_id, user_id)
) STRICT, WITHOUT ROWID;

-- A spoke's open offer to hand the rest of a turn to somebody else.
CREATE TABLE swaps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    offered_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'taken', 'withdrawn', 'over'))
) STRICT;
CREATE UNIQUE INDEX swaps_open ON swaps (pod_room_id, user_id) WHERE state = 'open';

-- A vote of a pod on taking a seat from somebody. What was the reason, and who said what, is erased when it ends.
CREATE TABLE recalls (
    id TEXT PRIMARY KEY,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    reason TEXT,
    opened_at INTEGER NOT NULL,
    closes_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'carried', 'lost', 'withdrawn')),
    yes INTEGER,
    no INTEGER,
    members INTEGER,
    CHECK (state = 'open' OR reason IS NULL)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX recalls_open ON recalls (pod_room_id, user_id) WHERE state = 'open';

CREATE TABLE recall_voices (
    recall_id TEXT NOT NULL REFERENCES recalls (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    stance TEXT CHECK (stance IN ('yes', 'no')),
    event_id TEXT,
    PRIMARY KEY (recall_id, user_id)
) STRICT, WITHOUT ROWID;

-- What a new spoke is given to read, and whether they have.
CREATE TABLE briefs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    turn_id INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    read_at INTEGER
) STRICT;
CREATE INDEX briefs_by_pod ON briefs (pod_room_id);

-- Lines that spokes add to it for whoever comes after them.
CREATE TABLE brief_lines (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    words TEXT NOT NULL,
    added_at INTEGER NOT NULL
) STRICT;
CREATE INDEX brief_lines_by_pod ON brief_lines (pod_room_id);

-- What was last put into a calendar file, so that an update is known as one.
CREATE TABLE calendar_entries (
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    key TEXT NOT NULL,
    uid TEXT NOT NULL UNIQUE,
    sequence INTEGER NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (room_id, key)
) STRICT, WITHOUT ROWID;

-- What members say of themselves, for the rule a pod has for its pair. Never part of what a pod takes along.
CREATE TABLE tags (
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (pod_room_id, user_id, tag)
) STRICT, WITHOUT ROWID;
