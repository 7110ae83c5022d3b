"""A disk that is full: nothing is kept by halves, nothing is sent with keys that are not kept, and then all goes on."""

import logging

import pytest

from bot.domain.errors import DiskError
from bot.matrix.keystore import KeyStore
from bot.store.database import Database
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World

PEOPLE, POLLS_OF_ONE = 3, 10
POLLS = PEOPLE * POLLS_OF_ONE
ROOMS = 12
SENDING = "PUT .*/(send|sendToDevice)/"


async def fill(database: Database, pages: int) -> None:
    """Leave room for so many pages more."""
    connection = database._connection
    await connection.execute("VACUUM")  # pages that are free in the file would be used first
    [(count,)] = await connection.execute_fetchall("PRAGMA page_count")
    await connection.execute(f"PRAGMA max_page_count={count + pages}")


def fill_keys(store: KeyStore, pages: int) -> None:
    """Leave room for so many pages more in the store of keys."""
    [(count,)] = store.database.execute_sql("PRAGMA page_count")
    store.database.execute_sql(f"PRAGMA max_page_count={count + pages}")


def assert_all_is_said(bot: Bot) -> None:
    assert bot.rows("SELECT count(*) AS n FROM outbox WHERE state != 'sent'") == [{"n": 0}]


@pytest.mark.parametrize("pages", range(5))
async def test_commands_that_meet_a_full_disk_are_done_once_when_there_is_space(
    world: World, bot: Bot, ana: Peer, pages: int, caplog: pytest.LogCaptureFixture
) -> None:
    people = [ana, *(Peer(world, f"guest{number}") for number in range(1, PEOPLE))]
    room = world.create("willow", *(peer.user_id for peer in people), BOT)
    await bot.start()
    ana.say(room, "!pod create Willow")
    await bot.settled()
    await fill(bot.database, pages)
    with caplog.at_level(logging.WARNING):
        for number in range(POLLS):
            people[number % PEOPLE].say(room, f"!poll Question {number}? | Yes | No")
        await bot.out_of_space()
    assert len(caplog.records) <= 3  # what was in the way, and not again and again
    await bot.start()
    await bot.settled()
    questions = [f"Question {number}?" for number in range(POLLS)]
    assert [row["question"] for row in bot.rows("SELECT question FROM polls ORDER BY opened_at, id")] != []
    assert sorted(row["question"] for row in bot.rows("SELECT question FROM polls")) == sorted(questions)
    texts = ana.texts(room)
    assert [sum(f": {question}\n" in text for text in texts) for question in questions] == [1] * POLLS
    assert not any("Something went wrong" in text for text in texts)
    assert_all_is_said(bot)


async def test_after_a_full_disk_nothing_more_is_kept_by_that_run(world: World, bot: Bot, ana: Peer) -> None:
    room = world.create("willow", ana.user_id, BOT)
    await bot.start()
    await bot.settled()
    await fill(bot.database, 0)
    with pytest.raises(DiskError, match="it is full"):
        async with bot.database.transaction("test") as tx:
            await tx.run("INSERT INTO meta VALUES ('first', 'x')")
            with pytest.raises(DiskError):
                await tx.run("INSERT INTO meta VALUES ('large', ?)", "x" * 100_000)
            with pytest.raises(DiskError):  # a guard on the way that caught it can do nothing more
                await tx.run("INSERT INTO meta VALUES ('after', 'x')")
    await fill(bot.database, 1000)
    with pytest.raises(DiskError):
        async with bot.database.transaction("test"):
            pass
    assert bot.rows("SELECT * FROM meta WHERE key IN ('first', 'large', 'after')") == []
    await bot.out_of_space()
    await bot.start()
    ana.say(room, "!pod create Willow")
    await bot.settled()
    assert sum("is now the pod" in text for text in ana.texts(room)) == 1


@pytest.mark.parametrize("pages", range(3))
async def test_room_keys_that_meet_a_full_disk_are_not_lost(
    world: World, bot: Bot, ana: Peer, ben: Peer, pages: int
) -> None:
    rooms = [world.create(f"room{number}", ana.user_id, ben.user_id, BOT) for number in range(ROOMS)]
    await bot.start()
    await bot.settled()
    fill_keys(bot.client.store, pages)
    for number, room in enumerate(rooms):
        for peer in (ana, ben):
            peer.new_room_key(room)
            peer.say(room, f"!pod create Pod {number}" if peer is ana else "!xyzzy")
    await bot.out_of_space()
    await bot.start()
    await bot.settled()
    for number, room in enumerate(rooms):
        texts = ana.texts(room)
        assert sum(f"is now the pod Pod {number}" in text for text in texts) == 1
        assert sum("I do not know" in text for text in texts) == 1
        assert "(unreadable)" not in texts + ben.texts(room)
    assert_all_is_said(bot)


@pytest.mark.parametrize("pages", range(3))
async def test_nothing_is_sent_with_a_key_that_could_not_be_kept(
    server: Homeserver, world: World, bot: Bot, ana: Peer, pages: int
) -> None:
    room = world.create("willow", ana.user_id, BOT)
    await bot.start()
    await bot.settled()
    people = [Peer(world, f"guest{number}") for number in range(ROOMS)]
    rooms = [world.create(f"room{number}", peer.user_id, BOT) for number, peer in enumerate(people)]
    fill_keys(bot.client.store, pages)
    # each room has somebody whom the bot has never met: a new key for each
    await bot.out_of_space()
    sent = server.count(SENDING)
    ana.say(room, "!pod create Willow")
    assert server.count(SENDING) == sent
    await bot.start()
    await bot.settled()
    for peer, each in zip(people, rooms, strict=True):
        [hello] = peer.texts(each)
        assert hello.startswith("Hello, I am Spokesbot.")
    assert sum("is now the pod" in text for text in ana.texts(room)) == 1
    assert_all_is_said(bot)
