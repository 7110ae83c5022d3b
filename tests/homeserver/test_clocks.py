"""A clock that jumps, ours or another server's, neither keeps a message back nor says it twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.matrix.sync import SETTLING
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World

SEND = "PUT .*/send/"


@pytest.fixture
async def room(world: World, bot: Bot, ana: Peer) -> str:
    """A room with Ana and the running bot."""
    room = world.create("willow", ana.user_id, BOT)
    await bot.start()
    return room


@pytest.mark.parametrize("answer", [{"status": 502}, {"status": 429, "errcode": "M_LIMIT_EXCEEDED"}])
@pytest.mark.parametrize("restarted", [False, True])
async def test_a_message_put_off_while_our_clock_was_ahead_is_said_when_it_is_right_again(
    server: Homeserver, bot: Bot, ana: Peer, room: str, answer: dict[str, int | str], restarted: bool
) -> None:
    bot.later(days=365)
    server.fail(SEND, **answer)  # type: ignore[arg-type]
    await bot.queue(room, "once", "T1")
    await bot.tried("T1")
    bot.later(days=-365)
    if restarted:
        await bot.restart()
    await bot.sent("T1")
    assert ana.texts(room).count("once") == 1


async def test_somebody_who_came_while_our_clock_was_ahead_does_not_keep_the_room_silent(
    world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    bot.sender._joins, bot.sender._settling = bot.sync.joins, SETTLING
    bot.clock.moment += timedelta(days=365)
    world.member(room, ben.user_id, "join")
    await bot.until(lambda: room in bot.sync.joins and not bot._busy(), "Ben is seen")
    bot.later(days=-365)
    await bot.queue(room, "welcome", "T1")
    await bot.sent("T1")
    assert ben.texts(room)[-1] == "welcome"


async def test_a_message_behind_one_with_a_wrong_time_is_found_again(
    server: Homeserver, world: World, bot: Bot, ana: Peer, room: str
) -> None:
    no_echo = server.fault("hold", "GET .*/sync", times=99)
    server.fault("lose", SEND)
    await bot.queue(room, "once", "T1")
    await bot.tried("T1")
    world.forget_transactions()
    talk = {"msgtype": "m.text", "body": "I come from the past"}
    world.put(room, ana.user_id, "m.room.message", talk, origin_server_ts=1)
    for number in range(150):
        ana.say(room, f"talk {number}")
    world.put(room, ana.user_id, "m.room.message", talk, origin_server_ts=1)
    bot.later(hours=25)
    await bot.sent("T1")
    assert ana.texts(room).count("once") == 1
    no_echo.release()
