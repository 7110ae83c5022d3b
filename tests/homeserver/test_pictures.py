"""Pictures of results on their way: encrypted, once, after their words, and nobody waits for them."""

import asyncio

import pytest

from bot.domain.errors import GiveUp
from bot.matrix.pictures import AT_ONCE, NOT_DRAWN
from bot.ports import SendChart
from tests.homeserver.harness import Bot, draw_nothing
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.test_sending import SEND
from tests.homeserver.world import BOT, World

CHART = SendChart("P1", (("Park", "3", 1000),), "P1 – Park: 3\\. 3 of 4 members voted\\.")


@pytest.fixture
async def room(world: World, bot: Bot, ana: Peer) -> str:
    """An encrypted room with Ana and the running bot."""
    room = world.create("willow", ana.user_id, BOT)
    await bot.start()
    return room


async def test_a_picture_arrives_encrypted_with_its_caption_after_what_was_said_before(
    bot: Bot, ana: Peer, room: str, world: World
) -> None:
    await bot.queue(room, "the result", "T1")
    await bot.queue(room, CHART, "T2")
    await bot.queue(room, "afterwards", "T3")
    await bot.settled()
    caption = "P1 – Park: 3. 3 of 4 members voted."
    assert ana.texts(room)[1:] == ["the result", caption, "afterwards"]
    content = ana.heard(room)[2].content
    assert content["msgtype"] == "m.image"
    assert content["filename"] == "result.png"
    assert (content["info"]["w"], content["info"]["h"]) == (3, 2)
    assert content["m.mentions"] == {}
    [stored] = world.media.values()
    assert b"PNG" not in stored


@pytest.mark.parametrize("how", ["lose", "drop"])
async def test_a_picture_whose_sending_was_not_answered_is_there_once(
    server: Homeserver, bot: Bot, ana: Peer, room: str, how: str
) -> None:
    server.fault(how, SEND)
    await bot.queue(room, CHART, "T1")
    for _ in range(2):
        await bot.settled()
        await bot.wait(minutes=1)
    assert len(ana.texts(room)[1:]) == 1


async def test_a_process_that_dies_before_it_notes_a_picture_sends_it_once(
    server: Homeserver, bot: Bot, ana: Peer, room: str
) -> None:
    held = server.fault("hold", "GET .*/sync", times=99)
    server.fault("lose", SEND, times=99)
    await bot.queue(room, CHART, "T1")
    await bot.tried("T1")
    await bot.crash()
    held.release()
    server.faults.clear()
    await bot.start()
    await bot.wait(minutes=1)
    assert len(ana.texts(room)[1:]) == 1
    assert bot.rows("SELECT state, payload FROM outbox WHERE txn_id = 'T1'") == [
        {"state": "sent", "payload": ""}
    ]


async def test_a_picture_that_cannot_be_drawn_is_left_out_and_holds_up_nothing(
    bot: Bot, ana: Peer, room: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_: SendChart) -> bytes:
        raise GiveUp(NOT_DRAWN)

    bot.sender._delivery._draw = fail
    await bot.queue(room, "the result", "T1")
    await bot.queue(room, CHART, "T2")
    await bot.queue(room, "afterwards", "T3")
    await bot.settled()
    assert ana.texts(room)[1:] == ["the result", "afterwards"]
    assert bot.rows("SELECT state, reason FROM outbox WHERE txn_id = 'T2'") == [
        {"state": "failed", "reason": NOT_DRAWN}
    ]
    assert "Park" not in caplog.text


async def test_while_many_pictures_wait_other_rooms_are_spoken_to(world: World, bot: Bot, ana: Peer) -> None:
    rooms = [world.create(f"room{n}", ana.user_id, BOT) for n in range(6)]
    await bot.start()
    drawing = 0
    most = 0
    ready = asyncio.Event()

    async def slowly(chart: SendChart) -> bytes:
        nonlocal drawing, most
        drawing += 1
        most = max(most, drawing)
        await ready.wait()
        drawing -= 1
        return await draw_nothing(chart)

    bot.sender._delivery._draw = slowly
    bot.sender._pace._width = AT_ONCE + 1
    for number, name in enumerate(rooms[:5]):
        await bot.queue(name, CHART, f"T{number}")
    await bot.until(lambda: drawing == AT_ONCE, "as many are drawn as may be")
    await bot.queue(rooms[5], "a word", "T9")
    await bot.sent("T9")
    assert bot.rows("SELECT count(*) AS n FROM outbox WHERE state = 'sent' AND kind = 'SendChart'") == [
        {"n": 0}
    ]
    ready.set()
    await bot.settled()
    assert most == AT_ONCE
    assert all(len(ana.texts(name)) == 2 for name in rooms)
