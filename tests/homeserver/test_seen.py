"""Whether a room has seen what was delivered, from the receipts of its members, across restarts and at little cost."""

from __future__ import annotations

from bot.store import pods
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World

CY = "@cy:test"


async def federation(world: World, bot: Bot, ana: Peer, ben: Peer, count: int = 2) -> tuple[str, list[str]]:
    """An assembly with some pods; Ana speaks for the first, Ben for the second. Cy is in every pod."""
    river = world.create("river", ana.user_id, ben.user_id, BOT)
    rooms = [world.create(f"pod{number}", ana.user_id, CY, BOT) for number in range(count)]
    await bot.start()
    ana.say(river, "!assembly create River")
    await bot.settled()
    async with bot.database.transaction("test") as tx:
        for number, room in enumerate(rooms):
            await pods.create_pod(tx, room, f"Pod {number + 1}", bot.clock.now())
        await tx.run("UPDATE pods SET assembly_room_id = ?", river)
        for room, peer in zip(rooms, (ana, ben), strict=False):
            await tx.run("INSERT INTO seats VALUES (?, 'speak', ?, 0)", room, peer.user_id)
    return river, rooms


async def deliver(bot: Bot, river: str, ana: Peer, ben: Peer, line: str = "!summary Sunday.") -> None:
    """Let a summary S1 go to every pod."""
    for peer, typed in ((ana, line), (ana, "ok S1"), (ben, "ok S1")):
        peer.say(river, typed)
        await bot.settled()


async def seen(bot: Bot, river: str, ana: Peer) -> str:
    """Return what the status says of who has seen it."""
    ana.say(river, "!summary status S1")
    await bot.settled()
    return ana.texts(river)[-1].partition("; ")[2].partition(".")[0]


async def test_a_room_has_seen_it_when_a_members_receipt_is_on_it(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, (one, _two) = await federation(world, bot, ana, ben)
    await deliver(bot, river, ana, ben)
    assert await seen(bot, river, ana) == "seen by 0 of 2"
    world.read(one, CY, ana.heard(one)[-1].event_id)
    await bot.settled()
    assert await seen(bot, river, ana) == "seen by 1 of 2"
    world.read(one, ana.user_id, ana.heard(one)[-1].event_id)
    await bot.settled()
    assert await seen(bot, river, ana) == "seen by 1 of 2"


async def test_a_receipt_counts_on_what_was_shown_later_and_not_on_what_was_shown_before(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, (one, two) = await federation(world, bot, ana, ben)
    before = ana.say(one, "before")
    await deliver(bot, river, ana, ben)
    world.read(one, CY, before)
    later = ana.say(two, "later")
    await bot.settled()
    assert await seen(bot, river, ana) == "seen by 0 of 2"
    world.read(two, CY, later)
    await bot.settled()
    assert await seen(bot, river, ana) == "seen by 1 of 2"


async def test_only_members_with_a_voice_count_and_the_bot_itself_does_not(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, (one, _two) = await federation(world, bot, ana, ben)
    await deliver(bot, river, ana, ben)
    letter = ana.heard(one)[-1].event_id
    async with bot.database.transaction("test") as tx:
        await tx.run("UPDATE members SET observer = 1 WHERE user_id = ?", CY)
    for user in (BOT, CY, "@nobody:test"):
        world.read(one, user, letter)
    await bot.settled()
    assert await seen(bot, river, ana) == "seen by 0 of 2"


async def test_a_receipt_of_another_thread_or_a_private_one_says_nothing(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, (one, two) = await federation(world, bot, ana, ben)
    await deliver(bot, river, ana, ben)
    root = ana.say(one, "a thread begins")
    world.read(one, CY, root, thread=root)
    world.read(two, CY, ana.heard(two)[-1].event_id, kind="m.read.private")
    await bot.settled()
    assert await seen(bot, river, ana) == "seen by 0 of 2"
    world.read(one, CY, root, thread="main")
    await bot.settled()
    assert await seen(bot, river, ana) == "seen by 1 of 2"


async def test_a_correction_must_be_seen_itself(world: World, bot: Bot, ana: Peer, ben: Peer) -> None:
    river, (one, two) = await federation(world, bot, ana, ben)
    await deliver(bot, river, ana, ben)
    letters = [ana.heard(room)[-1].event_id for room in (one, two)]
    world.read(one, CY, letters[0])
    await bot.settled()
    await deliver(bot, river, ana, ben, "!summary correct S1 Saturday.")
    assert await seen(bot, river, ana) == "seen by 0 of 2"
    world.read(two, CY, letters[1])
    world.read(one, CY, ana.heard(one)[-1].event_id)
    await bot.settled()
    assert await seen(bot, river, ana) == "seen by 1 of 2"


async def test_what_was_read_while_the_bot_was_down_counts(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, (one, two) = await federation(world, bot, ana, ben)
    await deliver(bot, river, ana, ben)
    known = ana.say(one, "said while it is up")
    await bot.settled()
    await bot.crash()
    world.read(one, CY, known)
    for number in range(150):  # more than an answer holds
        last = ana.say(two, f"line {number}")
    world.read(two, CY, last)
    await bot.start()
    assert await seen(bot, river, ana) == "seen by 2 of 2"


async def test_nothing_of_who_has_read_what_is_kept(world: World, bot: Bot, ana: Peer, ben: Peer) -> None:
    river, rooms = await federation(world, bot, ana, ben)
    await deliver(bot, river, ana, ben)
    letters = [ana.heard(room)[-1].event_id for room in rooms]
    for room, letter in zip(rooms, letters, strict=True):
        world.read(room, CY, letter, thread="main")
        world.read(room, ana.user_id, letter)
    await bot.settled()
    assert await seen(bot, river, ana) == "seen by 2 of 2"
    for room in bot.client.rooms.values():
        assert not room.read_receipts
        assert not room.threaded_read_receipts
    assert bot.rows("SELECT * FROM timeline_places") == []


async def test_receipts_are_asked_for_only_where_something_waits_to_be_seen(
    world: World, server: Homeserver, bot: Bot, ana: Peer, ben: Peer
) -> None:
    def asked() -> dict[str, object]:
        ephemeral = server.filters[-1]["room"]["ephemeral"]
        assert isinstance(ephemeral, dict)
        return ephemeral

    river, rooms = await federation(world, bot, ana, ben)
    assert asked() == {"types": []}
    await deliver(bot, river, ana, ben)
    assert asked() == {"types": ["m.receipt"], "rooms": rooms}
    world.read(rooms[0], CY, ana.heard(rooms[0])[-1].event_id)
    ana.say(river, "talk")
    await bot.settled()
    assert asked() == {"types": ["m.receipt"], "rooms": rooms[1:]}
    await deliver(bot, river, ana, ben, "!summary retract S1")
    assert asked() == {"types": []}


async def test_receipts_of_many_rooms_do_not_cost_a_transaction_each(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben, count=12)
    await deliver(bot, river, ana, ben)
    began: list[str] = []
    bot.life.moment = Noting(began)  # type: ignore[assignment]
    for room in rooms:
        world.read(room, CY, ana.heard(room)[-1].event_id)
        world.read(river, CY, ana.heard(room)[-1].event_id)
        await bot.settled()
    bot.life.moment = None
    assert len(began) <= 4, began
    assert await seen(bot, river, ana) == "seen by 12 of 12"


class Noting:
    """Stands in for a pattern of moments: takes note of them and never matches."""

    def __init__(self, began: list[str]) -> None:
        self.began = began

    def search(self, moment: str) -> bool:
        if moment.startswith("before sync"):
            self.began.append(moment)
        return False
