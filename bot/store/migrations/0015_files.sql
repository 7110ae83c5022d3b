-- Files that go along with summaries. What opens a file is erased with the words of the versions that have it.

CREATE TABLE summary_files (
    summary_id TEXT NOT NULL REFERENCES summaries (id),
    -- the version that brought it
    since INTEGER NOT NULL,
    -- the message it was taken from
    event_id TEXT NOT NULL,
    taken_by TEXT NOT NULL,
    media TEXT NOT NULL CHECK (media IN ('m.file', 'm.image', 'm.audio', 'm.video')),
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    -- JSON: where the ciphertext is and what opens it; NULL while it is being fetched
    content TEXT,
    thumbnail TEXT,
    remark TEXT NOT NULL CHECK (remark IN ('clean', 'cleaned', 'unseen')),
    PRIMARY KEY (summary_id, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX summary_files_by_event ON summary_files (event_id);

-- What a version carries: the file that this version of the summary brought.
ALTER TABLE summary_versions ADD COLUMN file INTEGER;

-- Files to be fetched; each is gone with its file.
CREATE TABLE summary_fetches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    summary_id TEXT NOT NULL,
    since INTEGER NOT NULL,
    -- JSON: the file as its message describes it
    source TEXT NOT NULL,
    -- what is needed to show the version when it is here
    reply_to TEXT,
    thread TEXT,
    noted INTEGER NOT NULL CHECK (noted IN (0, 1)),
    attempts INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    UNIQUE (summary_id, since),
    FOREIGN KEY (summary_id, since) REFERENCES summary_files (summary_id, since) ON DELETE CASCADE
) STRICT;

-- The messages that carry a file, by the transaction ids of their rows in the outbox.
CREATE TABLE summary_file_copies (
    txn_id TEXT PRIMARY KEY,
    summary_id TEXT NOT NULL REFERENCES summaries (id),
    since INTEGER NOT NULL,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX summary_file_copies_by_room ON summary_file_copies (room_id);
CREATE INDEX summary_file_copies_by_summary ON summary_file_copies (summary_id);
