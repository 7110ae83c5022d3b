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
ROUNDS = 3
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


def can_ask_during_a_fan_out(setting: Setting) -> bool:
    """Tell whether there is anybody who approves nothing."""
    return len(setting.peers) > BUSY


async def busy(contestant: Contestant, setting: Setting, words: str, patience: float) -> Json:
    """Let a member of the assembly ask on during a fan-out."""
    room, asker = setting.world.assembly.room_id, setting.peers[BUSY]
    await _timed(asker, room, contestant.command)
    order = await contestant.order(words)
    over = asyncio.Event()
    took: list[float] = []

    async def keep_asking() -> None:
        while not over.is_set():
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
