"""One event that nobody was prepared for must not stop the bot, now or at each start."""

from typing import Any

import pytest

from bot.matrix import sync
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.world import BOT, World


@pytest.fixture
async def room(world: World, bot: Bot, ana: Peer) -> str:
    """A room with Ana and the running bot."""
    room = world.create("river", ana.user_id, BOT)
    await bot.start()
    await bot.settled()
    return room


async def assert_alive(bot: Bot, ana: Peer, room: str) -> None:
    """Check that the bot goes on, and starts again."""
    ana.say(room, "!assembly create River")
    await bot.settled()
    assert "This room is now the assembly River" in "\n".join(ana.texts(room))
    await bot.crash()
    await bot.start()
    ana.say(room, "!assembly invite")
    await bot.settled()
    assert "Here is a code" in ana.texts(room)[-1]


async def test_half_a_character_is_answered_like_any_other(
    world: World, bot: Bot, ana: Peer, room: str
) -> None:
    for words in ("!x\ud800", "!pod observer \ud800", "!pod create \udfff"):
        ana.say(room, words)
    await bot.settled()
    assert "I do not know" in "\n".join(ana.texts(room))
    await assert_alive(bot, ana, room)


async def test_half_a_character_in_a_name_loses_nobody(world: World, bot: Bot, ana: Peer, room: str) -> None:
    world.put(
        room, "@ben:test", "m.room.member", {"membership": "join", "displayname": "Ben \ud800"}, "@ben:test"
    )
    await bot.settled()
    await assert_alive(bot, ana, room)
    assert {row["user_id"] for row in bot.rows("SELECT user_id FROM members")} >= {"@ben:test"}


@pytest.mark.parametrize("at", [2**53 - 1, -1, 0])
async def test_a_time_that_is_none_does_no_harm(
    world: World, bot: Bot, ana: Peer, room: str, at: int
) -> None:
    content = ana.encrypted(room, "m.room.message", {"msgtype": "m.text", "body": "!help"})
    world.put(room, ana.user_id, "m.room.encrypted", content, origin_server_ts=at)
    world.put(room, "@ben:test", "m.room.member", {"membership": "join"}, "@ben:test", origin_server_ts=at)
    await bot.settled()
    await assert_alive(bot, ana, room)


async def test_an_event_that_nothing_was_prepared_for_is_left_behind(
    world: World, bot: Bot, ana: Peer, room: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sync.incoming

    def stumble(event: Any, *more: Any) -> Any:
        if getattr(event, "body", "") == "!stumble":
            raise RuntimeError("a fault of the program")
        return real(event, *more)

    monkeypatch.setattr(sync, "incoming", stumble)
    ana.say(room, "!stumble")
    await bot.settled()
    await assert_alive(bot, ana, room)
