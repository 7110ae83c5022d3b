-- The pair of each pod.

CREATE TABLE seats (
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    seat TEXT NOT NULL CHECK (seat IN ('speak', 'note')),
    user_id TEXT NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (pod_room_id, seat)
) STRICT, WITHOUT ROWID;
