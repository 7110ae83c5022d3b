"""One life of one contestant: started on a fresh server, told to do things, looked at from outside.

Rule: the limit is taken just before and just after whatever is set against it, on the same server. Nothing is waited
for by time alone; each wait ends with an event, or as a failure with its reason.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from bench import answers
from bench.contestants.base import Contestant, Setting
from bench.figures import Json, spread
from bench.peer import Peer
from bench.process import ended, peak_memory, processor_time, settled
from bench.raw import SYNC, Raw
from bench.server import Server, counted
from bench.world import BOT, World

WORDS = (
    "We meet on Friday at seven in the kitchen of the old school. Willow brings chairs, Oak brings soup, Hazel "
    "asks the neighbours about the noise. Say by Wednesday whether you come, and how many you are."
)
WARM, WARM_IN_MANY, MANY = 3, 2, 200
"""Warm fan-outs of one life, and in a world of many rooms."""


def warm_numbers(rooms: int) -> range:
    """Return the numbers of the warm fan-outs; the first one of a life is 1."""
    return range(2, 2 + (WARM_IN_MANY if rooms >= MANY else WARM))


def patience(rooms: int) -> float:
    """Return how many seconds a fan-out may take before it counts as failed."""
    return 60 + rooms * 0.6


@asynccontextmanager
async def setting_of(world: World) -> AsyncIterator[tuple[Setting, Raw]]:
    """Start a server with a copy of a world, and let the living in."""
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        Server(world.database) as server,
        aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as session,
    ):
        peers = [Peer(session, server.url, device, BOT) for device in world.living]
        raw = Raw(server, world.raw_token)
        try:
            yield Setting(server, world, peers), raw
        finally:
            await raw.close()


async def start_up(contestant: Contestant, setting: Setting) -> Json:
    """Start it and ask it something; returns the seconds until it was in sync and until it had answered."""
    peer, room = setting.peers[0], setting.world.assembly.room_id
    began = time.perf_counter()
    await contestant.start()
    synced = time.perf_counter()
    await peer.meet()
    await peer.ask(room, contestant.command, 120)
    answered = time.perf_counter()
    return {
        "synced": synced - began,
        "answered": answered - began,
        "cpu": processor_time(contestant.process_id),
        "memory": peak_memory(contestant.process_id),
    }


async def fan_out(contestant: Contestant, setting: Setting, number: int) -> Json:
    """Have something sent to every room, and count what that took.

    Seconds are counted until the server has answered the last message; `before` are those spent on it before it was
    ordered. `cpu` and `requests` hold all of it.
    """
    server, process_id = setting.server, contestant.process_id
    cpu, server_cpu = processor_time(process_id), processor_time(server.process_id)
    order = await contestant.order(f"{WORDS} ({number})")
    sent = await server.until_sent(
        order.mark, BOT, setting.rooms, patience(len(setting.rooms)), lambda: ended(process_id)
    )
    last = max(each.at for each in sent)
    spent = await settled(process_id) - cpu
    return {
        "seconds": last - order.at,
        "before": order.before,
        "since_asked": last - order.asked_at,
        "cpu": spent,
        "server_cpu": processor_time(server.process_id) - server_cpu,
        "requests": counted(server.since(order.mark, BOT)),
        "latencies": spread([each.at - order.at for each in sent]),
    }


async def readable(setting: Setting, number: int) -> float:
    """Return the share of the living who have read a fan-out in their room."""

    async def reads(peer: Peer, room: str) -> bool:
        await peer.catch_up()
        return any(heard.room == room and f"({number})" in heard.body for heard in peer.heard)

    found = await asyncio.gather(
        *(reads(peer, room) for peer, room in zip(setting.peers, setting.rooms, strict=False))
    )
    return sum(found) / len(found)


async def life(contestant: Contestant, setting: Setting, raw: Raw) -> Json:
    """Measure a contestant's whole life on a fresh server."""
    rooms = setting.rooms
    await contestant.set_up()
    found: Json = {"cold_start": await start_up(contestant, setting)}
    found["start_block"] = await contestant.longest_block()
    await raw.fan_out(rooms)  # what the server reads from its disk once is counted for nobody
    await asyncio.sleep(contestant.lull)
    limits = [await raw.fan_out(rooms)]
    found["first"] = await fan_out(contestant, setting, 1)
    limits.append(await raw.fan_out(rooms))
    found["first"]["raw"] = limits[-2:]
    warm = []
    for number in warm_numbers(len(rooms)):
        one = await fan_out(contestant, setting, number)
        limits.append(await raw.fan_out(rooms))
        warm.append({**one, "raw": limits[-2:]})
    found["warm"] = warm
    found["longest_block"] = await contestant.longest_block()
    found["readable"] = await readable(setting, number)
    found["echo"] = await answers.idle(contestant.command, setting)
    if answers.can_ask_during_a_fan_out(setting):
        within = patience(len(rooms))
        found["startled"] = await answers.out_of_the_blue(
            contestant, setting, f"{WORDS} ({number + 1})", within
        )
        found["busy_echo"] = await answers.busy(contestant, setting, f"{WORDS} ({number + 2})", within)
    found["memory"] = peak_memory(contestant.process_id)
    if contestant.keeps_keys:
        await contestant.stop()
        found["restart"] = await start_up(contestant, setting)
    return found


async def raw_life(setting: Setting, raw: Raw) -> Json:
    """Measure the limit itself: bare requests, and what it does with the size of an encrypted event."""
    seconds, _ = await raw.initial_sync(SYNC)
    await raw.fan_out(setting.rooms)
    limits = [await raw.fan_out(setting.rooms)]
    sized = []
    for _ in warm_numbers(len(setting.rooms)):
        one = await raw.fan_out(setting.rooms, encrypted_size=True)
        limits.append(await raw.fan_out(setting.rooms))
        sized.append({"seconds": one, "raw": limits[-2:]})
    echo = await answers.bare(setting, raw)
    found = {"initial_sync": seconds, "plain": limits, "encrypted_size": sized, "echo": echo}
    if len(setting.rooms) == MANY:
        found["crowded"] = await answers.crowded(setting, raw)
    return found
