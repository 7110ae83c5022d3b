"""A server in trouble is asked seldom while it lasts, and nothing is forgotten meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import PAGE
from tests.faults.scenarios import CLAIM, OFTEN, QUERY, SEND, SHARE, SYNC, UPLOAD
from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.server import Homeserver
from tests.homeserver.world import BOT, SIGNED, World

ROOMS = ("willow", "oak", "hazel")
LIMIT = {"errcode": "M_LIMIT_EXCEEDED", "error": "slow down"}
WAYS: dict[str, dict[str, Any]] = {
    "500": {"what": "fail", "status": 500, "body": {"errcode": "M_UNKNOWN"}},
    "502 with a page": {"what": "fail", "status": 502, "body": PAGE},
    "401 without a code": {"what": "fail", "status": 401, "body": PAGE},
    "429 without a time": {"what": "fail", "status": 429, "body": LIMIT},
    "429 with 20 s": {"what": "fail", "status": 429, "body": LIMIT | {"retry_after_ms": 20_000}},
    "429 with Retry-After": {"what": "fail", "status": 429, "body": LIMIT, "headers": {"Retry-After": "20"}},
    "connection closed": {"what": "refuse"},
    "answer lost": {"what": "lose"},
    "answer cut": {"what": "cut"},
}
MINUTES = 10
EACH = 20  # seconds between two looks, and what the server asks for where it names a time
MOST = 9 * MINUTES
"""Requests of a kind: the keys' upkeep and the sender each keep to the time the server named, and a few came before."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("step", [SYNC, SEND, SHARE, QUERY, CLAIM, UPLOAD])
async def test_ten_minutes_of_a_fault_cost_few_requests_and_no_command(
    server: Homeserver, world: World, bot: Bot, ana: Peer, ben: Peer, step: str, way: str
) -> None:
    rooms = [world.create(name, ana.user_id, BOT) for name in ROOMS]
    await bot.start()
    bot.pauses_last = True
    fault = server.fault(pattern=step, times=OFTEN, **WAYS[way])
    before = server.count(step)
    world.claim({BOT: {bot.device.device_id: SIGNED}})
    world.member(rooms[0], ben.user_id, "join")
    for room in rooms:
        ana.say(room, "!help me")
    for _ in range(MINUTES * 60 // EACH):
        await bot.wait(seconds=EACH)
    assert fault.reached.is_set()
    assert server.count(step) - before <= MOST
    server.release_all()
    for _ in range(12):
        await bot.wait(minutes=1)
    answers = [sum("There is no topic me" in text for text in ana.texts(room)) for room in rooms]
    assert answers == [1, 1, 1]
    assert [text for text in ben.texts(rooms[0]) if "There is no topic me" in text] != []
