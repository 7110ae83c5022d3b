"""The system's clock jumps back three hours and forward two days: nothing stalls, nothing comes twice."""

from datetime import datetime, timedelta

import pytest

from bot.services import timers
from tests.commands.chat import Chat
from tests.commands.test_polls import ASK, FRIDAY, say, willow
from tests.commands.test_spokes import drawn

JUMPS = [timedelta(hours=-3), timedelta(days=2)]


async def jump(chat: Chat, length: timedelta) -> None:
    """Let the clock jump and the bot look what is due."""
    chat.clock.moment += length
    await timers.run_due(chat.database, chat.clock)
    await chat.flush()


async def due(chat: Chat) -> list[tuple[str, datetime]]:
    return [(row["key"], row["due"]) for row in await chat.rows("SELECT key, due FROM timers ORDER BY key")]


async def test_a_clock_that_goes_back_keeps_every_timer_and_runs_none_twice(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    await drawn_away(chat)
    before = await due(chat)
    await jump(chat, timedelta(hours=-3))
    assert await due(chat) == before
    await chat.until(FRIDAY)
    closed = [text for text in chat.heard("willow") if "P1 is closed" in text]
    assert len(closed) == 1
    await jump(chat, timedelta(hours=-3))
    await chat.until(FRIDAY + timedelta(minutes=1))
    assert not any("P1 is closed" in text for text in chat.heard("willow"))


async def drawn_away(chat: Chat) -> None:
    """Forget what was said so far."""
    chat.heard("willow")


async def test_a_vote_cast_in_time_counts_though_a_wrong_clock_closed_the_poll_early(chat: Chat) -> None:
    await willow(chat)
    await chat.say("Ana", "willow", ASK)
    now = chat.clock.now()
    await jump(chat, FRIDAY - now + timedelta(minutes=1))
    assert any("P1 is closed" in text for text in chat.heard("willow"))
    chat.clock.moment = now
    assert "a corrected result follows" in (await say(chat, "Ben", "!vote P1 1"))[-1]
    await chat.wait(minutes=2)
    [corrected] = [text for text in chat.heard("willow") if "corrected result" in text and "- Park" in text]
    assert "- Park: 1" in corrected


@pytest.mark.parametrize("length", JUMPS)
async def test_every_command_of_a_pod_works_after_a_jump(chat: Chat, length: timedelta) -> None:
    await drawn(chat)
    await jump(chat, length)
    answers = [
        await chat.say("Ana", "willow", typed)
        for typed in (
            "!spokes",
            "!spokes next",
            "!spokes why",
            "!spokes history",
            "!spokes volunteer",
            "!undo",
            "!poll Where? | Park | Hall",
            "!vote 1",
            "!undo",
            "!poll close P1",
            "!polls",
            "!summary Hello.",
            "!next",
            "!status",
            "!pod",
        )
    ]
    assert all(answers)
    assert not any("Something went wrong" in text for answer in answers for text in answer)


@pytest.mark.parametrize("length", JUMPS)
async def test_handovers_come_once_each_after_a_jump(chat: Chat, length: timedelta) -> None:
    await drawn(chat)
    [before] = await chat.rows("SELECT next_at FROM rotations")
    await jump(chat, length)
    assert await chat.rows("SELECT next_at FROM rotations") == [before]
    for _ in range(2):
        await chat.until(datetime.fromtimestamp(before["next_at"] / 1000, chat.clock.now().tzinfo))
        await jump(chat, timedelta(hours=-3))
    rounds = await chat.rows("SELECT kind, count(*) AS n FROM rounds GROUP BY kind ORDER BY kind")
    assert {row["kind"]: row["n"] for row in rounds}["handover"] == 1
