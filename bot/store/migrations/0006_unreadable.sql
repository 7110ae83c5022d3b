-- What could not be read: when it was sent and what it visibly refers to, why its key did not come, who was told,
-- and how many people's answers a poll could not read.

CREATE TABLE parked_new (
    id INTEGER PRIMARY KEY,
    event_id TEXT NOT NULL UNIQUE,
    room_id TEXT NOT NULL,
    sender TEXT NOT NULL,
    session_id TEXT NOT NULL,
    source TEXT NOT NULL,
    parked_at INTEGER NOT NULL,
    sent_at INTEGER NOT NULL,
    -- the relation that the server can see too, and the event it names
    relation TEXT,
    target TEXT,
    lacks TEXT NOT NULL CHECK (lacks IN ('key', 'devices'))
) STRICT;
INSERT INTO parked_new
    SELECT id, event_id, room_id, sender, session_id, source, parked_at,
        min(max(coalesce(CAST(json_extract(source, '$.origin_server_ts') AS INTEGER), parked_at), 0), 4102444800000),
        CAST(json_extract(source, '$.content."m.relates_to".rel_type') AS TEXT),
        CAST(json_extract(source, '$.content."m.relates_to".event_id') AS TEXT),
        'key'
    FROM parked;
DROP TABLE parked;
ALTER TABLE parked_new RENAME TO parked;
CREATE INDEX parked_by_session ON parked (session_id);
CREATE INDEX parked_by_room ON parked (room_id, sent_at);

-- Why somebody's app says it does not give us a key. Nobody vouches for that: it chooses words and nothing else.
-- `key` is a megolm session, or the sending device's curve25519 key where no session is named.
CREATE TABLE withheld (
    user_id TEXT NOT NULL,
    key TEXT NOT NULL,
    code TEXT NOT NULL,
    noted_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;

-- When somebody was last told in a room that they could not be read; an empty `user_id` is the room as a whole.
CREATE TABLE unread_told (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

ALTER TABLE polls ADD COLUMN unknown INTEGER NOT NULL DEFAULT 0;
