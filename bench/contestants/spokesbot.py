"""The real bot, started as operators start it, in an assembly with a pod for each room.

Rule: its groups are written by its own store's functions, because founding hundreds of pods by command would take
longer than everything that is measured; whatever is measured goes by commands of real members.
"""

from __future__ import annotations

import re
import sqlite3
from datetime import UTC, datetime

from bench.contestants.base import Ordered, Setting
from bench.peer import Heard, Peer
from bench.world import BOT, World
from bot.domain.pods import size_notice
from bot.domain.rotation import Pair
from bot.ports import MemberSeen
from bot.store import pods, rooms, spokes
from bot.store.database import Database, Tx
from sandbox.bot import BotProcess
from sandbox.install import SandboxError
from sandbox.synapse import Account

KEYS = ("query", "claim", "to device")
QUIET = 1.5
"""Seconds without a request for keys after which it counts as prepared."""
PATIENCE = 120.0


class Spokesbot:
    """The bot and the people who approve."""

    command = "!status"

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        world = setting.world
        self._process = BotProcess(setting.server, account=Account(BOT, world.password))

    @property
    def process_id(self) -> int:
        """The id of its process."""
        return self._process.process_id

    async def set_up(self) -> None:
        """Log it in and found its groups."""
        await self._process.set_up()
        database = await Database.open(self._process.folder / "data" / "spokesbot.db")
        try:
            async with database.transaction("bench") as tx:
                await _found(tx, self._setting.world, datetime.now(UTC))
        finally:
            await database.close()

    async def start(self) -> None:
        """Start it and wait until it is in sync."""
        await self._process.start()

    async def order(self, words: str) -> Ordered:
        """Draft a summary, let whoever prepares prepare, and approve it."""
        server, room = self._setting.server, self._setting.world.assembly.room_id
        first, second = self._setting.peers[:2]
        mark = server.mark()
        drafted = await first.ask(room, f"!summary {words}", PATIENCE)
        found = re.search(r"\bDraft (S\d+)\b", drafted.body)
        if found is None:
            raise SandboxError(f"no draft was made: {drafted.body}")
        began = next(each.asked_at for each in server.since(mark, BOT, "send"))
        prepared = await server.until_quiet(mark, BOT, KEYS, QUIET)
        before = max(prepared.at - began, 0.0) if prepared else 0.0
        await self._approve(first, room, found[1], "Counted")
        mark_ok = server.mark()
        asked_at = await _say(second, room, f"ok {found[1]}")
        await server.until("the ok", lambda: bool(server.since(mark_ok, BOT, "sync")), PATIENCE)
        heard = server.since(mark_ok, BOT, "sync")[0].at
        return Ordered(mark, heard, asked_at, before)

    async def _approve(self, peer: Peer, room: str, summary: str, answer: str) -> Heard:
        # the preview may have reached people a moment before the bot has noted that it did
        while answer not in (heard := await peer.ask(room, f"ok {summary}", PATIENCE)).body:
            if "not shown here yet" not in heard.body:
                raise SandboxError(f"the ok was not taken: {heard.body}")
        return heard

    async def stop(self) -> None:
        """End it with SIGTERM."""
        await self._process.stop()

    async def clear(self) -> None:
        """End it and remove its folder."""
        await self._process.__aexit__(None, None, None)

    async def votes(self) -> int:
        """Return how many events it has handled, each once."""
        path = self._process.folder / "data" / "spokesbot.db"
        with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as looking:
            found = looking.execute("SELECT count(*) FROM inbox").fetchone()
        looking.close()
        return int(found[0])


async def _say(peer: Peer, room: str, body: str) -> float:
    """Say something and return when it was asked for."""
    await peer.share_key(room)
    before = datetime.now(UTC).timestamp()
    await peer.say(room, body)
    return before


async def _found(tx: Tx, world: World, now: datetime) -> None:
    """Found the assembly and a pod for each room, each with its pair, as if that had been done by command."""
    assembly = world.assembly
    for place in (assembly, *world.rooms):
        await rooms.remember(tx, place.room_id, "joined")
        await rooms.set_encrypted(tx, place.room_id)
        await rooms.set_greeted(tx, place.room_id)
        present = [
            MemberSeen(user_id, "join", user_id[1:].partition(":")[0], now)
            for user_id in (*place.people, BOT)
        ]
        await rooms.see_members(tx, place.room_id, present)
    await pods.create_assembly(tx, assembly.room_id, assembly.name, now)
    for place in world.rooms:
        await pods.create_pod(tx, place.room_id, place.name, now)
        await pods.set_assembly(tx, place.room_id, assembly.room_id, now)
        await pods.set_size_told(tx, place.room_id, size_notice(len(place.people)))
        await spokes.set_pair(tx, place.room_id, Pair(*place.people[:2]), now)
        for user_id in place.people[:2]:
            await spokes.begin_turn(tx, place.room_id, user_id, now)
