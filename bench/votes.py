"""How many votes it can take in, and whether those count that came while it was down.

Rule: a vote counts when the contestant has it, not when the server has. Members change their minds again and again,
as fast as the server takes it.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Sequence

from bench.contestants.base import Contestant, Poll, Setting
from bench.figures import Json
from bench.goals import BACKLOG, LIVE
from bench.peer import Peer
from bench.process import processor_time, settled
from bench.world import in_parallel

NO_PROGRESS = 15.0
"""Seconds without one more vote after which the rest counts as lost."""


async def life(contestant: Contestant, setting: Setting, *, backlog: bool) -> Json:
    """Measure votes; those sent while it is down only where that is asked for."""
    await contestant.set_up()
    await contestant.start()
    voters = setting.peers
    for peer in voters:
        await peer.meet()
    polls = await contestant.open_polls(voters)
    cpu, began = processor_time(contestant.process_id), time.perf_counter()
    sent = await _vote(voters, setting.rooms, polls, LIVE)
    counted = await _counted(contestant, sent, LIVE)
    took = time.perf_counter() - began
    spent = await settled(contestant.process_id) - cpu
    found: Json = {
        "votes": {
            "sent": LIVE,
            "counted": counted,
            "cpu": spent,
            "a_second": counted / spent,
            "took": took,
        }
    }
    if backlog and contestant.keeps_keys:
        await contestant.stop()
        sent = await _vote(voters, setting.rooms, polls, BACKLOG)
        began = time.perf_counter()
        await contestant.start()
        counted = await _counted(contestant, sent, BACKLOG)
        took = time.perf_counter() - began
        found["backlog"] = {"sent": BACKLOG, "counted": counted, "took": took}
    return found


async def _vote(
    voters: Sequence[Peer], rooms: Sequence[str], polls: Sequence[Poll], number: int
) -> list[list[str]]:
    """Let people vote so often together; returns the events of each."""
    shares = [number // len(voters) + (place < number % len(voters)) for place in range(len(voters))]

    async def one(peer: Peer, room: str, poll: Poll, times: int) -> list[str]:
        answers = itertools.cycle(poll.answers)
        return [await peer.tap(room, poll.event_id, next(answers)) for _ in range(times)]

    places = zip(voters, rooms, polls, shares, strict=False)
    return await in_parallel((one(*place) for place in places), len(voters))


async def _counted(contestant: Contestant, sent: Sequence[Sequence[str]], number: int) -> int:
    """Wait until all are counted, or none comes any more; returns how many are."""
    counted, since = 0, time.monotonic()
    while counted < number and time.monotonic() - since < NO_PROGRESS:
        now = await contestant.counted(sent)
        if now > counted:
            counted, since = now, time.monotonic()
        await asyncio.sleep(0.1)
    return counted
