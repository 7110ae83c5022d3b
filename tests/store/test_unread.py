"""What waits for a key keeps what a poll needs to know of it, also when it was parked by an older version."""

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

from bot.store import inbox, migrate
from bot.store.inbox import Parked
from tests import new_store

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def at_schema_5(path: Path, *sources: object) -> None:
    """Make a database of the fifth schema with some parked events."""
    connection = sqlite3.connect(path)
    for number, sql in migrate.migrations()[:5]:
        connection.executescript(sql)
        connection.execute(f"PRAGMA user_version={number}")
    connection.execute(f"PRAGMA application_id={migrate.APPLICATION_ID}")
    connection.executemany(
        "INSERT INTO parked (event_id, room_id, sender, session_id, source, parked_at)"
        " VALUES (?, '!r', '@a', 's', ?, ?)",
        [(f"$e{number}", json.dumps(source), AT.timestamp() * 1000) for number, source in enumerate(sources)],
    )
    connection.commit()
    connection.close()


async def test_what_was_parked_by_an_older_version_gets_its_time_and_its_visible_relation(
    tmp_path: Path,
) -> None:
    relation = {"rel_type": "m.reference", "event_id": "$poll"}
    tap = {"origin_server_ts": 1_700_000_000_123, "content": {"m.relates_to": relation}}
    odd = {"origin_server_ts": 10**30, "content": {"m.relates_to": {"rel_type": 5}}}
    at_schema_5(tmp_path / "x.db", tap, odd, {"content": {"m.relates_to": "odd"}})
    database = await new_store.opened(tmp_path / "x.db")
    async with database.transaction("look") as tx:
        first, second, third = await inbox.parked(tx)
    await database.close()
    sent_at = datetime(2023, 11, 14, 22, 13, 20, 123000, tzinfo=UTC)
    assert first == Parked("$e0", "!r", "@a", "s", tap, AT, sent_at, "m.reference", "$poll", "key")
    assert (second.sent_at.year, second.relation, second.target) == (2100, "5", None)
    assert (third.sent_at, third.relation, third.target) == (AT, None, None)


async def test_a_parked_event_comes_back_as_it_went(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")
    event = Parked("$e", "!r", "@a", "s", {"content": {}}, AT, AT, "m.thread", "$root", "devices")
    async with database.transaction("park") as tx:
        await inbox.park(tx, event)
        assert await inbox.parked(tx) == await inbox.parked(tx, "s") == [event]
        assert await inbox.find_parked(tx, "$e") == event
        assert await inbox.parked_in(tx, "!r", AT, AT) == []
    await database.close()


async def test_of_sessions_whose_key_has_not_come_nothing_is_read(tmp_path: Path) -> None:
    database = await new_store.opened(tmp_path / "x.db")

    def waiting(event_id: str, room_id: str, session_id: str) -> Parked:
        return Parked(event_id, room_id, "@a", session_id, {"content": {}}, AT, AT)

    events = [
        waiting("$1", "!r", "s"),
        waiting("$2", "!r", "t"),
        waiting("$3", "!q", "s"),
        waiting("$4", "!r", "s"),
    ]
    async with database.transaction("park") as tx:
        for event in events:
            await inbox.park(tx, event)
        await tx.run("UPDATE parked SET source = 'broken' WHERE event_id IN ('$2', '$3')")
        known = {("!r", "s"), ("!r", "u")}
        found = await inbox.parked_of_sessions(tx, lambda *session: session in known)
        assert await inbox.parked_of_sessions(tx, lambda *_: False) == []
    await database.close()
    assert found == [events[0], events[3]]
