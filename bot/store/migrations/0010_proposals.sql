-- Proposals of pods and assemblies: their words, who has a voice, what was said, talks about a block. What people said is erased after a
-- time; the tally stays.

CREATE TABLE proposals (
    id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    threshold TEXT NOT NULL,
    quorum TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    round_at INTEGER NOT NULL,
    closes_at INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('open', 'blocked', 'adopted', 'not adopted', 'lapsed', 'unclear', 'withdrawn')),
    version INTEGER NOT NULL CHECK (version >= 1),
    round INTEGER NOT NULL CHECK (round >= version),
    fallback INTEGER NOT NULL CHECK (fallback IN (0, 1)),
    extended INTEGER NOT NULL CHECK (extended IN (0, 1)),
    blocked_at INTEGER,
    ended_at INTEGER,
    -- a JSON object: how many voices took which stance
    count TEXT,
    erased INTEGER NOT NULL CHECK (erased IN (0, 1)),
    -- whether pods have the voices, as in an assembly; and of which proposal of an assembly it decides a pod's voice
    of_pods INTEGER NOT NULL CHECK (of_pods IN (0, 1)),
    parent TEXT REFERENCES proposals (id),
    CHECK (state <> 'blocked' OR blocked_at IS NOT NULL),
    CHECK (state IN ('open', 'withdrawn') OR (ended_at IS NOT NULL AND count IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX proposals_by_room ON proposals (room_id, state);

-- frozen at the opening; who left the room has no voice in it any more, even if they come back
CREATE TABLE proposal_voices (
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    PRIMARY KEY (proposal_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX proposal_voices_by_user ON proposal_voices (user_id);

CREATE TABLE stances (
    event_id TEXT PRIMARY KEY,
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    round INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    -- none withdraws
    stance TEXT CHECK (stance IN ('agree', 'reserve', 'aside', 'disagree', 'abstain', 'block')),
    reason TEXT NOT NULL,
    ground TEXT NOT NULL,
    typed INTEGER NOT NULL CHECK (typed IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX stances_by_proposal ON stances (proposal_id, round);

CREATE TABLE proposal_talks (
    event_id TEXT PRIMARY KEY,
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    round INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX proposal_talks_by_proposal ON proposal_talks (proposal_id, round);

-- who says that whose block has no ground
CREATE TABLE proposal_challenges (
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    round INTEGER NOT NULL,
    blocker TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (proposal_id, round, blocker, user_id)
) STRICT, WITHOUT ROWID;

-- blocks that lapsed or were set aside
CREATE TABLE ended_blocks (
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    round INTEGER NOT NULL,
    blocker TEXT NOT NULL,
    PRIMARY KEY (proposal_id, round, blocker)
) STRICT, WITHOUT ROWID;

-- the voices of an assembly's proposal: frozen at the opening; a pod that left the assembly has none any more
CREATE TABLE mandates (
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE,
    name TEXT NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    mirror_id TEXT REFERENCES proposals (id),
    stance TEXT CHECK (stance IN ('agree', 'disagree', 'abstain', 'block')),
    -- a JSON object: how many voices of the pod took which stance
    count TEXT,
    decided_at INTEGER,
    PRIMARY KEY (proposal_id, pod_room_id),
    CHECK (stance IS NULL OR (count IS NOT NULL AND decided_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX mandates_by_mirror ON mandates (mirror_id);
