"""What is heard: everything, once, in order, from whom it is, whatever the network and the homeserver do."""

from datetime import timedelta
from typing import Any

import pytest

from bot.domain.errors import StartError
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World

SYNC = "GET .*/sync"


@pytest.fixture
async def room(world: World, bot: Bot, ana: Peer) -> str:
    """An assembly's room with Ana and the running bot; each invitation made there is one row in the store."""
    room = world.create("river", ana.user_id, BOT)
    await bot.start()
    ana.say(room, "!assembly create River")
    await bot.settled()
    return room


def invitations(bot: Bot) -> int:
    """Return how often `!assembly invite` had its effect."""
    return int(bot.rows("SELECT count(*) AS n FROM codes")[0]["n"])


def answers(ana: Peer, room: str) -> list[str]:
    """Return the answers to `!assembly invite`."""
    return [text for text in ana.texts(room) if text.startswith("Here is a code")]


def assert_done(bot: Bot, ana: Peer, room: str, times: int = 1) -> None:
    """Check that a command had its effect and its answer so many times."""
    assert invitations(bot) == times
    assert len(set(answers(ana, room))) == len(answers(ana, room)) == times


@pytest.mark.parametrize("how", ["lose", "drop", "cut"])
async def test_a_sync_answer_that_breaks_off_is_asked_for_again(
    server: Homeserver, bot: Bot, ana: Peer, room: str, how: str
) -> None:
    server.fault(how, SYNC)
    ana.say(room, "!assembly invite")
    await bot.settled()
    assert_done(bot, ana, room)


async def test_a_server_that_tells_the_same_again_is_obeyed_once(
    server: Homeserver, bot: Bot, ana: Peer, room: str
) -> None:
    ana.say(room, "!assembly invite")
    await bot.settled()
    for _ in range(3):
        server.rewind = 1000
        ana.say(room, "just talk")
        await bot.settled()
    assert_done(bot, ana, room)


async def test_an_event_delivered_twice_is_obeyed_once(world: World, bot: Bot, ana: Peer, room: str) -> None:
    said = ana.say(room, "!assembly invite")
    await bot.settled()
    world.again(said)
    await bot.settled()
    await bot.restart()
    world.again(said)
    await bot.settled()
    assert_done(bot, ana, room)


@pytest.mark.parametrize("moment", ["before sync", "after sync", "before outbox", "after outbox"])
async def test_a_command_is_obeyed_once_though_the_process_dies(
    bot: Bot, ana: Peer, room: str, moment: str
) -> None:
    bot.die_at(moment)
    ana.say(room, "!assembly invite")
    await bot.died()
    await bot.start()
    assert_done(bot, ana, room)


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 502},
        {"status": 500, "errcode": "M_UNKNOWN"},
        {"status": 429, "errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 7000},
        {"status": 429, "errcode": "M_LIMIT_EXCEEDED", "headers": {"Retry-After": "7"}},
        {"status": 429, "errcode": "M_LIMIT_EXCEEDED"},
        {"status": 401, "errcode": "M_MISSING_TOKEN"},
        {"status": 403, "errcode": "M_FORBIDDEN"},
    ],
    ids=str,
)
async def test_a_sync_that_fails_is_tried_again_at_a_bounded_rate(
    server: Homeserver, bot: Bot, ana: Peer, room: str, fault: dict[str, Any]
) -> None:
    server.fail(SYNC, times=8, **fault)
    before = server.count(SYNC)
    ana.say(room, "!assembly invite")
    await bot.settled()
    assert_done(bot, ana, room)
    growing = [1, 2, 4, 8, 16, 32, 60, 60]
    named = not fault.keys().isdisjoint(("retry_after_ms", "headers"))
    wanted = [7] * 8 if named else growing
    assert len(bot.pauses) == 8
    least = 1 if named else 0.8
    assert all(least * want <= pause <= 1.2 * want for pause, want in zip(bot.pauses, wanted, strict=True))
    assert server.count(SYNC) - before <= 8 + 6


async def test_a_session_the_server_has_ended_ends_the_program_with_what_to_do(
    server: Homeserver, bot: Bot, ana: Peer, room: str
) -> None:
    server.fail(".", 401, "M_UNKNOWN_TOKEN", times=1000, soft_logout=True)
    before = server.count(".")
    ana.say(room, "!assembly invite")
    error = await bot.ended()
    assert isinstance(error, StartError)
    assert "spokesbot init" in str(error)
    assert server.count(".") - before < 10


async def test_three_hundred_messages_while_away_are_all_handled_in_order(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    room = world.create("river", ana.user_id, ben.user_id, BOT)
    await bot.start()
    await bot.crash()
    for number in range(300):
        (ana, ben)[number % 2].say(room, f"!nonsense{number}")
        world.clock.moment += timedelta(seconds=1)
    server.fail("GET .*/messages", 502)
    server.fault("cut", "GET .*/messages")
    await bot.start()
    heard = ben.texts(room)[1:]
    assert heard == [f"I do not know !nonsense{number}. !help lists what I can do." for number in range(300)]


async def test_a_gap_that_is_read_when_the_process_dies_is_read_again(
    server: Homeserver, world: World, bot: Bot, ana: Peer, room: str
) -> None:
    await bot.crash()
    ana.say(room, "!assembly invite")
    for number in range(150):
        ana.say(room, f"talk {number}")
    held = server.fault("hold", "GET .*/messages")
    await bot.start(settle=False)
    await held.reached.wait()
    await bot.crash()
    held.release()
    await bot.start()
    assert_done(bot, ana, room)


async def test_what_is_said_right_after_the_bot_came_in_is_heard_however_much_follows(
    server: Homeserver, world: World, bot: Bot, ana: Peer
) -> None:
    room = world.create("river", ana.user_id)
    ana.say(room, "!assembly create Before")
    await bot.start()
    world.member(room, BOT, "invite", by=ana.user_id)
    await bot.until(lambda: BOT in world.rooms[room].members(), "the bot joins")
    await bot.crash()
    ana.say(room, "!assembly create River")
    for number in range(150):
        ana.say(room, f"talk {number}")
    await bot.start()
    assert bot.rows("SELECT name FROM assemblies") == [{"name": "River"}]


async def test_words_under_somebody_elses_name_are_refused(
    world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    world.member(room, ben.user_id, "join")
    ben.say(room, "hello")
    await bot.settled()
    content = ben.encrypted(room, "m.room.message", {"msgtype": "m.text", "body": "!assembly invite"})
    world.put(room, ana.user_id, "m.room.encrypted", content)
    await bot.settled()
    assert_done(bot, ana, room, 0)


async def test_a_ciphertext_carried_into_another_room_is_refused(
    world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    other = world.create("oak", ben.user_id, ana.user_id, BOT)
    ana.say(other, "hello")
    await bot.settled()
    content = ana.encrypted(other, "m.room.message", {"msgtype": "m.text", "body": "!assembly invite"})
    world.put(room, ana.user_id, "m.room.encrypted", content)
    await bot.settled()
    assert_done(bot, ana, room, 0)


async def test_the_same_ciphertext_sent_again_as_another_event_is_refused(
    world: World, bot: Bot, ana: Peer, room: str
) -> None:
    said = ana.say(room, "!assembly invite")
    await bot.settled()
    (content,) = [s.event["content"] for s in world.rooms[room].events if s.event["event_id"] == said]
    world.put(room, ana.user_id, "m.room.encrypted", content)
    await bot.settled()
    await bot.restart()
    world.put(room, ana.user_id, "m.room.encrypted", content)
    await bot.settled()
    assert_done(bot, ana, room)


async def test_a_plain_command_in_an_encrypted_room_is_not_obeyed_and_said_so_once(
    world: World, bot: Bot, ana: Peer, room: str
) -> None:
    for _ in range(3):
        plain = {"msgtype": "m.text", "body": "!assembly invite"}
        world.put(room, ana.user_id, "m.room.message", plain)
        await bot.settled()
    assert_done(bot, ana, room, 0)
    warning = "A message came without encryption. I take commands only when they are encrypted."
    assert ana.texts(room).count(warning) == 1


async def test_talk_without_encryption_is_none_of_its_business(
    world: World, bot: Bot, ana: Peer, room: str
) -> None:
    before = ana.texts(room)
    world.put(room, ana.user_id, "m.room.message", {"msgtype": "m.text", "body": "just talk"})
    world.put(room, ana.user_id, "m.room.encrypted", {"algorithm": "m.unheard.of", "ciphertext": "x"})
    world.put(room, ana.user_id, "m.room.message", {"msgtype": 7})
    await bot.settled()
    assert ana.texts(room) == before
