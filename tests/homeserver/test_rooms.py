"""Rooms change under the bot: invitations, upgrades, removal, bans, power."""

import pytest

from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World


@pytest.fixture
async def pod(world: World, bot: Bot, ana: Peer, ben: Peer) -> str:
    """The pod Willow with Ana and Ben and the running bot."""
    room = world.create("willow", ana.user_id, ben.user_id, BOT)
    await bot.start()
    ana.say(room, "!pod create Willow")
    await bot.settled()
    return room


@pytest.mark.parametrize("how", [None, "lose", "cut"])
async def test_an_invitation_is_accepted_once_and_hello_said_once(
    server: Homeserver, world: World, bot: Bot, ana: Peer, how: str | None
) -> None:
    room = world.create("willow", ana.user_id)
    await bot.start()
    if how:
        server.fault(how, "POST .*/join")
    world.member(room, BOT, "invite", by=ana.user_id)
    await bot.settled()
    await bot.wait(minutes=1)
    assert [text[:5] for text in ana.texts(room)] == ["Hello"]


@pytest.mark.parametrize("page", [False, True])
async def test_an_invitation_by_a_stranger_is_declined(
    server: Homeserver, world: World, bot: Bot, page: bool
) -> None:
    mallory = Peer(world, "mallory")
    room = world.create("trap", mallory.user_id)
    await bot.start()
    if page:
        server.fail("POST .*/leave", 404)  # a proxy's, which says nothing of the room
    world.member(room, BOT, "invite", by=mallory.user_id)
    await bot.settled()
    await bot.wait(minutes=1)
    assert world.rooms[room].membership(BOT) == "leave"
    assert mallory.texts(room) == []


@pytest.mark.parametrize("membership", ["leave", "ban"])
@pytest.mark.parametrize("away", [False, True])
async def test_what_is_meant_for_a_room_waits_while_the_bot_is_out_of_it(
    server: Homeserver, world: World, bot: Bot, ana: Peer, pod: str, membership: str, away: bool
) -> None:
    if away:
        await bot.crash()
    world.member(pod, BOT, membership, by=ana.user_id)
    if away:
        await bot.start()
    await bot.settled()
    before = server.count("PUT .*/send/")
    await bot.queue(pod, "news", "T1")
    await bot.settled()
    await bot.wait(days=3)
    assert server.count("PUT .*/send/") == before
    if membership == "ban":
        world.member(pod, BOT, "leave", by=ana.user_id)
    world.member(pod, BOT, "invite", by=ana.user_id)
    await bot.settled()
    assert ana.texts(pod)[-2:] == ["news", "I am back in Willow."]


async def test_a_room_that_was_upgraded_is_followed_with_all_that_belongs_to_it(
    world: World, bot: Bot, ana: Peer, ben: Peer, pod: str
) -> None:
    new = world.create("willow2", ana.user_id, ben.user_id)
    world.rooms[new].public = True
    world.put(pod, ana.user_id, "m.room.tombstone", {"body": "moved", "replacement_room": new}, "")
    await bot.settled()
    assert bot.rows("SELECT name, room_id FROM pods") == [{"name": "Willow", "room_id": new}]
    ana.say(new, "!pod")
    await bot.settled()
    assert "Willow: 2 members" in ana.texts(new)[-1]
    await bot.queue(new, "news", "T1")
    await bot.settled()
    assert ben.texts(new)[-1] == "news"


async def test_an_upgrade_that_needs_an_invitation_is_followed_when_it_comes(
    world: World, bot: Bot, ana: Peer, ben: Peer, pod: str
) -> None:
    new = world.create("willow2", ana.user_id, ben.user_id)
    world.put(pod, ana.user_id, "m.room.tombstone", {"body": "moved", "replacement_room": new}, "")
    await bot.settled()
    assert bot.rows("SELECT room_id FROM pods") == [{"room_id": pod}]
    world.member(new, BOT, "invite", by=ana.user_id)
    await bot.settled()
    assert bot.rows("SELECT room_id FROM pods") == [{"room_id": new}]


async def test_power_lost_and_given_back_is_noticed(world: World, bot: Bot, ana: Peer) -> None:
    room = world.create("river", ana.user_id, BOT)
    await bot.start()
    ana.say(room, "!assembly create River")
    await bot.settled()
    levels = {"users": {ana.user_id: 100}, "kick": 50, "invite": 50}
    world.put(room, ana.user_id, "m.room.power_levels", levels, "")
    await bot.settled()
    assert ana.texts(room)[-1].startswith("I lack the power to invite and remove people here")
    levels = {"users": {ana.user_id: 100, BOT: 50}, "kick": 50, "invite": 50}
    world.put(room, ana.user_id, "m.room.power_levels", levels, "")
    await bot.settled()
    assert bot.rows("SELECT bot_power FROM rooms") == [{"bot_power": 50}]


async def test_a_room_where_the_bot_was_silenced_hears_it_when_it_may_speak_again(
    world: World, bot: Bot, ana: Peer, pod: str
) -> None:
    silent = {"users": {ana.user_id: 100, BOT: 0}, "events_default": 50}
    world.put(pod, ana.user_id, "m.room.power_levels", silent, "")
    await bot.settled()
    await bot.queue(pod, "news", "T1")
    await bot.settled()
    assert ana.texts(pod)[-1] != "news"
    world.put(pod, ana.user_id, "m.room.power_levels", silent | {"events_default": 0}, "")
    await bot.settled()
    await bot.wait(hours=1)
    assert ana.texts(pod)[-1] == "news"
