-- Polls that members made with their own app's button and that are counted here on request: which event started them, and what each
-- option is called in the answers that apps send.

CREATE TABLE adopted_polls (
    poll_id TEXT PRIMARY KEY REFERENCES polls (id) ON DELETE CASCADE,
    event_id TEXT NOT NULL,
    adopted_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX adopted_polls_by_event ON adopted_polls (event_id);

CREATE TABLE adopted_options (
    poll_id TEXT NOT NULL REFERENCES adopted_polls (poll_id) ON DELETE CASCADE,
    number INTEGER NOT NULL CHECK (number >= 1),
    answer_id TEXT NOT NULL,
    PRIMARY KEY (poll_id, number)
) STRICT, WITHOUT ROWID;
