-- Whose identity is whose, and what waits until a device is vouched for.

-- `master` is the public master key last seen, `trusted` the first one, or the one that another member confirmed.
CREATE TABLE identities (
    user_id TEXT PRIMARY KEY,
    master TEXT,
    trusted TEXT,
    devices INTEGER NOT NULL,
    signed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Parked events that can be read, but came from a device that its owner has not signed.
CREATE TABLE held (
    event_id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    held_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX held_by_sender ON held (room_id, user_id);

-- When somebody was last told that something of theirs is held.
CREATE TABLE held_told (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
