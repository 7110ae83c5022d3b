-- Which rooms have seen what was delivered to them: that they have, and when that was first known, never who.

-- 1 while it waits to be seen
ALTER TABLE summary_deliveries ADD COLUMN watched INTEGER NOT NULL DEFAULT 0 CHECK (watched IN (0, 1));
ALTER TABLE summary_deliveries ADD COLUMN seen_at INTEGER;
-- the root of the thread it was said in
ALTER TABLE summary_deliveries ADD COLUMN thread TEXT;
CREATE INDEX summary_deliveries_watched ON summary_deliveries (room_id) WHERE watched = 1;

-- The order of events, only in rooms where a delivery waits to be seen.
CREATE TABLE timeline_places (
    place INTEGER PRIMARY KEY,
    room_id TEXT NOT NULL,
    event_id TEXT NOT NULL,
    UNIQUE (room_id, event_id)
) STRICT;
CREATE INDEX timeline_places_by_room ON timeline_places (room_id, place);
