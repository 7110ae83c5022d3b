"""The system's clock jumps: what waits is neither forgotten nor held up by the jump, and nothing is said twice."""

import pytest

from bot.matrix.roomstate import SETTLING
from bot.services import timers
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World

SEND = "PUT .*/send/"
BACK, FORWARD = {"hours": -3}, {"days": 2}


@pytest.fixture
async def room(world: World, bot: Bot, ana: Peer) -> str:
    """A pod with the running bot."""
    room = world.create("willow", ana.user_id, BOT)
    await bot.start()
    ana.say(room, "!pod create Willow")
    await bot.settled()
    return room


def said(ana: Peer, room: str) -> list[str]:
    return [text for text in ana.texts(room) if text.startswith("message")]


@pytest.mark.parametrize("jump", [BACK, FORWARD, {"days": -400}, {"days": 400}])
@pytest.mark.parametrize("status", [429, 502])
async def test_what_was_put_off_is_said_once_after_a_jump(
    server: Homeserver, bot: Bot, ana: Peer, room: str, jump: dict[str, int], status: int
) -> None:
    server.fail(SEND, status, "M_LIMIT_EXCEEDED" if status == 429 else "", 1)
    await bot.queue(room, "message 1", "T1")
    await bot.queue(room, "message 2", "T2")
    await bot.tried("T1")
    await bot.wait(**jump)
    await bot.wait(hours=1)
    assert said(ana, room) == ["message 1", "message 2"]


async def test_a_pause_asked_for_by_the_server_is_kept_by_the_new_clock_too(
    server: Homeserver, bot: Bot, ana: Peer, room: str
) -> None:
    server.fail(SEND, 429, "M_LIMIT_EXCEEDED", 1)
    await bot.queue(room, "message 1", "T1")
    await bot.tried("T1")
    server.fail(SEND, 429, "M_LIMIT_EXCEEDED", 1)
    await bot.wait(**BACK)
    await bot.tried("T1", 2)
    assert bot.sender._pace.silence(bot.clock.now())
    await bot.wait(minutes=10)
    assert said(ana, room) == ["message 1"]


async def test_a_room_that_somebody_joined_is_not_left_alone_for_hours(
    world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    bot.sender._settling, bot.sender._joins = SETTLING, bot.sync.joins
    bot.sync.joins.clear()
    world.member(room, ben.user_id, "join")
    await bot.until(lambda: room in bot.sync.joins, "Ben was seen")
    await bot.queue(room, "message 1", "T1")
    bot.later(**BACK)
    back = bot.clock.now()
    await bot.settled()
    assert bot.clock.now() - back <= 2 * SETTLING
    assert said(ana, room) == ["message 1"]
    assert bot.sync.joins[room] <= bot.clock.now()
    # and who comes next is given their time by the new clock
    world.member(room, "@cy:test", "join")
    await bot.until(lambda: bot.rows("SELECT 1 FROM members WHERE user_id = '@cy:test'"), "Cy was seen")
    assert bot.clock.now() - bot.sync.joins[room] <= SETTLING


async def test_commands_go_on_through_jumps_and_a_poll_is_closed_once(
    world: World, bot: Bot, ana: Peer, room: str
) -> None:
    ana.say(room, "!poll Where? | Park | Hall | closes=1d")
    await bot.settled()
    for jump in (BACK, FORWARD, {"days": -2}, BACK, FORWARD):
        await bot.wait(**jump)
        await timers.run_due(bot.database, bot.clock)
        await bot.settled()
        ana.say(room, "!pod roster")
        await bot.settled()
        assert ana.texts(room)[-1].startswith("Willow: 1 member")
        await bot.restart()
    texts = ana.texts(room)
    assert sum("P1 is closed: Where?" in text for text in texts) == 1
    assert not any("Something went wrong" in text for text in texts)


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


@pytest.mark.parametrize(
    ("age", "waits"), [(5, True), (60_000, False), (10**30, False), (-5, True), ("x", True)]
)
async def test_a_room_is_left_alone_only_after_somebody_has_just_joined(
    world: World, bot: Bot, ben: Peer, room: str, age: object, waits: bool
) -> None:
    await bot.crash()
    world.put(room, ben.user_id, "m.room.member", {"membership": "join"}, ben.user_id, unsigned={"age": age})
    await bot.start(settle=False)
    await bot.until(lambda: bot.rows(f"SELECT 1 FROM members WHERE user_id = '{ben.user_id}'"), "Ben is seen")
    assert (room in bot.sync.joins) is waits
