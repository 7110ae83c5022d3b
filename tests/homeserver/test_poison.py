"""One event that nobody was prepared for must not stop the bot, now or at each start."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.matrix import sync
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.poisoner import Poisoner
from tests.homeserver.server import Homeserver
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


def wire(kind: str, content: Any, **more: Any) -> str:
    """Return an event as a server writes it, malformed where a test says so."""
    good = {
        "type": kind,
        "sender": "@mallory:test",
        "event_id": "$bad",
        "origin_server_ts": 1,
        "content": content,
    }
    return json.dumps(good | more)


POISON = {
    "an event that is no object": "5",
    "unsigned that is no object": wire("m.room.message", {"msgtype": "m.text", "body": "x"}, unsigned=5),
    "a sender and a time that are none": wire("m.room.message", {}, sender=1, origin_server_ts={}),
    "too deep": wire("m.room.message", "@@").replace('"@@"', '{"a":' * 3000 + "1" + "}" * 3000),
    "a number too long": wire("x", {}, origin_server_ts="@@").replace('"@@"', "9" * 5000),
    "half a character in an id": wire("m.room.member", {"membership": "join"}, state_key="@\ud800:test"),
    "a room version that only looks like a number": wire("m.room.create", {"room_version": "²"}, state_key=""),
}  # fmt: skip


@pytest.mark.parametrize("place", ["timeline", "state"])
@pytest.mark.parametrize("poison", POISON.values(), ids=POISON.keys())
async def test_a_malformed_event_costs_only_itself(tmp_path: Path, poison: str, place: str) -> None:
    async with Poisoner.running() as server:
        assert isinstance(server, Poisoner)
        ana = Peer(server.world, "ana")
        river = server.world.create("river", ana.user_id, BOT)
        bot = Bot(server, tmp_path)
        await bot.start()
        server.poisoned, server.add = river, {place: [poison]}
        ana.say(river, "!assembly create River")
        await bot.settled()
        assert not server.poisoned, "the poison was given"
        await bot.stop()
        assert "This room is now the assembly River" in "\n".join(ana.texts(river))


async def test_power_beyond_counting_loses_no_member(world: World, bot: Bot, ana: Peer) -> None:
    room = world.create("river", ana.user_id, BOT, users={ana.user_id: 100, BOT: 2**70}, kick=10**30)
    await bot.start()
    assert {row["user_id"] for row in bot.rows("SELECT user_id FROM members")} >= {ana.user_id}
    await assert_alive(bot, ana, room)


@pytest.mark.parametrize("payload", ["[" * 3000 + "]" * 3000, "9" * 5000, "5", '{"type": 5}', "\x00"])
async def test_anything_encrypted_by_a_member_is_left_where_it_cannot_be_read(
    world: World, bot: Bot, ana: Peer, room: str, payload: str
) -> None:
    content = ana.encrypted(room, "m.room.message", {})
    content["ciphertext"] = ana._outbound[room].encrypt(payload.encode()).to_base64()
    world.put(room, ana.user_id, "m.room.encrypted", content)
    await bot.settled()
    await assert_alive(bot, ana, room)


@pytest.mark.parametrize(
    "answer", [[], {"rooms": 5}, {"next_batch": "s1", "rooms": {"join": {"!x:test": 5}}}]
)
async def test_an_answer_malformed_as_a_whole_is_asked_for_again(
    world: World, server: Homeserver, bot: Bot, ana: Peer, room: str, answer: Any
) -> None:
    server.fail("/sync", 200, times=1)
    server.faults[-1].body = json.dumps(answer)
    ana.say(room, "!help")
    await bot.settled()
    await assert_alive(bot, ana, room)
