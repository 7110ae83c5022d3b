"""What a pod had before days away, swaps and recalls came is all there after them."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.store import migrate
from bot.store.database import Database

KEPT = ("requests", "request_oks", "turns", "standings", "seats", "rotations", "lines", "asks")
BEFORE = """
INSERT INTO rooms (room_id, membership) VALUES ('!p:t', 'joined');
INSERT INTO pods (room_id, name, created_at) VALUES ('!p:t', 'Willow', 1);
INSERT INTO requests VALUES ('J1', 'setting', '!p:t', '!p:t', '@ana:t', 1, 'term', '7d', 'open');
INSERT INTO request_oks VALUES ('J1', '@ben:t', 2);
INSERT INTO turns (pod_room_id, user_id, began_at, ended_at, end) VALUES ('!p:t', '@ana:t', 1, 2, 'handover');
INSERT INTO turns (pod_room_id, user_id, began_at) VALUES ('!p:t', '@ana:t', 3);
INSERT INTO seats VALUES ('!p:t', 'speak', '@ana:t', 3);
INSERT INTO rotations (pod_room_id, previous_at, next_at, last_event) VALUES ('!p:t', 1, 9, '$e');
INSERT INTO lines VALUES ('!p:t', '@ana:t', 1, '7/3', '2', 1, NULL);
INSERT INTO rounds (pod_room_id, kind, seed, began_at) VALUES ('!p:t', 'draw', '$e', 1);
INSERT INTO standings VALUES (1, '@ana:t', 1, NULL, '1', '2', NULL, 0);
INSERT INTO standings VALUES (1, '@ben:t', NULL, 'new', '1', '2', 5, 0);
INSERT INTO asks (round_id, seat, user_id, answer_by) VALUES (1, 'note', '@ben:t', 9);
"""


def rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return what is in the tables that were there before, without columns that are new."""
    with closing(sqlite3.connect(path)) as connection:
        found = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in KEPT}
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    return found


async def test_everything_a_pod_had_is_there_after_the_migration(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    steps = migrate.migrations()
    this = next(number for number, sql in steps if "CREATE TABLE absences" in sql)
    with closing(sqlite3.connect(path)) as connection:
        for number, sql in steps[: this - 1]:
            connection.executescript(sql)
            connection.execute(f"PRAGMA user_version={number}")
        connection.execute(f"PRAGMA application_id={migrate.APPLICATION_ID}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.executescript(BEFORE)
    before = rows(path)
    await (await Database.open(path)).close()
    after = rows(path)
    # handovers done, and whether the pair stayed
    assert [row[-2:] for row in after["rotations"]] == [(0, 0)]
    after["rotations"] = [row[:-2] for row in after["rotations"]]
    assert after == before
