"""Polls and answers go into the store and come back the same."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.ballots import Ballot, Fate, Tally, count
from bot.domain.counting.kinds import Kind
from bot.domain.polls import Poll
from bot.ports import Say
from bot.store import outbox, polls, rooms
from bot.store.database import Tx
from tests import new_store
from tests.waiting import due

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
WILLOW = "!willow:test"
ASKED = Poll("P3", WILLOW, "@ana:test", "Where?", ("Park", "Library"), 2, True, NOW, NOW + timedelta(days=3))
ANSWER = Ballot("$e1", "@ana:test", NOW, (1, 2), typed=True)


@pytest.fixture
async def tx(tmp_path: Path) -> AsyncIterator[Tx]:
    """A transaction in a new database with the room Willow."""
    database = await new_store.opened(tmp_path / "spokesbot.db")
    async with database.transaction("test") as tx:
        await rooms.remember(tx, WILLOW, "joined")
        yield tx
    await database.close()


async def test_a_poll_comes_back_as_it_was(tx: Tx) -> None:
    await polls.add(tx, ASKED)
    assert await polls.find(tx, "P3") == ASKED
    assert await polls.open_in(tx, WILLOW) == [ASKED]
    assert await polls.closed_in(tx, WILLOW) == []
    assert await polls.find(tx, "P4") is None


async def test_a_closed_poll_keeps_its_result_and_who_could_vote(tx: Tx) -> None:
    await polls.add(tx, ASKED)
    tally = Tally((1, 1), 1, 3, 1)
    await polls.close(tx, "P3", NOW, tally, ["@ana:test", "@ben:test"])
    closed = replace(ASKED, state="closed", ended_at=NOW, tally=tally)
    assert await polls.closed_in(tx, WILLOW, since=NOW, limit=1) == [closed]
    assert await polls.closed_in(tx, WILLOW, since=NOW + timedelta(seconds=1)) == []
    assert await polls.open_in(tx, WILLOW) == []
    assert await polls.closing_voices(tx, "P3") == {"@ana:test", "@ben:test"}
    await polls.close(tx, "P3", NOW, Tally((1, 2), 2, 3, 1), ["@ana:test"])
    found = await polls.find(tx, "P3")
    assert found is not None
    assert found.tally == Tally((1, 2), 2, 3, 1)


@pytest.mark.parametrize(
    ("kind", "answers"),
    [
        (Kind.SCORE, [(5, 3, 1), (2, 2, 4)]),
        (Kind.RANK, [(1,), (1,), (1,), (2, 1), (2, 1), (3, 2), (3, 2)]),
        (Kind.RANK, [(1, 2)]),
        (Kind.TEMPERATURE, [(1,), (3,)]),
        (Kind.CHOICE, [(1,), (3,)]),
    ],
)
async def test_the_sum_of_every_kind_comes_back_as_it_was(
    tx: Tx, kind: Kind, answers: list[tuple[int, ...]]
) -> None:
    await polls.add(tx, replace(ASKED, options=("Park", "Library", "Hall"), kind=kind))
    judged = [
        (Ballot(f"$e{number}", f"@p{number}:test", NOW, each), Fate.COUNTED)
        for number, each in enumerate(answers)
    ]
    tally = count(judged, 3, 9, 1, kind)
    await polls.close(tx, "P3", NOW, tally, [])
    found = await polls.find(tx, "P3")
    assert found is not None
    assert found.tally == tally


async def test_answers_come_back_as_they_were_spoiled_and_empty_ones_too(tx: Tx) -> None:
    await polls.add(tx, ASKED)
    spoiled = Ballot("$e2", "@ben:test", NOW, None, voice=False)
    for ballot in (ANSWER, spoiled, ANSWER):
        await polls.add_ballot(tx, "P3", ballot)
    assert await polls.ballots(tx, "P3") == [ANSWER, spoiled]
    await polls.empty_ballot(tx, "$e1")
    assert await polls.find_ballot(tx, "$e1") == ("P3", replace(ANSWER, answers=()))
    assert await polls.find_ballot(tx, "$e9") is None


async def test_erasing_forgets_who_answered_what_and_keeps_the_sum(tx: Tx) -> None:
    await polls.add(tx, ASKED)
    await polls.add_ballot(tx, "P3", ANSWER)
    await polls.add_closer(tx, "P3", "@ben:test")
    tx.caused_by("$e1")
    await outbox.queue(tx, NOW, WILLOW, Say("Ana: Park. Counted in P3."), about="P3")
    for row in await due(tx, NOW):
        await outbox.mark_sent(tx, row.id, NOW, "$bot1")
    await polls.close(tx, "P3", NOW, Tally((1, 0), 1, 3), ["@ana:test"])
    await polls.erase_answers(tx, "P3")
    found = await polls.find(tx, "P3")
    assert found is not None
    assert found.erased
    assert found.tally == Tally((1, 0), 1, 3)
    for table in ("ballots", "poll_voices", "poll_closers"):
        assert await tx.all(f"SELECT * FROM {table}") == []
    said = await tx.one("SELECT payload FROM outbox")
    assert said is not None
    assert said["payload"] == ""


async def test_who_wants_a_poll_closed_is_noted_once(tx: Tx) -> None:
    await polls.add(tx, ASKED)
    assert await polls.add_closer(tx, "P3", "@ben:test")
    assert not await polls.add_closer(tx, "P3", "@ben:test")
    assert await polls.closers(tx, "P3") == {"@ben:test"}
    await polls.drop_closer(tx, "P3", "@ben:test")
    assert await polls.closers(tx, "P3") == frozenset()


async def test_polls_follow_a_room_that_was_upgraded(tx: Tx) -> None:
    await polls.add(tx, ASKED)
    await rooms.move(tx, WILLOW, "!willow2:test")
    assert await polls.open_in(tx, "!willow2:test") == [replace(ASKED, room_id="!willow2:test")]
