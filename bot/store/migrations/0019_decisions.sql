-- What pods and assemblies have decided, and what became of it.

CREATE TABLE decisions (
    id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    owner TEXT NOT NULL,
    text TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('standing', 'trial', 'reopened', 'superseded', 'lapsed')),
    review_at INTEGER,
    -- seconds; and when it is over
    trial INTEGER CHECK (trial > 0),
    ends_at INTEGER,
    supersedes TEXT REFERENCES decisions (id),
    superseded_by TEXT REFERENCES decisions (id),
    proposal_id TEXT UNIQUE REFERENCES proposals (id),
    pillar TEXT NOT NULL,
    reason TEXT NOT NULL,
    reopened_at INTEGER,
    CHECK ((trial IS NULL) = (ends_at IS NULL)),
    CHECK (status <> 'trial' OR trial IS NOT NULL),
    CHECK (status <> 'superseded' OR superseded_by IS NOT NULL)
) STRICT, WITHOUT ROWID;
CREATE INDEX decisions_by_room ON decisions (room_id, status);

-- what becomes of a decision if a proposal is adopted: which one it replaces, and for how many seconds it is tried
ALTER TABLE proposals ADD COLUMN supersedes TEXT REFERENCES decisions (id);
ALTER TABLE proposals ADD COLUMN trial INTEGER CHECK (trial > 0);

-- Two people renew a trial or open a question again. The kinds are those of `services/request_effects.py`.
CREATE TABLE oks_kept AS SELECT * FROM request_oks;
DROP TABLE request_oks;
CREATE TABLE requests_new (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
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
