"""What anybody said is nowhere but in the room and, where it must be, in the store: never in the log."""

import logging
from collections.abc import Iterator

import pytest

from bot import logs
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, World

WORDS = ("marzipan", "gooseberry", "Rhubarb", "elderflower", "tamarind", "quince")


class Collector(logging.Handler):
    """Keeps everything that a log could show of a record, in both forms."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        shown = (logs.TextFormatter(), logs.JsonFormatter(), logging.Formatter())
        self.seen.append("\n".join([*(form.format(record) for form in shown), repr(vars(record))]))


@pytest.fixture
def log() -> Iterator[Collector]:
    """The log as the operator sets it up, at its most talkative."""
    loggers = [logging.getLogger(name) for name in ("", "bot", "nio", "peewee", "aiohttp")]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    logs.set_up("DEBUG", "text")
    collector = Collector()
    logging.getLogger().handlers[:] = [collector]
    yield collector
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers


async def test_nobodys_words_reach_the_log_whatever_goes_wrong(
    server: Homeserver,
    world: World,
    bot: Bot,
    ana: Peer,
    ben: Peer,
    log: Collector,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    room = world.create("willow", ana.user_id, ben.user_id, BOT)
    await bot.start()
    for what in ("PUT .*/send/", "GET .*/sync", "POST .*/keys", "PUT .*/sendToDevice"):
        server.fail(what, 502)
        server.fault("cut", what)
        server.fault("lose", what)
    server.fail("PUT .*/send/", 413, "M_TOO_LARGE")
    ana.say(room, "!pod create Rhubarb")
    ana.say(room, "!marzipan gooseberry")
    ana.say(room, "talk of elderflower")
    ana.new_room_key(room)
    ana.say(room, "!pod create gooseberry", share=False)
    content = ben.encrypted(room, "m.room.message", {"msgtype": "m.text", "body": "!pod create quince"})
    world.put(room, ana.user_id, "m.room.encrypted", content)
    world.put(room, ana.user_id, "m.room.message", {"msgtype": "m.text", "body": "!pod create quince"})
    world.put(room, ana.user_id, "m.room.message", {"msgtype": ["tamarind"], "body": {"quince": "quince"}})
    broken = ben.encrypted(room, "m.room.message", {"msgtype": "m.text", "body": ["tamarind"]})
    world.put(room, ben.user_id, "m.room.encrypted", broken)
    await bot.settled()
    for _ in range(6):
        await bot.wait(minutes=1)

    async def fail(*_: object) -> None:
        raise RuntimeError(WORDS[4])  # not the word itself: a traceback shows this line

    monkeypatch.setattr("bot.services.groups.pods.create_pod", fail)
    monkeypatch.setattr("bot.services.groups.describe_pod", fail)
    ana.say(room, "!pod")
    ana.share_key(room)
    ana.forward_keys()
    await bot.queue(room, "marzipan for all", "T1")
    await bot.settled()
    await bot.restart()
    assert any("marzipan for all" in text for text in ana.texts(room))
    assert any("Something went wrong" in text for text in ana.texts(room))
    assert log.seen
    assert [line for line in log.seen for word in WORDS if word in line] == []
