"""Polls from before there were kinds are choices after it, with their results."""

import sqlite3
from contextlib import closing
from pathlib import Path

from bot.domain.ballots import Tally
from bot.domain.counting.kinds import Kind
from bot.store import migrate, polls
from bot.store.database import Database

BEFORE = """
INSERT INTO rooms (room_id, membership) VALUES ('!p:t', 'joined');
INSERT INTO polls (id, room_id, author, question, most, hidden, opened_at, closes_at)
    VALUES ('P1', '!p:t', '@ana:t', 'Where?', 2, 0, 1000, 2000);
INSERT INTO polls (id, room_id, author, question, most, hidden, opened_at, closes_at, state, ended_at, voted, voices, typed, unknown)
    VALUES ('P2', '!p:t', '@ana:t', 'When?', 1, 1, 1000, 2000, 'closed', 2000, 3, 4, 1, 1);
INSERT INTO poll_options VALUES ('P1', 1, 'Park', NULL), ('P1', 2, 'Hall', NULL), ('P2', 1, 'Mon', 1), ('P2', 2, 'Tue', 2);
INSERT INTO ballots VALUES ('$e1', 'P1', '@ana:t', 1500, '[1, 2]', 1, 1);
"""


async def test_polls_from_before_are_choices_and_keep_their_answers_and_results(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    steps = migrate.migrations()
    this = next(number for number, sql in steps if "ADD COLUMN kind TEXT NOT NULL DEFAULT 'choice'" in sql)
    with closing(sqlite3.connect(path)) as connection:
        for number, sql in steps[: this - 1]:
            connection.executescript(sql)
            connection.execute(f"PRAGMA user_version={number}")
        connection.execute(f"PRAGMA application_id={migrate.APPLICATION_ID}")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.executescript(BEFORE)
    database = await Database.open(path)
    async with database.transaction("test") as tx:
        open_, closed = await polls.find(tx, "P1"), await polls.find(tx, "P2")
        answers = await polls.ballots(tx, "P1")
    await database.close()
    assert open_ is not None
    assert closed is not None
    assert (open_.kind, open_.options, open_.most, open_.is_open) == (
        Kind.CHOICE,
        ("Park", "Hall"),
        2,
        True,
    )
    assert closed.tally == Tally((1, 2), 3, 4, 1, 1, Kind.CHOICE)
    assert [answer.answers for answer in answers] == [(1, 2)]
