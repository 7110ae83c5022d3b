"""Take orders as JSON lines on standard input; for the contestants written in Python, whatever their library.

Rule: it imports nothing but the standard library, because each contestant lives in an environment of its own.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import traceback
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

TICK = 0.01


def write(line: dict[str, Any]) -> None:
    """Say one line to the owner."""
    print(json.dumps(line), flush=True)


class Bot(Protocol):
    """What is told."""

    counted: int

    async def start(self, url: str, user: str, device: str, token: str, store: str) -> None:
        """Begin, and return when in sync."""

    async def send(self, room: str, text: str) -> None:
        """Send one encrypted message."""

    async def stop(self) -> None:
        """End; what is kept stays."""


class Ticker:
    """Notices how long the loop did not turn."""

    def __init__(self) -> None:
        self.longest = 0.0

    async def run(self) -> None:
        """Tick until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(TICK)
            self.longest = max(self.longest, loop.time() - before - TICK)


async def fan_out(bot: Bot, rooms: list[str], text: str, at_once: int) -> None:
    """Send to every room: one after the other, or so many at a time."""
    if at_once == 1:
        for room in rooms:
            await bot.send(room, text)
        return
    slots = asyncio.Semaphore(at_once)

    async def one(room: str) -> None:
        async with slots:
            await bot.send(room, text)

    await asyncio.gather(*map(one, rooms))


async def _carry_out(bot: Bot, ticker: Ticker, op: str, request: dict[str, Any]) -> Any:
    if op == "fan_out":
        # answered at once: what is sent is seen at the server
        task = asyncio.create_task(fan_out(bot, **request))
        task.add_done_callback(_tell)
        _RUNNING.add(task)
        return None
    if op == "votes":
        return bot.counted
    if op == "longest_block":
        longest, ticker.longest = ticker.longest, 0.0
        return longest
    doing: dict[str, Callable[..., Awaitable[None]]] = {"start": bot.start, "stop": bot.stop}
    return await doing[op](**request)


_RUNNING: set[asyncio.Task[None]] = set()


def _tell(task: asyncio.Task[None]) -> None:
    _RUNNING.discard(task)
    if not task.cancelled() and (error := task.exception()):
        traceback.print_exception(error)
        os._exit(1)  # the owner reads why in the log


async def serve(bot: Bot) -> None:
    """Take orders until standard input ends."""
    orders = asyncio.StreamReader(limit=2**26)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    ticker = Ticker()
    ticking = asyncio.create_task(ticker.run())
    write({"push": "ready"})
    async for line in orders:
        request = json.loads(line)
        number, op = request.pop("id"), request.pop("op")
        try:
            write({"id": number, "ok": await _carry_out(bot, ticker, op, request)})
        except Exception as error:  # noqa: BLE001 - the owner is told, and decides
            traceback.print_exc()
            write({"id": number, "error": f"{type(error).__name__}: {error}"})
    ticking.cancel()
    os._exit(0)  # a sync may still wait for its answer
