-- The pair of each pod, the line behind it, and every turn there was.

CREATE TABLE seats (
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    seat TEXT NOT NULL CHECK (seat IN ('speak', 'note')),
    user_id TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (pod_room_id, seat)
) STRICT, WITHOUT ROWID;

-- A pod whose first pair was drawn. `previous_at` and `next_at` are handovers as they were due;
-- `last_event` is the last message that changed the pair, from which the next draw takes its seed.
CREATE TABLE rotations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL UNIQUE REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    previous_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    last_event TEXT NOT NULL
) STRICT;

-- Everybody who is in a pod's line, or was: then `since` is NULL and what they had is kept.
-- Turns and weeks are fractions such as 7/3, because a newcomer starts at the average.
CREATE TABLE lines (
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    since INTEGER,
    turns_before TEXT NOT NULL,
    weeks_before TEXT NOT NULL,
    drawn_from INTEGER NOT NULL,
    volunteered_at INTEGER,
    PRIMARY KEY (pod_room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE turns (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    ended_at INTEGER,
    end TEXT CHECK (end IN ('handover', 'left'))
) STRICT;
CREATE INDEX turns_by_pod ON turns (pod_room_id, user_id);

-- A draw and the asking that follows it, until the seats are filled or the next round begins.
CREATE TABLE rounds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('draw', 'handover', 'vacancy')),
    seed TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    told_empty INTEGER NOT NULL DEFAULT 0 CHECK (told_empty IN (0, 1))
) STRICT;
CREATE INDEX rounds_by_pod ON rounds (pod_room_id, id);

-- The numbers a draw compared, as they were; `place` is NULL for those outside the line, `aside` says why.
CREATE TABLE standings (
    round_id INTEGER NOT NULL REFERENCES rounds (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    place INTEGER,
    aside TEXT CHECK (aside IN ('seated', 'new')),
    turns TEXT NOT NULL,
    weeks TEXT NOT NULL,
    last_turn_at INTEGER,
    resting INTEGER NOT NULL CHECK (resting IN (0, 1)),
    PRIMARY KEY (round_id, user_id),
    CHECK ((place IS NULL) = (aside IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE asks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    round_id INTEGER NOT NULL REFERENCES rounds (id) ON DELETE CASCADE,
    seat TEXT NOT NULL CHECK (seat IN ('speak', 'note')),
    user_id TEXT NOT NULL,
    answer_by INTEGER NOT NULL,
    answer TEXT CHECK (answer IN ('accepted', 'passed', 'silent', 'withdrawn'))
) STRICT;
CREATE INDEX asks_by_round ON asks (round_id);
CREATE UNIQUE INDEX asks_pending ON asks (round_id, seat) WHERE answer IS NULL;
CREATE UNIQUE INDEX asks_once ON asks (round_id, user_id);

-- Spokes whose turn is over and who are still in the assembly's room; the last pod they spoke for counts.
CREATE TABLE departures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    assembly_room_id TEXT NOT NULL REFERENCES assemblies (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    UNIQUE (assembly_room_id, user_id)
) STRICT;
