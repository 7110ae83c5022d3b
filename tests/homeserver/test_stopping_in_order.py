"""A start after a stop goes on where that ended; after a crash nothing of it is used, and no key twice."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from shutil import copyfile
from sqlite3 import connect

import pytest
import vodozemac

from bot.matrix import keystore
from bot.matrix.snapshot import GOOD_FOR, KEYS_GOOD_FOR
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World

PODS = 3


@pytest.fixture
async def rooms(world: World, bot: Bot, ana: Peer, ben: Peer) -> list[str]:
    """Rooms with Ana and Ben, where the bot has spoken and was stopped in order."""
    rooms = [world.create(f"room{number}", ana.user_id, ben.user_id, BOT) for number in range(PODS)]
    await bot.start()
    await bot.stop()
    return rooms


def sessions(world: World, room: str) -> list[tuple[str, int]]:
    """Return the session and the index there of everything the bot said in a room."""
    found = []
    for stored in world.rooms[room].events:
        content = stored.event["content"]
        if stored.event["sender"] == BOT and "ciphertext" in content:
            index = vodozemac.MegolmMessage.from_base64(content["ciphertext"]).message_index()
            found.append((content["session_id"], index))
    return found


def kept(bot: Bot) -> int:
    """Return how much is put down on the disk."""
    with closing(connect(bot.folder / keystore.FILE)) as connection:
        return int(connection.execute("SELECT count(*) FROM resting").fetchone()[0])


async def test_a_start_after_a_stop_asks_for_what_is_new_and_speaks_at_once(
    server: Homeserver, world: World, bot: Bot, ana: Peer, rooms: list[str]
) -> None:
    assert kept(bot) == PODS + 1
    ana.say(rooms[0], "!help")
    server.asked.clear()
    await bot.start()
    assert server.count("/keys/query") == server.count("sendToDevice") == 0
    assert len(ana.texts(rooms[0])) == 2
    (first, last) = sessions(world, rooms[0])
    assert (first[0], first[1] + 1) == last
    assert kept(bot) == 0


async def test_who_came_and_who_went_meanwhile_is_known_before_anything_is_said(
    world: World, bot: Bot, ana: Peer, ben: Peer, rooms: list[str]
) -> None:
    cy = Peer(world, "cy")
    world.member(rooms[0], ben.user_id, "leave")
    world.member(rooms[1], cy.user_id, "join")
    laptop = Peer(world, "ana", "LAPTOP")
    for room in rooms:
        ana.say(room, "!help")
    await bot.start()
    assert ben.texts(rooms[0])[-1] == "(unreadable)"
    assert cy.texts(rooms[1])[-1] != "(unreadable)"
    assert all(ana.texts(room)[-1] == laptop.texts(room)[-1] != "(unreadable)" for room in rooms)


@pytest.mark.parametrize("how", ["crash", "later", "much later", "another place"])
async def test_after_anything_else_than_a_stop_no_key_is_used_again(
    world: World, bot: Bot, ana: Peer, rooms: list[str], how: str
) -> None:
    match how:
        case "crash":
            await bot.start()
            await bot.crash()
        case "later":
            bot.later(seconds=(KEYS_GOOD_FOR + timedelta(seconds=1)).total_seconds())
        case "much later":
            bot.later(seconds=(GOOD_FOR + timedelta(seconds=1)).total_seconds())
        case _:
            with closing(connect(bot.folder / "spokesbot.db")) as connection, connection:
                connection.execute("UPDATE meta SET value = 's1' WHERE key = 'sync_token'")
    await bot.start()
    ana.say(rooms[0], "!help")
    await bot.settled()
    said = sessions(world, rooms[0])
    assert len({session for session, _ in said}) == len(said) == 2
    assert ana.texts(rooms[0])[-1] != "(unreadable)"


async def test_a_copy_of_the_keys_from_before_the_start_is_worth_nothing_once_it_has_spoken(
    world: World, bot: Bot, ana: Peer, rooms: list[str], tmp_path: Path
) -> None:
    copyfile(bot.folder / keystore.FILE, tmp_path / "copy")
    await bot.start()
    ana.say(rooms[0], "!help")
    await bot.settled()
    await bot.crash()
    for file in bot.folder.glob("keys.db*"):
        file.unlink()
    copyfile(tmp_path / "copy", bot.folder / keystore.FILE)
    await bot.start()
    await bot.queue(rooms[0], "Hello", "hello")
    await bot.settled()
    said = sessions(world, rooms[0])
    assert len(set(said)) == len(said) == 3


async def test_where_the_two_books_differ_the_server_is_asked(bot: Bot, rooms: list[str]) -> None:
    with closing(connect(bot.folder / "spokesbot.db")) as connection, connection:
        connection.execute("DELETE FROM members WHERE user_id = '@ben:test' AND room_id = ?", (rooms[0],))
    await bot.start()
    assert len(bot.rows("SELECT 1 FROM members WHERE user_id = '@ben:test'")) == PODS


async def test_what_is_put_down_is_deleted_though_it_is_not_used(bot: Bot, rooms: list[str]) -> None:
    bot.later(days=2)
    await bot.start()
    assert kept(bot) == 0
