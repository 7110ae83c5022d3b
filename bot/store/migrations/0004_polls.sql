-- Quick polls: question, options with their counts, and the answers, which are erased after a time.

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
    erased INTEGER NOT NULL DEFAULT 0 CHECK (erased IN (0, 1)),
    CHECK (state <> 'closed' OR (ended_at IS NOT NULL AND voted IS NOT NULL AND voices IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX polls_by_room ON polls (room_id, state);

CREATE TABLE poll_options (
    poll_id TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),
    label TEXT NOT NULL,
    votes INTEGER,
    PRIMARY KEY (poll_id, number)
) STRICT, WITHOUT ROWID;

-- Every answer, each under the event it came in; `answers` is a list of option numbers, NULL a spoiled one.
CREATE TABLE ballots (
    event_id TEXT PRIMARY KEY,
    poll_id TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    sent_at INTEGER NOT NULL,
    answers TEXT,
    typed INTEGER NOT NULL CHECK (typed IN (0, 1)),
    voice INTEGER NOT NULL CHECK (voice IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX ballots_by_poll ON ballots (poll_id);

-- Who could vote when a poll closed, for answers that were sent in time and are read late.
CREATE TABLE poll_voices (
    poll_id TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    PRIMARY KEY (poll_id, user_id)
) STRICT, WITHOUT ROWID;

-- Members who want a poll of somebody else's closed before its end.
CREATE TABLE poll_closers (
    poll_id TEXT NOT NULL REFERENCES polls (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL,
    PRIMARY KEY (poll_id, user_id)
) STRICT, WITHOUT ROWID;
