"""What a sync leaves out is read to its beginning, and everything is as if it had been seen at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.scenarios import MESSAGES
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World


@pytest.fixture
async def room(world: World, bot: Bot, ana: Peer, ben: Peer) -> str:
    """The pod Willow with Ana and Ben, from which the bot has just gone."""
    room = world.create("willow", ana.user_id, ben.user_id, BOT)
    await bot.start()
    ana.say(room, "!pod create Willow")
    await bot.settled()
    await bot.crash()
    return room


def chatter(world: World, room: str, user: str, number: int) -> None:
    for index in range(number):
        world.put(room, user, "m.room.message", {"msgtype": "m.text", "body": f"talk {index}"})


@pytest.mark.parametrize(
    ("status", "errcode"), [(502, ""), (404, ""), (500, "M_UNKNOWN"), (429, "M_LIMIT_EXCEEDED")]
)
async def test_a_gap_whose_reading_fails_in_the_middle_is_read_whole(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer, room: str, status: int, errcode: str
) -> None:
    ana.say(room, "!help first")
    chatter(world, room, ben.user_id, 150)
    ana.say(room, "!help second")
    chatter(world, room, ben.user_id, 150)
    pages: list[Any] = []

    def fail_the_next(page: Any) -> None:
        pages.append(page)
        server.fail(MESSAGES, status, errcode)

    server.rewrite(MESSAGES, fail_the_next)
    await bot.start()
    assert pages[0]["end"]
    assert server.count(MESSAGES) == 2 + 3
    heard = [text for text in ana.texts(room) if text.startswith("There is no topic")]
    assert [text.split()[4].strip(".") for text in heard] == ["first", "second"]


async def test_a_gap_that_the_server_will_not_show_is_told_in_the_log_and_stops_nothing(
    server: Homeserver, world: World, bot: Bot, ana: Peer, room: str, caplog: pytest.LogCaptureFixture
) -> None:
    ana.say(room, "!help lost")
    chatter(world, room, ana.user_id, 150)
    ana.say(room, "!help seen")
    server.fail(MESSAGES, 403, "M_FORBIDDEN")
    await bot.start()
    assert "There is no topic seen" in ana.texts(room)[-1]
    assert "what was said while away cannot be read" in caplog.text


async def test_who_came_and_went_and_what_changed_in_a_gap_is_known_after_it(
    world: World, bot: Bot, ana: Peer, ben: Peer, room: str
) -> None:
    cy, dora = Peer(world, "cy"), Peer(world, "dora")
    world.member(room, cy.user_id, "join")
    world.member(room, dora.user_id, "join")
    world.member(room, ben.user_id, "leave")
    world.put(room, ana.user_id, "m.room.power_levels", {"users": {ana.user_id: 100, BOT: 30}}, "")
    chatter(world, room, cy.user_id, 120)
    world.member(room, dora.user_id, "leave")
    world.put(room, ana.user_id, "m.room.power_levels", {"users": {ana.user_id: 100, BOT: 40}}, "")
    chatter(world, room, cy.user_id, 120)
    await bot.start()
    rows = bot.rows("SELECT user_id FROM members WHERE membership = 'join'")
    assert {row["user_id"] for row in rows} - {BOT} == {ana.user_id, cy.user_id}
    assert bot.rows("SELECT bot_power FROM rooms") == [{"bot_power": 40}]
    await bot.queue(room, "for those who are here", "T1")
    await bot.settled()
    assert ana.texts(room)[-1] == cy.texts(room)[-1] == "for those who are here"
    assert ben.texts(room)[-1] == dora.texts(room)[-1] == "(unreadable)"
