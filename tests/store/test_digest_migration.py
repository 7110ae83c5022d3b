"""Deliveries from before there were digests are where they were, and seen by whom they were seen by."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.store import deliveries, migrate, seen, summaries
from bot.store.database import Database, from_ms

BEFORE = """
INSERT INTO rooms (room_id, membership) VALUES ('!river:t', 'joined'), ('!oak:t', 'joined');
INSERT INTO summaries VALUES ('S1', '!river:t', '@zed:t', '$c', '$c', '@zed:t', 1, 'approved', 2000, 'summary', NULL, NULL, 1,
    0, 1000, NULL);
INSERT INTO summary_versions (summary_id, version, text, signed_by, made_at, ended_at, zone)
    VALUES ('S1', 1, 'Sunday.', 'the assembly River', 1000, 2000, 'UTC');
INSERT INTO summary_destinations VALUES ('S1', 1, '!oak:t', 'Oak', 0);
INSERT INTO outbox (room_id, kind, payload, txn_id, state, queued_at, sent_at, event_id)
    VALUES ('!oak:t', 'Say', '', 'S1.v1.!oak:t', 'sent', 2000, 3000, '$letter');
INSERT INTO summary_deliveries VALUES ('S1', 1, '!oak:t', 'S1.v1.!oak:t', NULL, 1, NULL, NULL);
"""


async def test_deliveries_from_before_are_where_they_were(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    steps = migrate.migrations()
    this = next(number for number, sql in steps if "CREATE TABLE digests" in sql)
    with closing(sqlite3.connect(path)) as connection:
        for number, sql in steps[: this - 1]:
            connection.executescript(sql)
            connection.execute(f"PRAGMA user_version={number}")
        connection.execute(f"PRAGMA application_id={migrate.APPLICATION_ID}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.executescript(BEFORE)
    database = await Database.open(path)
    async with database.transaction("test") as tx:
        [there] = await deliveries.of(tx, "S1")
        summary = await summaries.find(tx, "S1")
        watched = await seen.watched_rooms(tx, from_ms(4000))
        await seen.mark_seen(tx, "!oak:t", await seen.unseen_in(tx, "!oak:t"), from_ms(5000))
        [then] = await deliveries.of(tx, "S1")
    await database.close()
    assert (there.state, there.txn_id, there.event_id) == ("sent", "S1.v1.!oak:t", "$letter")
    assert (there.held_at, there.digest_at, there.seen_at) == (None, None, None)
    assert summary is not None
    assert not summary.terms.urgent
    assert watched == {"!oak:t"}
    assert then.seen_at == from_ms(5000)
