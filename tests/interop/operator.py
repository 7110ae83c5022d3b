"""The operator at `spokesbot verify`, in a process of its own beside the running bot."""

from __future__ import annotations

import asyncio
import sys
from types import TracebackType
from typing import Self

from sandbox.bot import BotProcess

PATIENCE = 60.0  # seconds


class Verifying:
    """`spokesbot verify` with somebody who reads and types."""

    def __init__(self, bot: BotProcess) -> None:
        self._bot = bot
        self.seen = ""

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "verify", "--config", str(self._bot.config),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def reads(self, text: str) -> str:
        """Read on until a text has come, and return everything up to it since the last time."""
        assert self._process.stdout is not None
        try:
            async with asyncio.timeout(PATIENCE):
                while text not in self.seen:
                    part = await self._process.stdout.read(4096)
                    assert part, f"it ended before {text!r}: {self.seen}"
                    self.seen += part.decode()
        except TimeoutError:
            raise AssertionError(
                f"no {text!r} in {self.seen!r}; the bot's log: {self._bot.log[-2000:]}"
            ) from None
        before, _, self.seen = self.seen.partition(text)
        return before + text

    async def types(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()

    async def ended(self) -> int:
        """Wait for its end and return the exit code."""
        async with asyncio.timeout(PATIENCE):
            return await self._process.wait()
