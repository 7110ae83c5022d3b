"""The key work between syncs, done beside the sync loop: a slow server must not hold up messages.

Rule: a step that failed is done again; and what something waits for, an event to be read or a summary that may be
approved soon, is looked at after each.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from bot.domain.errors import GiveUp, Retry
from bot.matrix.backoff import Backoff, Pause
from bot.matrix.client import BotClient
from bot.ports import Clock
from bot.store import summaries
from bot.store.database import Database

log = logging.getLogger(__name__)

FORESEEN = timedelta(days=1)
"""How long after it was shown something is still expected to be approved soon."""


class Upkeep:
    """Keeps the keys of one client.

    Args:
        client: The logged-in client.
        database: Where it stands what may be approved soon.
        clock: The source of time.
        synced: Set when the first answer was taken in: until then nobody's message is known to be there still.
        read_parked: Reads what waited for keys or devices.
        pause: How to wait before another try.
    """

    def __init__(
        self,
        client: BotClient,
        database: Database,
        clock: Clock,
        synced: asyncio.Event,
        read_parked: Callable[[], Awaitable[None]],
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._client = client
        self._database = database
        self._clock = clock
        self._synced = synced
        self._read_parked = read_parked
        self._pause = pause

    async def run(self) -> None:
        """Do it whenever there is something to do, until cancelled."""
        backoff, wanted = Backoff(self._pause), self._client.keys_wanted
        await self._synced.wait()
        while True:
            await wanted.wait()
            wanted.clear()
            try:
                rest = await self._client.upkeep()
                if rest is not None:
                    asyncio.get_running_loop().call_later(rest, wanted.set)
            except Retry as error:
                await backoff.wait(error)
                wanted.set()
                continue
            except GiveUp as error:
                log.error("keys: %s", error.reason)
            backoff.reset()
            await self._read_parked()
            await self._foresee()

    async def _foresee(self) -> None:
        """Share the keys of rooms that something will go to if people approve it, while they think about it."""
        async with self._database.transaction("keys") as tx:
            soon = await summaries.foreseen(tx, self._clock.now() - FORESEEN)
        self._client.preparer.begin_known(soon)
