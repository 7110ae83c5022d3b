"""Kill the bot with SIGKILL at moments that are spread over all it does.

Rule: where a moment can be seen from outside, in the bot's own database, it is waited for and not guessed.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable

from sandbox.bot import BotProcess

STARTS_UP = 1.2
"""Seconds that starting takes, about."""
WORKS = 0.6
"""Seconds in which something is done, about."""
WAITS_FOR = 4.0
"""Seconds to wait for a moment that may not come, since nobody may be typing."""
LOOKS_EVERY = 0.001

SENT = "SELECT count(*) FROM outbox WHERE state = 'sent'"
MOMENTS = {
    "right after a commit": "SELECT 1 FROM outbox WHERE state = 'waiting' AND tried_at IS NULL",
    "while sending": "SELECT 1 FROM outbox WHERE state = 'waiting' AND tried_at IS NOT NULL",
}
"""What is true in the database at a moment."""
POINTS = (*MOMENTS, "during start-up", "during the first sync", "at any time")


class Killer:
    """Kills and starts again, and counts at which points.

    Args:
        bot: A running bot.
        chance: What chooses the points.
    """

    def __init__(self, bot: BotProcess, chance: random.Random) -> None:
        self._bot = bot
        self._chance = chance
        self.done: Counter[str] = Counter()

    async def kill(self) -> None:
        """Kill the bot at one of the points, once it has said something since the last time; leave it running."""
        point = self._chance.choice(POINTS)
        sent = self._look(SENT)
        await self._until(lambda: self._look(SENT) != sent)
        if point in MOMENTS:
            await self._until(lambda: self._look(MOMENTS[point]) is not None)
        elif point == "at any time":
            await asyncio.sleep(self._chance.uniform(0, WORKS))
        else:
            await self._kill("at any time")
            begun = len(self._bot.log.splitlines())
            await self._bot.start(wait=False)
            if point == "during the first sync":
                await self._bot.wait_for_log("runs as", since=begun)
                await asyncio.sleep(self._chance.uniform(0, WORKS / 4))
            else:
                await asyncio.sleep(self._chance.uniform(0, STARTS_UP))
        await self._kill(point)
        await self._bot.start()

    async def _kill(self, point: str) -> None:
        await self._bot.kill()
        self.done[point] += 1

    async def _until(self, condition: Callable[[], bool]) -> None:
        until = time.monotonic() + WAITS_FOR
        # what another process commits rings no bell here
        while not condition() and time.monotonic() < until:  # noqa: ASYNC110
            await asyncio.sleep(LOOKS_EVERY)

    def _look(self, sql: str) -> object:
        path = self._bot.folder / "data" / "spokesbot.db"
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchone()
