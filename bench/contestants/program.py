"""A contestant made of somebody else's library: a small bot that takes its orders as JSON lines.

Rule: it is as its library's users would write it, no better and no worse.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp

from bench.contestants.base import Ordered, Poll, Setting
from bench.peer import POLL, Peer
from bench.world import BOT
from sandbox.folders import OwnedFolder
from sandbox.install import SandboxError
from sandbox.program import Program

QUESTION: dict[str, Any] = {
    POLL: {
        "question": {"org.matrix.msc1767.text": "Where do we meet?"},
        "kind": "org.matrix.msc3381.poll.disclosed",
        "max_selections": 1,
        "answers": [{"id": name, "org.matrix.msc1767.text": name} for name in ("1", "2")],
    }
}


class Scripted:
    """One of them.

    Args:
        setting: Where it works.
        argv: Its program.
        at_once: How many rooms it sends to at a time; 1 is one after the other.
        keeps_keys: Whether it can be started again.
    """

    command = "!ping"
    lull = 0.0

    def __init__(
        self, setting: Setting, argv: tuple[str, ...], at_once: int, *, keeps_keys: bool = True
    ) -> None:
        self._setting = setting
        self._argv = argv
        self._at_once = at_once
        self.keeps_keys = keeps_keys
        self._folder = OwnedFolder("bench")
        self._program: Program | None = None
        self._login: dict[str, Any] = {}

    @property
    def process_id(self) -> int:
        """The id of its process."""
        return self._running.process_id

    @property
    def log(self) -> Path:
        """What it said beside its answers."""
        return self._folder.path / "log"

    async def set_up(self) -> None:
        """Log it in."""
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": BOT},
            "password": self._setting.world.password,
        }
        url = f"{self._setting.server.url}/_matrix/client/v3/login"
        async with aiohttp.ClientSession() as session, session.post(url, json=body) as answer:
            self._login = await answer.json()

    async def start(self) -> None:
        """Start it and wait until it is in sync."""
        self._program = Program(self._argv, self.log, _ignore, _ignore)
        await self._program.start()
        await self._program.ask(
            "start",
            url=self._setting.server.url,
            user=BOT,
            device=self._login["device_id"],
            token=self._login["access_token"],
            store=str(self._folder.path),
        )

    async def order(self, words: str) -> Ordered:
        """Have something sent to every room."""
        mark, now = self._setting.server.mark(), time.time()
        await self._running.ask("fan_out", rooms=self._setting.rooms, text=words, at_once=self._at_once)
        return Ordered(mark, now, now)

    async def stop(self) -> None:
        """Let it end."""
        await self._running.ask("stop")
        await self._running.stop()
        self._program = None

    async def clear(self) -> None:
        """End it and remove what it kept."""
        if self._program is not None:
            await self._program.stop()
        self._folder.remove()

    async def open_polls(self, voters: Sequence[Peer]) -> list[Poll]:
        """Let each of these members open a poll in their room: it counts answers, whoever asked."""
        return [
            Poll(await peer.send(room, POLL, QUESTION), ("1", "2"))
            for peer, room in zip(voters, self._setting.rooms, strict=False)
        ]

    async def counted(self, votes: Sequence[Sequence[str]]) -> int:
        """Return how many votes it has taken in since it was started."""
        return int(await self._running.ask("votes"))

    async def longest_block(self) -> float:
        """Return the longest time its loop did not turn since the last question, in seconds."""
        return float(await self._running.ask("longest_block"))

    @property
    def _running(self) -> Program:
        if self._program is None:
            raise SandboxError("it was not started")
        return self._program


async def _ignore(_: object) -> None:
    """Take no notice: whoever waits for an answer hears how it ended."""
