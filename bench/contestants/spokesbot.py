"""The real bot, started as operators start it, in an assembly with a pod for each room.

Rule: its groups are written by its own store's functions, because founding hundreds of pods by command would take
longer than everything that is measured; whatever is measured goes by commands of real members.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from bench.blocks import LoopWatch
from bench.contestants.base import Ordered, Poll, Setting
from bench.peer import POLL, Heard, Peer
from bench.world import BOT, World, in_parallel
from bot.domain.pods import size_notice
from bot.domain.rotation import Pair
from bot.matrix.agenda import TALK
from bot.ports import MemberSeen
from bot.store import pods, rooms, spokes
from bot.store.database import Database, Tx
from sandbox.bot import BotProcess
from sandbox.install import SandboxError
from sandbox.synapse import Account

KEYS = ("query", "claim", "to device")
QUIET = 1.5
"""Seconds without a request for keys after which it counts as prepared."""
CALM = 0.3
"""Seconds without news for the bot after which the next news is what is said next."""
PATIENCE = 120.0


class Spokesbot:
    """The bot and the people who approve."""

    command = "!status"
    keeps_keys = True
    lull = TALK.total_seconds() + 1

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        world = setting.world
        self._process = BotProcess(setting.server, account=Account(BOT, world.password))
        self._watch = LoopWatch(self._process.folder / "data" / "control.sock")

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
        self._watch.start()
        await self._process.start()

    async def order(self, words: str) -> Ordered:
        """Draft a summary, let whoever prepares prepare, and approve it."""
        server, room = self._setting.server, self._setting.world.assembly.room_id
        first, second = self._setting.peers[:2]
        await self._calm(first, room)
        mark = server.mark()
        drafted = await first.ask(room, f"!summary {words}", PATIENCE)
        found = re.search(r"\bDraft (S\d+)\b", drafted.body)
        if found is None:
            raise SandboxError(f"no draft was made: {drafted.body}")
        began = await self._delivered(mark)
        prepared = await server.until_quiet(mark, BOT, KEYS, QUIET)
        before = max(prepared.at - began, 0.0) if prepared else 0.0
        await self._approve(first, room, found[1], "Counted")
        await self._calm(second, room)
        mark_ok = server.mark()
        asked_at = await _say(second, room, f"ok {found[1]}")
        return Ordered(mark, await self._delivered(mark_ok), asked_at, before)

    async def _calm(self, peer: Peer, room: str) -> None:
        """Let the key of what a member will say reach the bot, and the echoes of what was said before."""
        server = self._setting.server
        await peer.share_key(room)
        await server.until_quiet(server.mark(), BOT, ("sync", "send", *KEYS), CALM)

    async def _delivered(self, mark: int) -> float:
        """Return when the server first had news for the bot after a mark."""
        server = self._setting.server
        await server.until("news", lambda: bool(server.since(mark, BOT, "sync")), PATIENCE)
        return server.since(mark, BOT, "sync")[0].at

    async def _approve(self, peer: Peer, room: str, summary: str, answer: str) -> Heard:
        # the preview may have reached people a moment before the bot has noted that it did
        while answer not in (heard := await peer.ask(room, f"ok {summary}", PATIENCE)).body:
            if "not shown here yet" not in heard.body:
                raise SandboxError(f"the ok was not taken: {heard.body}")
        return heard

    async def stop(self) -> None:
        """End it with SIGTERM."""
        self._watch.stop()
        await self._process.stop()

    async def clear(self) -> None:
        """End it and remove its folder."""
        self._watch.stop()
        await self._process.__aexit__(None, None, None)

    async def open_polls(self, voters: Sequence[Peer]) -> list[Poll]:
        """Let each of these members open a poll in their room."""
        places = zip(voters, self._setting.rooms, strict=False)
        return await in_parallel((_open_poll(peer, room) for peer, room in places), 8)

    async def counted(self, votes: Sequence[Sequence[str]]) -> int:
        """Return how many of these it has handled, less those of the last ones that are no ballot.

        It keeps the last ones of each person only, so the rest is known from what it has handled, each event once.
        """
        handled, ballots = (
            self._look("SELECT event_id FROM inbox"),
            self._look("SELECT event_id FROM ballots"),
        )
        every = {event_id for each in votes for event_id in each}
        return len(every & handled) - len({each[-1] for each in votes if each} & handled - ballots)

    def _look(self, query: str) -> set[str]:
        path = self._process.folder / "data" / "spokesbot.db"
        with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as looking:
            found = {str(row[0]) for row in looking.execute(query)}
        looking.close()
        return found

    async def longest_block(self) -> float:
        """Return for how long its control socket did not answer at the longest."""
        return self._watch.take()


async def _open_poll(peer: Peer, room: str) -> Poll:
    await peer.say(room, "!poll Where do we meet? | Park | Library")
    heard = await peer.wait_for(lambda heard: heard.room == room and heard.kind == POLL, PATIENCE)
    answers = (heard.content or {})[POLL]["answers"]
    return Poll(heard.event_id, tuple(str(answer["id"]) for answer in answers))


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
