"""What a fan-out and a start cost grows with the number of rooms and no faster: counted, not timed.

Four times as many rooms, with four times as many people, may cost 4.2 times as many requests, statements, bytes on
the disk and calls of functions. Whatever looks at all people or all rooms for each room costs sixteen times as many.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import FrameType

import pytest

from bot.matrix import pace
from bot.ports import Say
from bot.store import outbox
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT

FEW, MANY, GROWTH = 10, 40, 4.2
PEOPLE = 2
"""In each room, and in no other."""
_COUNTED = ("/bot/", "/nio/")


class Federation:
    """A bot in so many rooms with people of their own.

    Args:
        server: Where it is.
        folder: Where its data is.
        rooms: How many.
    """

    def __init__(self, server: Homeserver, folder: Path, rooms: int) -> None:
        self.server = server
        self.bot = Bot(server, folder)
        self.people = [[Peer(server.world, f"p{room}x{n}") for n in range(PEOPLE)] for room in range(rooms)]
        self.rooms = [
            server.world.create(f"room{number}", *(peer.user_id for peer in people), BOT)
            for number, people in enumerate(self.people)
        ]
        self.spent: Counter[str] = Counter()

    async def start(self) -> Counter[str]:
        """Start the bot, and have the size of its logs say what it writes; returns what it cost."""
        with self.spending():
            await self.bot.start(settle=False)
            keys, store = self.bot.client.store.database.connection(), self.bot.database._statements
            for connection in (keys, store):
                connection.execute("PRAGMA wal_autocheckpoint = 0")
                connection.set_trace_callback(self._executed)
            await self.bot.settled()
        return Counter(self.spent)

    def _executed(self, _: str) -> None:
        self.spent["statements"] += 1

    @contextmanager
    def spending(self) -> Iterator[None]:
        """Count what the block costs into `spent`."""
        self.server.asked.clear()
        self.spent.clear()
        before = self._written()
        sys.setprofile(self._called)
        try:
            yield
        finally:
            sys.setprofile(None)
            self.spent["requests"] = len(self.server.asked)
            self.spent["bytes"] = self._written() - before

    def _called(self, frame: FrameType, event: str, _: object) -> None:
        if event in ("call", "c_call") and any(part in frame.f_code.co_filename for part in _COUNTED):
            self.spent["calls"] += 1

    def _written(self) -> int:
        return sum(path.stat().st_size for path in self.bot.folder.glob("*-wal"))

    async def fan_out(self, words: str) -> Counter[str]:
        """Say something in every room; returns what it cost."""
        with self.spending():
            async with self.bot.database.transaction("test") as tx:
                for room in self.rooms:
                    await outbox.queue(tx, self.bot.clock.now(), room, Say(words), txn_id=f"{words}.{room}")
            await self.bot.settled()
        for room, people in zip(self.rooms, self.people, strict=True):
            assert all(peer.texts(room)[-1] == words for peer in people)
        return Counter(self.spent)


@asynccontextmanager
async def federation(folder: Path, rooms: int) -> AsyncIterator[Federation]:
    """A federation on a server of its own."""
    async with Homeserver.running() as server:
        folder.mkdir()
        made = Federation(server, folder, rooms)
        yield made
        if made.bot.running:
            await made.bot.crash()


def dear(few: Counter[str], many: Counter[str]) -> dict[str, float]:
    """Return what grew faster than the rooms."""
    grown = {what: round(many[what] / max(few[what], 1), 2) for what in many}
    return {what: times for what, times in grown.items() if times > GROWTH}


async def a_day(folder: Path, rooms: int) -> dict[str, Counter[str]]:
    """Start, speak everywhere with new keys and again with the same, be killed, be stopped; returns what each cost."""
    async with federation(folder, rooms) as made:
        spent = {"cold start": await made.start()}
        await made.bot.crash()
        spent["start after a crash"] = await made.start()
        spent["first fan-out"] = await made.fan_out("first")
        spent["warm fan-out"] = await made.fan_out("warm")
        await made.bot.stop()
        spent["start after a stop"] = await made.start()
        return spent


async def test_four_times_the_rooms_cost_four_times_as_much(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # fewer at once than there are rooms, as in a large federation
    monkeypatch.setattr(pace, "WIDTH", FEW)
    few, many = await a_day(tmp_path / "few", FEW), await a_day(tmp_path / "many", MANY)
    assert {what: dear(few[what], many[what]) for what in few} == {what: {} for what in few}
    # one request for each message, and a few that all share
    assert many["first fan-out"]["requests"] <= 1.15 * MANY + 10
    assert many["warm fan-out"]["requests"] <= MANY + 5
