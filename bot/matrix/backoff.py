"""Pauses between tries of what the server, or the way to it, has just failed.

Rule: a server in trouble is asked ever more rarely, and never sooner than it wants.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from bot.domain.errors import Retry

log = logging.getLogger(__name__)

LONGEST_PAUSE = 60.0

Pause = Callable[[float], Awaitable[None]]
"""Waits for some seconds."""


class Backoff:
    """Pauses that grow from one second to a minute, with chance in them so that bots do not march in step.

    Args:
        pause: How to wait.
    """

    def __init__(self, pause: Pause = asyncio.sleep) -> None:
        self._pause = pause
        self._tries = 0

    def reset(self) -> None:
        """Begin again with a short pause."""
        self._tries = 0

    async def wait(self, error: Retry) -> None:
        """Pause as long as the server asks, or a little longer than last time."""
        pause = error.after.total_seconds() if error.after else min(2.0**self._tries, LONGEST_PAUSE)
        self._tries = min(self._tries + 1, 10)
        log.warning("%s; next try in %.0f s", error.reason, pause)
        # never sooner than the server asked
        least = 1.0 if error.after else 0.8
        await self._pause(pause * random.uniform(least, 1.2))  # noqa: S311 - not for secrecy
