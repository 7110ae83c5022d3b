"""How fast a command is answered, when there is nothing else to do and in the middle of a fan-out.

Rule: a member's own clock, from before the message is sent until the answer is read; keys are there already.
"""

from __future__ import annotations

import asyncio
import time

from bench.contestants.base import Contestant, Setting
from bench.figures import Json, spread
from bench.peer import Peer
from bench.raw import SYNC, Raw
from bench.world import BOT

ASKERS = 10
CROWDS = (1, 2, 8, 64)
"""Requests at once beside which an echo is measured."""
ROUNDS = 3
AT_MOST = 30
"""Questions during a fan-out: the bot takes sixty a minute from one person."""
BUSY = 2
"""Who asks during a fan-out: a member of the assembly who approves nothing."""


async def idle(command: str, setting: Setting) -> Json:
    """Let a few members ask, one after the other, each in their own room."""
    askers = list(zip(setting.peers[:ASKERS], setting.rooms, strict=False))
    took = []
    for turn in range(1 + ROUNDS):
        for peer, room in askers:
            seconds = await _timed(peer, room, command)
            if turn:  # the first one brings the keys
                took.append(seconds)
    return spread(took)


async def bare(setting: Setting, raw: Raw) -> Json:
    """Measure the floor: a bare echo without keys."""
    _, since = await raw.initial_sync(SYNC)
    echo = asyncio.create_task(raw.echo(since, SYNC))
    for peer in setting.peers:
        peer.bare = True
    try:
        return await idle("ping", setting)
    finally:
        echo.cancel()


async def crowded(setting: Setting, raw: Raw) -> Json:
    """Measure the same floor while bare requests go to all rooms, a few or many at once; who asks asks on and on."""
    _, since = await raw.initial_sync(SYNC)
    echo = asyncio.create_task(raw.echo(since, SYNC))
    room, asker = setting.world.assembly.room_id, setting.peers[BUSY]
    asker.bare = True
    found = {}
    try:
        for width in CROWDS:
            over, took = asyncio.Event(), list[float]()

            async def keep_asking(over: asyncio.Event = over, took: list[float] = took) -> None:
                while not over.is_set():
                    took.append(await _timed(asker, room, "ping"))

            asking = asyncio.create_task(keep_asking())
            seconds = await raw.fan_out(setting.rooms, at_once=width)
            over.set()
            await asking
            found[str(width)] = {**spread(took), "a_second": len(setting.rooms) / seconds}
    finally:
        echo.cancel()
    return found


def can_ask_during_a_fan_out(setting: Setting) -> bool:
    """Tell whether there is anybody who approves nothing."""
    return len(setting.peers) > BUSY


async def out_of_the_blue(contestant: Contestant, setting: Setting, words: str, patience: float) -> float:
    """Let somebody ask once in the middle of a fan-out, when nobody has talked for a while; returns the seconds."""
    room, asker = setting.world.assembly.room_id, setting.peers[BUSY]
    await _timed(asker, room, contestant.command)
    await asyncio.sleep(contestant.lull)
    order = await contestant.order(words)
    await setting.server.until_sent(order.mark, BOT, setting.rooms[:1], patience)
    took = await _timed(asker, room, contestant.command)
    await setting.server.until_sent(order.mark, BOT, setting.rooms, patience)
    return took


async def busy(contestant: Contestant, setting: Setting, words: str, patience: float) -> Json:
    """Let a member of the assembly talk with it: before a fan-out and all through it."""
    room, asker = setting.world.assembly.room_id, setting.peers[BUSY]
    await _timed(asker, room, contestant.command)
    order = await contestant.order(words)
    over = asyncio.Event()
    took: list[float] = []

    async def keep_asking() -> None:
        while not over.is_set() and len(took) < AT_MOST:
            took.append(await _timed(asker, room, contestant.command))

    asking = asyncio.create_task(keep_asking())
    try:
        await setting.server.until_sent(order.mark, BOT, setting.rooms, patience)
    finally:
        over.set()
        await asking
    return spread(took)


async def _timed(peer: Peer, room: str, command: str) -> float:
    await peer.share_key(room)
    began = time.perf_counter()
    await peer.ask(room, command, 120)
    return time.perf_counter() - began
