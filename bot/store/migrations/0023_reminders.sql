-- Who wants no reminders, and in which room; and a change of wording that takes effect if nobody minds.

CREATE TABLE unreminded (
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    user_id TEXT NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE wording_fixes (
    proposal_id TEXT PRIMARY KEY REFERENCES proposals (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    due INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
