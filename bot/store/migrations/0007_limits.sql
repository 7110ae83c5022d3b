-- Limits: how many commands of a person and a room, and how many invitations, were taken in each window.

CREATE TABLE taken (
    key TEXT NOT NULL,
    begins INTEGER NOT NULL,
    count INTEGER NOT NULL CHECK (count >= 1),
    PRIMARY KEY (key, begins)
) STRICT, WITHOUT ROWID;
CREATE INDEX taken_by_age ON taken (begins);

-- One person's unreadable messages must not push out everybody else's.
CREATE INDEX parked_by_sender ON parked (sender, id);
