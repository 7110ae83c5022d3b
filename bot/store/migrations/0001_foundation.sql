-- What the bot knows of Matrix, what it is about to say, and the federation's groups.
-- Times are milliseconds since 1970, UTC.

CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE counters (
    letter TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Every event that was handled, so that it is handled once.
CREATE TABLE inbox (
    event_id TEXT PRIMARY KEY,
    claimed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_by_age ON inbox (claimed_at);

-- Encrypted events whose key has not come yet; only the ciphertext is kept.
CREATE TABLE parked (
    id INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    room_id TEXT NOT NULL,
    sender TEXT NOT NULL,
    session_id TEXT NOT NULL,
    source TEXT NOT NULL,
    parked_at INTEGER NOT NULL,
    told INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1))
) STRICT;
CREATE INDEX parked_by_session ON parked (session_id);

-- What is to be said or done in a room, in order; never deleted in silence. `sign` is in the event that is sent,
-- so that it is found again when its transaction id is forgotten; `tried_by` is the device of the first attempt.
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    txn_id TEXT NOT NULL UNIQUE,
    sign TEXT NOT NULL DEFAULT (lower(hex(randomblob(12)))),
    about TEXT,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'sent', 'failed', 'cancelled')),
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    queued_at INTEGER NOT NULL,
    tried_at INTEGER,
    tried_by TEXT,
    sent_at INTEGER,
    event_id TEXT,
    reason TEXT
) STRICT;
CREATE INDEX outbox_waiting ON outbox (room_id, id) WHERE state = 'waiting';
CREATE INDEX outbox_by_event ON outbox (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX outbox_by_about ON outbox (about) WHERE about IS NOT NULL;

CREATE TABLE timers (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    due INTEGER NOT NULL,
    payload TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX timers_by_due ON timers (due);

CREATE TABLE rooms (
    room_id TEXT PRIMARY KEY,
    membership TEXT NOT NULL CHECK (membership IN ('invited', 'joined', 'gone')),
    encrypted INTEGER NOT NULL DEFAULT 0 CHECK (encrypted IN (0, 1)),
    greeted INTEGER NOT NULL DEFAULT 0 CHECK (greeted IN (0, 1)),
    warned_at INTEGER,
    successor TEXT,
    bot_power INTEGER NOT NULL DEFAULT 0,
    invite_power INTEGER NOT NULL DEFAULT 0,
    kick_power INTEGER NOT NULL DEFAULT 50
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    display_name TEXT,
    membership TEXT NOT NULL,
    since INTEGER NOT NULL,
    observer INTEGER NOT NULL DEFAULT 0 CHECK (observer IN (0, 1)),
    admin INTEGER NOT NULL DEFAULT 0 CHECK (admin IN (0, 1)),
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE assemblies (
    room_id TEXT PRIMARY KEY REFERENCES rooms (room_id) ON UPDATE CASCADE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE pods (
    room_id TEXT PRIMARY KEY REFERENCES rooms (room_id) ON UPDATE CASCADE,
    name TEXT NOT NULL,
    assembly_room_id TEXT REFERENCES assemblies (room_id) ON UPDATE CASCADE,
    created_at INTEGER NOT NULL,
    joined_at INTEGER,
    size_told TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX pods_by_assembly ON pods (assembly_room_id);

-- One-time codes by which a pod asks to enter an assembly.
CREATE TABLE codes (
    code TEXT PRIMARY KEY,
    assembly_room_id TEXT NOT NULL REFERENCES assemblies (room_id) ON UPDATE CASCADE,
    made_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;

-- Everything that waits for other people to type `ok`; `key` and `value` say what exactly.
CREATE TABLE requests (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('enter', 'leave', 'setting', 'voice')),
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE,
    asked_by TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    key TEXT,
    value TEXT,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'withdrawn', 'lapsed'))
) STRICT, WITHOUT ROWID;
CREATE INDEX requests_open ON requests (room_id) WHERE state = 'open';

CREATE TABLE request_oks (
    request_id TEXT NOT NULL REFERENCES requests (id),
    user_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (request_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE settings (
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (room_id, key)
) STRICT, WITHOUT ROWID;

-- A numbered question the bot asked one person; the answer is a number.
CREATE TABLE questions (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    choices TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

-- The last step a person took in a room, so that `!undo` can take it back.
CREATE TABLE steps (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
