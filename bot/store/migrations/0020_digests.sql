-- Daily digests of a pod, and summaries that are urgent. Several deliveries go in one message, so that its transaction id is
-- in several rows; the table is made anew for that.

-- `made_at` is NULL while it is being collected.
CREATE TABLE digests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    due_at INTEGER NOT NULL,
    made_at INTEGER,
    -- how many messages it has had; each is numbered once
    messages INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX digests_being_collected ON digests (room_id) WHERE made_at IS NULL;

CREATE TABLE summary_deliveries_new (
    summary_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    room_id TEXT NOT NULL,
    -- NULL while it waits for a digest, and where it was taken out of one
    txn_id TEXT,
    edits TEXT,
    -- 1 while it waits to be seen
    watched INTEGER NOT NULL DEFAULT 0 CHECK (watched IN (0, 1)),
    seen_at INTEGER,
    -- the root of the thread it was said in
    thread TEXT,
    -- the digest it waits for or went in
    digest_id INTEGER REFERENCES digests (id),
    -- when it was put aside for that digest: its place there, which a correction keeps
    held_at INTEGER,
    PRIMARY KEY (summary_id, version, room_id),
    CHECK ((digest_id IS NULL) = (held_at IS NULL)),
    FOREIGN KEY (summary_id, version, room_id)
        REFERENCES summary_destinations (summary_id, version, room_id) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
INSERT INTO summary_deliveries_new
    SELECT summary_id, version, room_id, txn_id, edits, watched, seen_at, thread, NULL, NULL FROM summary_deliveries;
DROP TABLE summary_deliveries;
ALTER TABLE summary_deliveries_new RENAME TO summary_deliveries;
CREATE INDEX summary_deliveries_by_digest ON summary_deliveries (digest_id) WHERE digest_id IS NOT NULL;
CREATE INDEX summary_deliveries_by_edited ON summary_deliveries (edits) WHERE edits IS NOT NULL;
CREATE INDEX summary_deliveries_by_message ON summary_deliveries (txn_id) WHERE txn_id IS NOT NULL;
CREATE INDEX summary_deliveries_by_room ON summary_deliveries (room_id);
CREATE INDEX summary_deliveries_watched ON summary_deliveries (room_id) WHERE watched = 1;

ALTER TABLE summary_versions ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0 CHECK (urgent IN (0, 1));
