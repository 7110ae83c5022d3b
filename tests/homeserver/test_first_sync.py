"""The first sync is asked for while the program is loaded, and only once."""

import pytest

from bot.matrix.filters import AT_FIRST, NO_RECEIPTS, TIMELINE, asked_for
from bot.matrix.first_sync import FirstSync
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World

FIRST = asked_for(NO_RECEIPTS, AT_FIRST)


@pytest.fixture
def room(world: World, ana: Peer) -> str:
    """A room with Ana and the bot, which has never been started."""
    return world.create("river", ana.user_id, BOT)


async def test_what_was_asked_ahead_is_taken_and_not_asked_again(
    server: Homeserver, bot: Bot, ana: Peer, room: str
) -> None:
    bot.first_sync = FirstSync(server.url, bot.device.token)
    await bot.start()
    ana.say(room, "!help")
    await bot.settled()
    assert len(ana.texts(room)) == 2
    assert server.filters.count(FIRST) == 1
    assert bot.first_sync._fetching is None  # some megabytes are not kept


@pytest.mark.parametrize("how", ["lose", "drop", "cut"])
async def test_when_it_breaks_off_it_is_asked_for_again(
    server: Homeserver, bot: Bot, ana: Peer, room: str, how: str
) -> None:
    server.fault(how, "GET .*/sync")
    bot.first_sync = FirstSync(server.url, bot.device.token)
    await bot.start()
    ana.say(room, "!help")
    await bot.settled()
    assert len(ana.texts(room)) == 2
    assert server.filters.count(FIRST) == 2


async def test_who_has_synced_before_takes_nothing_that_asks_something_else(
    server: Homeserver, bot: Bot, ana: Peer, room: str
) -> None:
    await bot.start()
    await bot.stop()
    bot.first_sync = FirstSync(server.url, bot.device.token)
    ana.say(room, "!help")
    await bot.start()
    assert len(ana.texts(room)) == 2
    assert bot.first_sync._fetching is not None  # not taken
    bot.first_sync.drop()


async def test_what_was_dropped_stands_for_nothing(
    server: Homeserver, bot: Bot, ana: Peer, room: str
) -> None:
    bot.first_sync = FirstSync(server.url, bot.device.token)
    bot.first_sync.drop()
    await bot.start()
    ana.say(room, "!help")
    await bot.settled()
    assert len(ana.texts(room)) == 2


async def test_it_stands_for_nothing_but_the_same_request(server: Homeserver, bot: Bot) -> None:
    first = FirstSync(server.url, bot.device.token)
    path = f"/_matrix/client/v3/sync?{first._query}"
    assert first.stands_for("GET", path)
    assert not first.stands_for("PUT", path)
    assert not first.stands_for("GET", f"{path}&since=s1")
    assert not first.stands_for("GET", path.replace(f"{AT_FIRST}%2C", f"{TIMELINE}%2C"))
    assert not first.stands_for("GET", path.replace("/sync", "/events"))
    first.drop()
