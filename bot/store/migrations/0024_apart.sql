-- Pods that did not agree to a pillar and keep their autonomy on its words; on other words they say so anew.

CREATE TABLE pillars_apart (
    assembly_room_id TEXT NOT NULL,
    number INTEGER NOT NULL,
    version INTEGER NOT NULL,
    pod_room_id TEXT NOT NULL REFERENCES pods (room_id) ON UPDATE CASCADE ON DELETE CASCADE,
    PRIMARY KEY (assembly_room_id, number, version, pod_room_id),
    FOREIGN KEY (assembly_room_id, number, version) REFERENCES pillars (assembly_room_id, number, version)
        ON UPDATE CASCADE ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
