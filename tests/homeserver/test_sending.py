"""What is said: once, in order, readable by all, whatever the network and the homeserver do."""

from pathlib import Path
from typing import Any

import pytest

from bot.matrix.agenda import TALK
from bot.matrix.delivery import REFUSAL
from bot.matrix.pace import SLOW, WIDTH
from bot.ports import Edit, EndPoll, Message, Redact, Say, SendFile, StartPoll
from bot.store import outbox
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World

SEND = "PUT .*/send/"
HELLO = "Hello, I am Spokesbot."


def said(peer: Peer, room: str) -> list[str]:
    """Return what the bot said after its hello."""
    first, *rest = peer.texts(room)
    assert first.startswith(HELLO)
    return rest


@pytest.fixture
async def room(world: World, bot: Bot, ana: Peer) -> str:
    """An encrypted room with Ana, where the running bot has said hello."""
    room = world.create("willow", ana.user_id, BOT)
    await bot.start()
    return room


async def test_a_command_is_answered_in_a_room_everybody_can_read(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    room = world.create("willow", ana.user_id, ben.user_id, BOT)
    await bot.start()
    ana.say(room, "!pod create Willow")
    await bot.settled()
    assert said(ana, room) == said(ben, room)
    assert said(ana, room)[-1].startswith("This room is now the pod Willow, with 2 members.")


@pytest.mark.parametrize("how", ["lose", "drop", "cut"])
async def test_a_lost_answer_to_a_send_is_settled_by_the_echo(
    server: Homeserver, bot: Bot, ana: Peer, room: str, how: str
) -> None:
    server.fault(how, SEND)
    await bot.queue(room, "once", "T1")
    await bot.settled()
    assert said(ana, room) == ["once"]
    assert bot.rows("SELECT state, event_id FROM outbox WHERE txn_id = 'T1'") == [
        {"state": "sent", "event_id": ana.heard(room)[-1].event_id}
    ]


@pytest.mark.parametrize("how", ["lose", "drop", "cut"])
async def test_a_lost_answer_to_a_send_is_settled_by_the_same_send_again(
    server: Homeserver, bot: Bot, ana: Peer, room: str, how: str
) -> None:
    held = server.fault("hold", "GET .*/sync", times=99)
    server.fault(how, SEND, times=2)
    before = server.count(SEND)
    await bot.queue(room, "once", "T1")
    await bot.tried("T1")
    bot.later(minutes=1)
    if how != "drop":  # which the client's library has repeated itself
        await bot.tried("T1", 2)
        bot.later(minutes=1)
    await bot.sent("T1")
    held.release()
    await bot.settled()
    assert said(ana, room) == ["once"]
    assert server.count(SEND) == before + 3


async def test_a_process_that_dies_before_it_notes_the_sending_says_it_once(
    server: Homeserver, bot: Bot, ana: Peer, room: str
) -> None:
    held = server.fault("hold", SEND)
    await bot.queue(room, "once", "T1")
    await held.reached.wait()
    await bot.crash()
    assert bot.rows("SELECT state FROM outbox WHERE txn_id = 'T1'") == [{"state": "waiting"}]
    held.release()
    await bot.start()
    assert said(ana, room) == ["once"]


async def test_a_process_that_dies_before_it_sends_says_it_once(
    server: Homeserver, bot: Bot, ana: Peer, room: str
) -> None:
    bot.die_at("after sync")
    ana.say(room, "!help me")
    await bot.died()
    assert said(ana, room) == []
    assert bot.rows("SELECT count(*) AS n FROM outbox WHERE state = 'waiting'") == [{"n": 1}]
    await bot.start()
    assert len(said(ana, room)) == 1


async def test_the_order_in_a_room_is_kept_while_sends_fail(
    server: Homeserver, bot: Bot, ana: Peer, room: str
) -> None:
    server.fail(SEND, 502, times=2)
    server.fail("PUT .*/sendToDevice", 500, "M_UNKNOWN")
    for number in range(5):
        await bot.queue(room, f"message {number}", f"T{number}")
    await bot.settled()
    assert said(ana, room) == []
    for _ in range(3):
        await bot.wait(seconds=10)
    assert said(ana, room) == [f"message {number}" for number in range(5)]


async def test_a_room_that_fails_does_not_hold_up_others(
    server: Homeserver, world: World, bot: Bot, ana: Peer, room: str
) -> None:
    other = world.create("oak", ana.user_id, BOT)
    await bot.settled()
    server.fail("PUT .*willow.*/send/", 500, times=1)
    stuck = server.fault("wait", "PUT .*willow.*/send/")
    await bot.queue(room, "first", "T1")
    for number in range(5):
        await bot.queue(other, f"message {number}", f"O{number}")
    await bot.settled()
    bot.later(minutes=1)
    await stuck.reached.wait()
    await bot.queue(other, "message 5", "O5")
    await bot.until(lambda: len(said(ana, other)) == 6, "the other room is served")
    assert said(ana, other) == [f"message {number}" for number in range(6)]
    assert said(ana, room) == []
    stuck.release()
    await bot.settled()
    assert said(ana, room) == ["first"]


@pytest.mark.parametrize(
    ("asked", "seconds"), [({"retry_after_ms": 5000}, 5), ({"headers": {"Retry-After": "5"}}, 5), ({}, 1)]
)
async def test_too_many_requests_stop_all_rooms_and_then_they_go_on(
    server: Homeserver, world: World, bot: Bot, ana: Peer, asked: dict[str, Any], seconds: int
) -> None:
    rooms = [world.create(name, ana.user_id, BOT) for name in ("willow", "oak", "elm")]
    await bot.start()
    server.fail(SEND, 429, "M_LIMIT_EXCEEDED", **asked)
    before = server.count(SEND)
    await bot.queue(rooms[0], "first", "T0")
    await bot.settled()
    for number, room in enumerate(rooms):
        await bot.queue(room, "second", f"S{number}")
    await bot.settled()
    await bot.wait(seconds=seconds - 0.1)
    assert server.count(SEND) == before + 1
    await bot.wait(seconds=0.2)
    assert [said(ana, room) for room in rooms] == [["first", "second"], ["second"], ["second"]]


async def test_what_the_server_refuses_is_given_up_visibly_and_the_next_is_said(
    server: Homeserver, bot: Bot, ana: Peer, room: str
) -> None:
    server.fail(SEND, 413, "M_TOO_LARGE")
    await bot.queue(room, "too large", "T1")
    await bot.queue(room, "small", "T2")
    await bot.settled()
    assert said(ana, room) == ["small"]
    [row] = bot.rows("SELECT state, reason, payload FROM outbox WHERE txn_id = 'T1'")
    assert (row["state"], row["payload"]) == ("failed", "")
    assert "M_TOO_LARGE" in row["reason"]


async def test_a_session_that_ended_gives_nothing_up(
    server: Homeserver, bot: Bot, room: str, ana: Peer, tmp_path: Path
) -> None:
    ended = server.fail(".", 401, "M_UNKNOWN_TOKEN", times=1000)
    await bot.queue(room, "still to be said", "T1")
    tried = "SELECT 1 FROM outbox WHERE txn_id = 'T1' AND (attempts OR state != 'waiting')"
    await bot.bell.until(lambda: bot.rows(tried), "the sender tries")
    assert bot.rows("SELECT state FROM outbox WHERE txn_id = 'T1'") == [{"state": "waiting"}]
    await bot.crash()
    ended.release()
    again = Bot(server, tmp_path, "NEW")
    await again.start()
    await again.wait(minutes=10)
    assert said(ana, room)[-1] == "still to be said"
    await again.stop()


async def test_what_was_said_just_as_the_bot_was_removed_waits_for_its_return(
    server: Homeserver, world: World, bot: Bot, ana: Peer, room: str
) -> None:
    held = server.fault("hold", "GET .*/sync")
    world.member(room, BOT, "leave", by=ana.user_id)
    await held.reached.wait()
    await bot.queue(room, "you will hear this later", "T1")
    await bot.tried("T1")
    held.release()
    await bot.settled()
    world.member(room, BOT, "invite", by=ana.user_id)
    await bot.settled()
    assert "you will hear this later" in ana.texts(room)


# -- after a day, a homeserver has forgotten ---------------------------------------------------------


async def test_after_a_day_a_message_whose_answer_was_lost_is_found_again(
    server: Homeserver, world: World, bot: Bot, ana: Peer, room: str
) -> None:
    no_echo = server.fault("hold", "GET .*/sync", times=99)
    server.fault("lose", SEND)
    await bot.queue(room, "once", "T1")
    await bot.tried("T1")
    world.forget_transactions()
    ana_said = [ana.say(room, f"talk {number}") for number in range(250)]
    assert len(ana_said) == 250
    # another server may give its users' events any time it likes
    old = ana.encrypted(room, "m.room.message", {"msgtype": "m.text", "body": "from long ago"})
    world.put(room, ana.user_id, "m.room.encrypted", old, origin_server_ts=0)
    bot.later(hours=25)
    await bot.sent("T1")
    assert said(ana, room) == ["once"]
    assert server.count("GET .*/messages") == 3
    [row] = bot.rows("SELECT event_id FROM outbox WHERE txn_id = 'T1'")
    assert row["event_id"] == ana.heard(room)[-1].event_id
    no_echo.release()


async def test_after_a_day_a_message_that_never_arrived_is_said(
    server: Homeserver, world: World, bot: Bot, ana: Peer, room: str
) -> None:
    server.fail(SEND, 502)
    await bot.queue(room, "once", "T1")
    await bot.settled()
    world.forget_transactions()
    server.fail("GET .*/messages", 502)
    await bot.wait(hours=25)
    assert said(ana, room) == []
    await bot.wait(minutes=10)
    assert said(ana, room) == ["once"]


@pytest.mark.parametrize("arrived", [True, False])
async def test_a_new_device_looks_for_what_the_old_one_may_have_said(
    server: Homeserver, bot: Bot, ana: Peer, room: str, tmp_path: Path, arrived: bool
) -> None:
    held = server.fault("hold" if arrived else "wait", SEND)
    await bot.queue(room, "once", "T1")
    await held.reached.wait()
    await bot.crash()
    if not arrived:
        server.world.devices.pop(bot.device.token)
    held.release()
    again = Bot(server, tmp_path, "NEW")
    await again.start()
    assert [text for text in ana.texts(room) if not text.startswith(HELLO)] == ["once"]
    assert again.rows("SELECT state FROM outbox WHERE txn_id = 'T1'") == [{"state": "sent"}]
    await again.stop()


# -- what is said -------------------------------------------------------------------------------------


async def test_nothing_but_one_fixed_sentence_enters_a_room_without_encryption(
    world: World, bot: Bot, ana: Peer
) -> None:
    room = world.create("open", ana.user_id, BOT, encrypted=False)
    await bot.start()
    await bot.queue(room, "in confidence", "T1")
    await bot.queue(room, SendFile("secret.txt", "in confidence"), "T2")
    await bot.settled()
    await bot.wait(hours=2)
    assert ana.texts(room) == [REFUSAL]
    world.encrypt(room, ana.user_id)
    await bot.settled()
    assert ana.texts(room)[:3] == [REFUSAL, "in confidence", "secret.txt"]
    assert ana.texts(room)[3].startswith(HELLO)
    assert "confidence" not in str([stored.event for stored in world.rooms[room].events])


async def test_edits_polls_files_and_deletions_arrive_once_each_though_every_answer_is_lost(
    server: Homeserver, world: World, bot: Bot, ana: Peer, room: str
) -> None:
    for pattern in (SEND, "POST .*/upload", "PUT .*/redact"):
        server.fault("lose", pattern)
    messages: list[Message] = [
        StartPoll("Where?", (("1", "Park"), ("2", "Hall"))),
        EndPoll("M0", "It is over."),
        SendFile("a.txt", "the words of the file"),
        Edit("M2", "edited"),
        Redact("M2"),
    ]
    for number, message in enumerate(messages):
        await bot.queue(room, message, f"M{number}")
        await bot.settled()
    for _ in range(3):
        await bot.wait(minutes=1)
    kinds = [heard.kind for heard in ana.heard(room)[1:]]
    poll = "org.matrix.msc3381.poll"
    expected = [f"{poll}.start", f"{poll}.end", "m.room.message", "m.room.message", "m.room.redaction"]
    assert kinds == expected
    assert all(b"words" not in content for content in world.media.values())
    deleted = world.rooms[room].events[-1].event
    assert deleted["redacts"] == ana.heard(room)[3].event_id


async def test_who_asks_while_a_fan_out_fills_all_slots_is_answered_at_once(
    server: Homeserver, world: World, bot: Bot, ana: Peer
) -> None:
    rooms = [world.create(f"room{number}", ana.user_id, BOT) for number in range(WIDTH + 10)]
    asking = world.create("asking", ana.user_id, BOT)
    await bot.start()
    server.asked.clear()
    held = server.fault("wait", SEND, WIDTH)
    async with bot.database.transaction("test") as tx:
        for room in rooms:
            await outbox.queue(tx, bot.clock.now(), room, Say("Hello"), txn_id=f"hello.{room}")
    await bot.until(lambda: server.count(SEND) == WIDTH, "all slots are full")
    ana.say(asking, "!help")
    await bot.until(lambda: len(ana.texts(asking)) == 2, "she is answered")
    assert server.count(SEND) == WIDTH + 1
    held.release()
    await bot.settled()
    assert all(ana.texts(room)[-1] == "Hello" for room in rooms)


async def test_while_people_talk_with_it_a_fan_out_goes_one_room_at_a_time(
    server: Homeserver, world: World, bot: Bot, ana: Peer
) -> None:
    rooms = [world.create(f"room{number}", ana.user_id, BOT) for number in range(10)]
    asking = world.create("asking", ana.user_id, BOT)
    await bot.start()
    ana.say(asking, "!help")
    await bot.settled()
    server.asked.clear()
    held = server.fault("wait", SEND, 1)

    async def fan_out(words: str) -> None:
        async with bot.database.transaction(words) as tx:
            for room in rooms:
                await outbox.queue(tx, bot.clock.now(), room, Say(words), txn_id=f"{words}.{room}")

    await fan_out("Hello")
    await bot.until(lambda: server.count(SEND) == 1, "one room is sent to")
    ana.say(asking, "!help me")
    await bot.until(lambda: "There is no topic me" in ana.texts(asking)[-1], "she is answered beside it")
    assert server.count(SEND) == 1 + 1
    bot.later(seconds=SLOW.total_seconds())
    await bot.until(lambda: server.count(SEND) == len(rooms) + 1, "the slow room holds up no other")
    held.release()
    await bot.settled()
    assert all(ana.texts(room)[-1] == "Hello" for room in rooms)
    await bot.wait(seconds=TALK.total_seconds())
    server.asked.clear()
    held = server.fault("wait", SEND, 10)
    await fan_out("Again")
    await bot.until(lambda: server.count(SEND) == 10, "all rooms are sent to at once")
    held.release()
    await bot.settled()
