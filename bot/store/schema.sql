CREATE TABLE absences (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    ends_at INTEGER,
    CHECK (ends_at IS NULL OR ends_at > starts_at)
) STRICT;
CREATE INDEX absences_by_person ON absences (pod_room_id, user_id);
CREATE UNIQUE INDEX absences_open ON absences (pod_room_id, user_id) WHERE ends_at IS NULL;
CREATE TABLE adopted_options (
    poll_id TEXT NOT NULL REFERENCES adopted_polls (poll_id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),
    answer_id TEXT NOT NULL,
    PRIMARY KEY (poll_id, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE adopted_polls (
    poll_id TEXT PRIMARY KEY REFERENCES polls (id) ON DELETE CASCADE,
    event_id TEXT NOT NULL,
    adopted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX adopted_polls_by_event ON adopted_polls (event_id);
CREATE TABLE asks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    round_id INTEGER NOT NULL REFERENCES rounds (id) ON DELETE CASCADE,
    seat TEXT NOT NULL CHECK (seat IN ('speak', 'note')),
    user_id TEXT NOT NULL,
    answer_by INTEGER NOT NULL,
    answer TEXT CHECK (answer IN ('accepted', 'passed', 'silent', 'withdrawn'))
) STRICT;
CREATE INDEX asks_by_round ON asks (round_id);
CREATE UNIQUE INDEX asks_once ON asks (round_id, user_id);
CREATE UNIQUE INDEX asks_pending ON asks (round_id, seat) WHERE answer IS NULL;
CREATE TABLE assemblies (
    room_id TEXT PRIMARY KEY REFERENCES rooms (room_id) ON UPDATE CASCADE,
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE ballots (
    event_id TEXT PRIMARY KEY,
    poll_id TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    answers TEXT,
    typed INTEGER NOT NULL CHECK (typed IN (0, 1)),
    voice INTEGER NOT NULL CHECK (voice IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX ballots_by_person ON ballots (poll_id, user_id);
CREATE TABLE brief_lines (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    words TEXT NOT NULL,
    added_at INTEGER NOT NULL
) STRICT;
CREATE INDEX brief_lines_by_pod ON brief_lines (pod_room_id);
CREATE TABLE briefs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    turn_id INTEGER NOT NULL REFERENCES turns (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    read_at INTEGER
) STRICT;
CREATE INDEX briefs_by_pod ON briefs (pod_room_id);
CREATE TABLE calendar_entries (
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    key TEXT NOT NULL,
    uid TEXT NOT NULL UNIQUE,
    sequence INTEGER NOT NULL,
    content TEXT NOT NULL,
    PRIMARY KEY (room_id, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE codes (
    code TEXT PRIMARY KEY,
    assembly_room_id TEXT NOT NULL REFERENCES assemblies (room_id) ON UPDATE CASCADE,
    made_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE counters (
    letter TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
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
CREATE TABLE departures (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    assembly_room_id TEXT NOT NULL REFERENCES assemblies (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    UNIQUE (assembly_room_id, user_id)
) STRICT;
CREATE TABLE digests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    due_at INTEGER NOT NULL,
    made_at INTEGER,
    -- how many messages it has had; each is numbered once
    messages INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX digests_being_collected ON digests (room_id) WHERE made_at IS NULL;
CREATE TABLE ended_blocks (
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    round INTEGER NOT NULL,
    blocker TEXT NOT NULL,
    PRIMARY KEY (proposal_id, round, blocker)
) STRICT, WITHOUT ROWID;
CREATE TABLE heard (
    pod_room_id TEXT PRIMARY KEY REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE held (
    event_id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    held_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX held_by_sender ON held (room_id, user_id);
CREATE TABLE held_told (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE holds (
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    question TEXT NOT NULL,
    until INTEGER NOT NULL,
    ended_at INTEGER,
    PRIMARY KEY (proposal_id, version, pod_room_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE identities (
    user_id TEXT PRIMARY KEY,
    master TEXT,
    trusted TEXT,
    devices INTEGER NOT NULL,
    signed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE inbox (
    event_id TEXT PRIMARY KEY,
    claimed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_by_age ON inbox (claimed_at);
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
CREATE TABLE mandates (
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE,
    name TEXT NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    mirror_id TEXT REFERENCES proposals (id),
    stance TEXT CHECK (stance IN ('agree', 'disagree', 'abstain', 'block')),
    -- a JSON object: how many voices of the pod took which stance
    count TEXT,
    decided_at INTEGER, remit TEXT NOT NULL DEFAULT 'bound', objector TEXT, pair TEXT, settled TEXT CHECK (settled IN ('agree', 'disagree', 'abstain', 'block', 'none')), people INTEGER NOT NULL DEFAULT 0, dormant INTEGER NOT NULL DEFAULT 0 CHECK (dormant IN (0, 1)),
    PRIMARY KEY (proposal_id, pod_room_id),
    CHECK (stance IS NULL OR (count IS NOT NULL AND decided_at IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX mandates_by_mirror ON mandates (mirror_id);
CREATE INDEX mandates_dormant ON mandates (pod_room_id) WHERE dormant = 1;
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
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
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
CREATE INDEX outbox_by_about ON outbox (about) WHERE about IS NOT NULL;
CREATE INDEX outbox_by_event ON outbox (event_id) WHERE event_id IS NOT NULL;
CREATE INDEX outbox_waiting ON outbox (room_id, id) WHERE state = 'waiting';
CREATE TABLE "parked" (
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
CREATE INDEX parked_by_room ON parked (room_id, sent_at);
CREATE INDEX parked_by_sender ON parked (sender, id);
CREATE INDEX parked_by_session ON parked (session_id);
CREATE TABLE pillars (
    assembly_room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),
    version INTEGER NOT NULL CHECK (version >= 1),
    text TEXT NOT NULL,
    adopted_at INTEGER NOT NULL,
    proposal_id TEXT NOT NULL UNIQUE REFERENCES proposals (id),
    PRIMARY KEY (assembly_room_id, number, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE pillars_apart (
    assembly_room_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    PRIMARY KEY (assembly_room_id, number, version, pod_room_id),
    FOREIGN KEY (assembly_room_id, number, version) REFERENCES pillars (assembly_room_id, number, version)
        ON UPDATE CASCADE ON DELETE CASCADE
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
CREATE TABLE poll_closers (
    poll_id TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    PRIMARY KEY (poll_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE poll_options (
    poll_id TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),
    label TEXT NOT NULL,
    votes INTEGER,
    PRIMARY KEY (poll_id, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE poll_pods (
    poll_id TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE,
    name TEXT NOT NULL,
    mirror_id TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    -- once it has closed: how many of its people counted, and a JSON list of what they gave each option
    voted INTEGER NOT NULL DEFAULT 0,
    counts TEXT NOT NULL DEFAULT '[]',
    reached INTEGER NOT NULL DEFAULT 1 CHECK (reached IN (0, 1)),
    PRIMARY KEY (poll_id, pod_room_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE poll_voices (
    poll_id TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    PRIMARY KEY (poll_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE polls (
    id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    author TEXT NOT NULL,
    question TEXT NOT NULL,
    most INTEGER NOT NULL CHECK (most >= 1),
    hidden INTEGER NOT NULL CHECK (hidden IN (0, 1)),
    opened_at INTEGER NOT NULL,
    closes_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'cancelled')),
    ended_at INTEGER,
    voted INTEGER,
    voices INTEGER,
    typed INTEGER,
    erased INTEGER NOT NULL DEFAULT 0 CHECK (erased IN (0, 1)), unknown INTEGER NOT NULL DEFAULT 0, kind TEXT NOT NULL DEFAULT 'choice'
    CHECK (kind IN ('choice', 'yesno', 'approval', 'score', 'rank', 'temperature', 'meeting')), sums TEXT, parent TEXT REFERENCES polls (id) ON DELETE CASCADE, of_pods INTEGER NOT NULL DEFAULT 0 CHECK (of_pods IN (0, 1)),
    CHECK (state <> 'closed' OR (ended_at IS NOT NULL AND voted IS NOT NULL AND voices IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX polls_by_room ON polls (room_id, state);
CREATE TABLE proposal_challenges (
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    round INTEGER NOT NULL,
    blocker TEXT NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (proposal_id, round, blocker, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE proposal_talks (
    event_id TEXT PRIMARY KEY,
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    round INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    note TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX proposal_talks_by_proposal ON proposal_talks (proposal_id, round);
CREATE TABLE proposal_voices (
    proposal_id TEXT NOT NULL REFERENCES proposals (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)),
    PRIMARY KEY (proposal_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX proposal_voices_by_user ON proposal_voices (user_id);
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
    parent TEXT REFERENCES proposals (id), class TEXT NOT NULL DEFAULT 'pod'
    CHECK (class IN ('pod', 'advice', 'binding', 'pillar', 'recall')), against TEXT NOT NULL DEFAULT 'voiced' CHECK (against IN ('voiced', 'present', 'all')), planned_at INTEGER, reading INTEGER NOT NULL DEFAULT 1 CHECK (reading >= 1), pillar INTEGER CHECK (pillar >= 1), adopts TEXT REFERENCES proposals (id), supersedes TEXT REFERENCES decisions (id), trial INTEGER CHECK (trial > 0), mode TEXT NOT NULL DEFAULT 'pods' CHECK (mode IN ('pods', 'people', 'double', 'capped')), tally TEXT,
    CHECK (state <> 'blocked' OR blocked_at IS NOT NULL),
    CHECK (state IN ('open', 'withdrawn') OR (ended_at IS NOT NULL AND count IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX proposals_by_room ON proposals (room_id, state);
CREATE TABLE questions (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    choices TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE recall_voices (
    recall_id TEXT NOT NULL REFERENCES recalls (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    stance TEXT CHECK (stance IN ('yes', 'no')),
    event_id TEXT,
    PRIMARY KEY (recall_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE recalls (
    id TEXT PRIMARY KEY,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    reason TEXT,
    opened_at INTEGER NOT NULL,
    closes_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'carried', 'lost', 'withdrawn')),
    yes INTEGER,
    no INTEGER,
    members INTEGER,
    CHECK (state = 'open' OR reason IS NULL)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX recalls_open ON recalls (pod_room_id, user_id) WHERE state = 'open';
CREATE TABLE request_oks (
    request_id TEXT NOT NULL REFERENCES requests (id),
    user_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (request_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE "requests" (
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
CREATE INDEX requests_open ON requests (room_id) WHERE state = 'open';
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
CREATE TABLE rotations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL UNIQUE REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    previous_at INTEGER NOT NULL,
    next_at INTEGER NOT NULL,
    last_event TEXT NOT NULL
, handovers INTEGER NOT NULL DEFAULT 0, stayed INTEGER NOT NULL DEFAULT 0 CHECK (stayed IN (0, 1))) STRICT;
CREATE TABLE rounds (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('draw', 'handover', 'vacancy')),
    seed TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    told_empty INTEGER NOT NULL DEFAULT 0 CHECK (told_empty IN (0, 1))
) STRICT;
CREATE INDEX rounds_by_pod ON rounds (pod_room_id, id);
CREATE TABLE seats (
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    seat TEXT NOT NULL CHECK (seat IN ('speak', 'note')),
    user_id TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (pod_room_id, seat)
) STRICT, WITHOUT ROWID;
CREATE INDEX seats_by_user ON seats (user_id);
CREATE TABLE settings (
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (room_id, key)
) STRICT, WITHOUT ROWID;
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
CREATE TABLE "standings" (
    round_id INTEGER NOT NULL REFERENCES rounds (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    place INTEGER,
    aside TEXT CHECK (aside IN ('seated', 'new', 'away', 'out', 'recalled')),
    turns TEXT NOT NULL,
    weeks TEXT NOT NULL,
    last_turn_at INTEGER,
    resting INTEGER NOT NULL CHECK (resting IN (0, 1)),
    PRIMARY KEY (round_id, user_id),
    CHECK ((place IS NULL) = (aside IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE TABLE stays (
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    PRIMARY KEY (pod_room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE steps (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE "summaries" (
    id TEXT PRIMARY KEY,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    drafted_by TEXT NOT NULL,
    command_event_id TEXT NOT NULL,
    source_event_id TEXT NOT NULL,
    source_by TEXT,
    version INTEGER NOT NULL,
    state TEXT NOT NULL
        CHECK (state IN ('draft', 'open', 'approved', 'cancelled', 'lapsed', 'retracted')),
    ended_at INTEGER,
    kind TEXT NOT NULL CHECK (kind IN ('summary', 'question', 'answer')),
    -- the question that an answer answers
    answers TEXT REFERENCES "summaries" (id),
    -- the version that others have, while a correction or a retraction of it waits
    out_version INTEGER,
    -- no number is used twice
    last_version INTEGER NOT NULL CHECK (last_version >= version),
    retracting INTEGER NOT NULL CHECK (retracting IN (0, 1)),
    waits_from INTEGER NOT NULL,
    -- the end of the objection window
    goes_at INTEGER CHECK ((goes_at IS NOT NULL) = (state = 'open')),
    CHECK (out_version IS NULL OR state IN ('draft', 'open'))
) STRICT, WITHOUT ROWID;
CREATE INDEX summaries_by_command ON summaries (command_event_id);
CREATE INDEX summaries_by_question ON summaries (answers) WHERE answers IS NOT NULL;
CREATE INDEX summaries_by_room ON summaries (room_id, state);
CREATE INDEX summaries_by_source ON summaries (source_event_id);
CREATE TABLE "summary_deliveries" (
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
CREATE INDEX summary_deliveries_by_digest ON summary_deliveries (digest_id) WHERE digest_id IS NOT NULL;
CREATE INDEX summary_deliveries_by_edited ON summary_deliveries (edits) WHERE edits IS NOT NULL;
CREATE INDEX summary_deliveries_by_message ON summary_deliveries (txn_id) WHERE txn_id IS NOT NULL;
CREATE INDEX summary_deliveries_by_room ON summary_deliveries (room_id);
CREATE INDEX summary_deliveries_watched ON summary_deliveries (room_id) WHERE watched = 1;
CREATE TABLE "summary_destinations" (
    summary_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    name TEXT NOT NULL,
    place INTEGER NOT NULL,
    PRIMARY KEY (summary_id, version, room_id),
    FOREIGN KEY (summary_id, version) REFERENCES "summary_versions" (summary_id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX summary_destinations_by_room ON summary_destinations (room_id);
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
CREATE TABLE summary_file_copies (
    txn_id TEXT PRIMARY KEY,
    summary_id TEXT NOT NULL REFERENCES summaries (id),
    since INTEGER NOT NULL,
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX summary_file_copies_by_room ON summary_file_copies (room_id);
CREATE INDEX summary_file_copies_by_summary ON summary_file_copies (summary_id);
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
CREATE TABLE summary_objections (
    summary_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    PRIMARY KEY (summary_id, version, user_id),
    FOREIGN KEY (summary_id, version) REFERENCES "summary_versions" (summary_id, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE "summary_oks" (
    summary_id TEXT NOT NULL,
    version INTEGER NOT NULL,
    user_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    counted_for TEXT,
    PRIMARY KEY (summary_id, version, user_id),
    FOREIGN KEY (summary_id, version) REFERENCES "summary_versions" (summary_id, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX summary_oks_by_event ON summary_oks (event_id);
CREATE TABLE summary_threads (
    summary_id TEXT PRIMARY KEY REFERENCES summaries (id),
    room_id TEXT NOT NULL,
    event_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE "summary_versions" (
    summary_id TEXT NOT NULL REFERENCES "summaries" (id),
    version INTEGER NOT NULL,
    text TEXT,
    signed_by TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    ended_at INTEGER,
    -- the time zone in which its time is written
    zone TEXT NOT NULL, file INTEGER, urgent INTEGER NOT NULL DEFAULT 0 CHECK (urgent IN (0, 1)),
    PRIMARY KEY (summary_id, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE swaps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    offered_at INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'taken', 'withdrawn', 'over'))
) STRICT;
CREATE UNIQUE INDEX swaps_open ON swaps (pod_room_id, user_id) WHERE state = 'open';
CREATE TABLE tags (
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (pod_room_id, user_id, tag)
) STRICT, WITHOUT ROWID;
CREATE TABLE taken (
    key TEXT NOT NULL,
    begins INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 1),
    PRIMARY KEY (key, begins)
) STRICT, WITHOUT ROWID;
CREATE INDEX taken_by_age ON taken (begins);
CREATE TABLE timeline_places (
    place INTEGER PRIMARY KEY,
    room_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    UNIQUE (room_id, event_id)
) STRICT;
CREATE INDEX timeline_places_by_room ON timeline_places (room_id, place);
CREATE TABLE timers (
    key TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    due INTEGER NOT NULL,
    payload TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX timers_by_due ON timers (due);
CREATE TABLE "turns" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    began_at INTEGER NOT NULL,
    ended_at INTEGER,
    end TEXT CHECK (end IN ('handover', 'left', 'recalled', 'swapped')),
    CHECK ((ended_at IS NULL) = (end IS NULL))
) STRICT;
CREATE INDEX turns_by_pod ON turns (pod_room_id, user_id);
CREATE UNIQUE INDEX turns_running ON turns (pod_room_id, user_id) WHERE ended_at IS NULL;
CREATE TABLE unread_told (
    room_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    told_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE unreminded (
    room_id TEXT NOT NULL REFERENCES rooms (room_id) ON UPDATE CASCADE,
    user_id TEXT NOT NULL,
    PRIMARY KEY (room_id, user_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE withheld (
    user_id TEXT NOT NULL,
    key TEXT NOT NULL,
    code TEXT NOT NULL,
    noted_at INTEGER NOT NULL,
    PRIMARY KEY (user_id, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE wording_fixes (
    proposal_id TEXT PRIMARY KEY REFERENCES proposals (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    due INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
