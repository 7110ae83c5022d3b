-- How far the pair of a pod may go from what the pod decided, and what it says in the assembly.

ALTER TABLE mandates ADD COLUMN remit TEXT NOT NULL DEFAULT 'bound';
-- the member who holds back what the pair says
ALTER TABLE mandates ADD COLUMN objector TEXT;
-- a JSON array: who were the pair when the round closed; none while it is open
ALTER TABLE mandates ADD COLUMN pair TEXT;
-- what the pod said in the end, once what its spokes said is erased
ALTER TABLE mandates ADD COLUMN settled TEXT CHECK (settled IN ('agree', 'disagree', 'abstain', 'block', 'none'));

-- what spokes say in the assembly; taken: whether it fits what their pod decided, or its remit
CREATE TABLE spoken (
    event_id TEXT PRIMARY KEY,
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    round INTEGER NOT NULL,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    -- none withdraws
    stance TEXT CHECK (stance IN ('agree', 'reserve', 'aside', 'disagree', 'abstain', 'block')),
    taken INTEGER NOT NULL CHECK (taken IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX spoken_by_proposal ON spoken (proposal_id, round);

-- Two members may give the pair another remit for one proposal.
CREATE TABLE oks_kept AS SELECT * FROM request_oks;
DROP TABLE request_oks;
CREATE TABLE requests_new (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('enter', 'leave', 'setting', 'voice', 'remit')),
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
