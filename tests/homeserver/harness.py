"""The whole bot on a folder of its own, run against the homeserver; it can die at named moments and come back.

Dying is what `kill -9` leaves: from that instant nothing more is committed or asked for, the open
transaction is lost, and the next start has only what is on the disk.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Literal

from bot.app import handlers
from bot.commanding.discover import discover
from bot.commanding.dispatch import Dispatcher
from bot.domain.errors import DiskError
from bot.matrix.client import BotClient
from bot.matrix.fetcher import Fetcher
from bot.matrix.first_sync import FirstSync
from bot.matrix.pictures import Draw
from bot.matrix.roomstate import SETTLING
from bot.matrix.sender import Sender
from bot.matrix.sync import SyncLoop
from bot.matrix.upkeep import Upkeep
from bot.matrix.verification import Verifications
from bot.ports import Message, Say, SendChart
from bot.services import timers
from bot.store import inbox, outbox
from bot.store.database import Database, Tx
from tests import new_store
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, Bell

DATABASE = "spokesbot.db"
_registry = cache(discover)
LARGEST = 100_000
"""Bytes of a file that goes along."""
MASTER = "bWFzdGVyIG9mIHRoZSBib3QgaXMgdGhpcyBvbmUgaGVyZQ"
"""The public master key that the bot vouches for."""


class Life:
    """Whether the bot lives, and at which moment it is to die."""

    def __init__(self, bell: Bell) -> None:
        self.bell = bell
        self.ended = False
        self.moment: re.Pattern[str] | None = None

    async def reach(self, moment: str) -> None:
        """Stop here for ever if this is the moment, or if the bot has died elsewhere."""
        if self.moment is not None and self.moment.search(moment):
            self.ended = True
        self.bell.ring()
        if self.ended:
            await asyncio.get_running_loop().create_future()


class RingingEvent(asyncio.Event):
    """Tells those who watch the bot that it has looked."""

    def __init__(self, bell: Bell) -> None:
        super().__init__()
        self._bell = bell

    def clear(self) -> None:
        super().clear()
        self._bell.ring()

    async def wait(self) -> Literal[True]:
        self._bell.ring()  # what it saw is done
        return await super().wait()


class MortalDatabase(Database):
    """A database whose transactions are moments to die at: `before sync.s7`, `after sync.s7`."""

    life: Life

    @asynccontextmanager
    async def transaction(self, cause: str) -> AsyncIterator[Tx]:
        if self.life.ended:
            raise AssertionError("a dead bot wrote to its store")
        async with super().transaction(cause) as tx:
            yield tx
            await self.life.reach(f"before {cause}")
        await self.life.reach(f"after {cause}")

    @property
    def is_busy(self) -> bool:
        return self._turn.locked()


class MortalClient(BotClient):
    """A client whose requests are moments to die at, too, and that tells whether it is working on keys."""

    life: Life
    keeping = 0

    async def send(self, method: str, path: str, *args: Any, **more: Any) -> Any:
        await self.life.reach(f"before {method} {path}")
        answer = await super().send(method, path, *args, **more)
        await self.life.reach(f"after {method} {path}")
        return answer

    async def upkeep(self) -> float | None:
        self.keeping += 1
        try:
            return await super().upkeep()
        finally:
            self.keeping -= 1


class RingingVerifications(Verifications):
    """Tells those who watch the bot that a step was answered."""

    bell: Bell

    def _in_turn(self, *args: Any) -> asyncio.Task[None]:
        task = super()._in_turn(*args)
        task.add_done_callback(lambda _: self.bell.ring())
        return task


class Bot:
    """The bot, as the composition root builds it, without signals and without its operator's program.

    Args:
        server: Where its account is.
        folder: Where its data is; outlives it.
        device_id: Its device.
    """

    def __init__(self, server: Homeserver, folder: Path, device_id: str = "BOT") -> None:
        self.server = server
        self.world = server.world
        self.bell = server.world.bell
        self.clock = server.world.clock
        self.folder = folder
        self.pauses: list[float] = []
        self.draw: Draw = draw_nothing
        self.first_sync: FirstSync | None = None
        self.pauses_last = False  # as long as they would, by the clock that `later` moves
        self._resting: set[str] = set()
        self.device = self.world.register(BOT, device_id)
        self._tasks: list[asyncio.Task[None]] = []
        self._looking: sqlite3.Connection | None = None
        self.running = False

    # -- life ------------------------------------------------------------------------------------

    async def start(self, *, settle: bool = True) -> None:
        """Start from what is on the disk."""
        self.life = Life(self.bell)
        await new_store.lay(self.folder / DATABASE)
        database = await MortalDatabase.open(self.folder / DATABASE)
        assert isinstance(database, MortalDatabase)
        # one for each life, because to open it takes longer than to look
        self._looking = self._look()
        self.database = database
        self.database.life = self.life
        self.database.outbox_filled = RingingEvent(self.bell)
        new_store.lay_keys(self.folder)
        self.client = MortalClient(self.server.url, BOT, store_path=str(self.folder), pickle_key="key")
        self.client.life = self.life
        self.client.first_sync = self.first_sync
        self.client.restore_login(BOT, self.device.device_id, self.device.token)
        self.client.store.disk = self.database.disk
        dispatcher = Dispatcher(_registry(), self.clock, BOT)

        handle = handlers(dispatcher, self.clock, lambda inviter: inviter != "@mallory:test")
        async with self.database.transaction("start") as tx:
            await inbox.save_meta(tx, "user_id", BOT)
        self.verifications = RingingVerifications(self.client, self.clock, MASTER, pause=self._pause)
        self.verifications.bell = self.bell
        self.sync = SyncLoop(
            self.client,
            self.database,
            self.clock,
            handle,
            "!",
            self._pause,
            self.verifications.hear,
        )

        self.database.files_wanted = RingingEvent(self.bell)
        self.fetcher = Fetcher(self.client, self.database, self.clock, handle.file, LARGEST)
        self.upkeep = Upkeep(
            self.client, self.database, self.clock, self.sync.synced, self.sync.read_after_upkeep, self._pause
        )
        self.sender = Sender(self.client, self.database, self.clock, settling=timedelta(0), draw=self.draw)
        self._tasks = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("sync", self.sync.run()),
                ("keys", self.upkeep.run()),
                ("sender", self._send()),
                ("disk", self.database.disk.watch()),
                ("files", self.fetcher.run()),
            )
        ]
        for task in self._tasks:
            task.add_done_callback(lambda _: self.bell.ring())
        self.running = True
        if settle:
            await self.settled()

    async def _send(self) -> None:
        await self.sync.synced.wait()
        await self.sender.run()

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.bell.ring()
        if not self.pauses_last:
            await asyncio.sleep(0)
            return
        task, over = asyncio.current_task(), self.clock.now() + timedelta(seconds=seconds)
        assert task is not None
        self._resting.add(task.get_name())
        await self.bell.until(lambda: self.clock.now() >= over, "the pause is over")
        self._resting.discard(task.get_name())

    def die_at(self, moment: str) -> None:
        """Die at the next such moment: `before` or `after` the commit of a transaction, by its cause."""
        self.life.moment = re.compile(moment)

    async def died(self) -> None:
        """Wait until the moment has come, then leave what `kill -9` leaves."""
        await self.bell.until(lambda: self.life.ended, "the moment to die")
        await self.crash()

    async def crash(self) -> None:
        """Die now."""
        self.life.ended = True
        # what it began on the side dies with it
        names = ("send ", "prepare", "timers", "verification")
        aside = [task for task in asyncio.all_tasks() if task.get_name().startswith(names)]
        tasks = [*self._tasks, *aside]
        await self._end(tasks)

    async def stop(self) -> None:
        """End in order."""
        self._raise_if_ended()
        for task in self._tasks[:2]:
            task.cancel()
        self.sender.stop()
        await self._tasks[2]
        await self._end(self._tasks, in_order=True)

    async def _end(self, tasks: list[asyncio.Task[None]], *, in_order: bool = False) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if in_order:
            self.sync.rest()
        await self.client.close()
        await self.database._connection.close()
        if self._looking is not None:
            self._looking.close()
            self._looking = None
        self.running = False

    async def restart(self) -> None:
        """Die now and start again."""
        await self.crash()
        await self.start()

    # -- waiting ---------------------------------------------------------------------------------

    def _raise_if_ended(self) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled():
                task.result()
                raise AssertionError(f"{task.get_name()} came to an end")

    async def until(self, condition: Any, what: str) -> None:
        """Wait until something is true."""

        def holds() -> bool:
            self._raise_if_ended()
            return bool(condition())

        await self.bell.until(holds, what)

    async def settled(self) -> None:
        """Wait until the bot has taken in and said everything that it can at this moment.

        The seconds that a room is left alone after somebody came are let pass.
        """
        while True:
            try:
                await self.until(lambda: not self._busy(), "the bot has nothing to do")
            except AssertionError as error:
                raise AssertionError(f"{error}; it is {self._busy()}") from None
            if not self._due() & self._unsettled():
                return
            self.clock.moment += SETTLING
            self.database.outbox_filled.set()

    def _busy(self) -> list[str]:
        """Return what the bot is doing at this moment."""
        doing = {
            "syncing": "sync" not in self._resting
            and (self.server.polled_at != self.world.now or not self.sync.synced.is_set()),
            "working on keys": "keys" not in self._resting
            and (self.client.keeping or self.client.keys_wanted.is_set()),
            "reading what waited for keys": not self._resting and self.sync._parking.may_be_readable,
            "verifying": self.verifications._last,
            "storing": self.database.is_busy,
            "fetching": self.fetcher.is_busy or self.database.files_wanted.is_set(),
            "sending": self.sender._busy or self.database.outbox_filled.is_set(),
        }
        # the store is looked at last, because that is slow
        return [name for name, is_true in doing.items() if is_true] or [
            f"about to send in {room}" for room in self._due() - self._unsettled()
        ]

    def _due(self) -> set[str]:
        """Return the rooms whose next message may be tried."""
        silent = self.sender._pace._silent_until
        if silent is not None and self.clock.now() < silent:
            return set()
        now = round(self.clock.now().timestamp() * 1000)
        heads = self.rows(
            "SELECT room_id FROM outbox WHERE id IN (SELECT min(id) FROM outbox WHERE state = 'waiting'"
            f" GROUP BY room_id) AND not_before <= {now}"
        )
        return {row["room_id"] for row in heads}

    def _unsettled(self) -> set[str]:
        """Return the rooms that somebody has just come to."""
        return {room for room, at in self.sync.joins.items() if at + SETTLING > self.clock.now()}

    async def wait(self, **length: float) -> None:
        """Let time pass and the bot do what it does then."""
        self.later(**length)
        await self.settled()

    async def run_timers(self) -> None:
        """Do what is due, as the timers' task would."""
        await timers.run_due(self.database, self.clock)
        await self.settled()

    async def dies_at_timers(self, moment: str) -> None:
        """Do what is due and die at a moment of it."""
        self.die_at(moment)
        asyncio.create_task(timers.run_due(self.database, self.clock), name="timers")  # noqa: RUF006
        await self.died()

    async def ended(self) -> BaseException | None:
        """Wait until the sync loop ends and return why."""
        await self.bell.until(self._tasks[0].done, "the sync loop ends")
        return self._tasks[0].exception()

    async def out_of_space(self) -> None:
        """Wait until something could not be kept, then end as the program does: with what is on the disk."""
        await self.bell.until(lambda: any(map(_is_disk_fault, self._tasks)), "the disk is full")
        await self.crash()

    async def tried(self, txn_id: str, times: int = 1) -> None:
        """Wait until sending a row has failed so many times."""
        sql = f"SELECT 1 FROM outbox WHERE txn_id = '{txn_id}' AND attempts >= {times}"
        await self.until(lambda: self.rows(sql), f"{txn_id} is tried")

    async def sent(self, txn_id: str) -> None:
        """Wait until a row was sent."""
        sql = f"SELECT 1 FROM outbox WHERE txn_id = '{txn_id}' AND state = 'sent'"
        await self.until(lambda: self.rows(sql), f"{txn_id} is sent")

    def later(self, **length: float) -> None:
        """Let time pass, without waiting for what the bot does then."""
        self.clock.moment += timedelta(**length)
        self.database.outbox_filled.set()
        self.database.files_wanted.set()
        self.bell.ring()

    # -- looking and asking ----------------------------------------------------------------------

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Look into the store."""
        if self._looking is not None:
            return [dict(row) for row in self._looking.execute(sql)]
        with closing(self._look()) as connection:
            return [dict(row) for row in connection.execute(sql)]

    def _look(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.folder / DATABASE)
        connection.row_factory = sqlite3.Row
        return connection

    async def queue(self, room_id: str, message: Message | str, txn_id: str) -> None:
        """Queue a message as a service would."""
        message = Say(message) if isinstance(message, str) else message
        async with self.database.transaction("test") as tx:
            await outbox.queue(tx, self.clock.now(), room_id, message, txn_id=txn_id)


async def draw_nothing(chart: SendChart) -> bytes:
    """Return the first bytes of a picture of 3 by 2 pixels: drawing takes its time, and is tried elsewhere."""
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x03\0\0\0\x02"


def _is_disk_fault(task: asyncio.Task[None]) -> bool:
    return task.done() and not task.cancelled() and isinstance(task.exception(), DiskError)
