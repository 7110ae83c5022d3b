"""A poll to all pods on a server, with the bot dying between any two steps of asking and of closing."""

from __future__ import annotations

from itertools import count

from tests.homeserver.harness import Bot
from tests.homeserver.peer import Peer
from tests.homeserver.test_relay import STEP, NextMoment, federation
from tests.homeserver.world import World

PODS = 2
EVERY = 3 * STEP
"""Every which moment is died at; STEP=1 looks closer."""
START = "org.matrix.msc3381.poll.start"


async def said_with_a_death(bot: Bot, peer: Peer, room: str, line: str, after: int) -> bool:
    """Say something and let the bot die so many moments later; returns whether it lived that long and was done."""
    bot.life.moment = NextMoment(after)  # type: ignore[assignment]
    peer.say(room, line)
    await bot.bell.until(lambda: bot.life.ended or not bot._busy(), "it is done, or dead")
    died = bot.life.ended
    if died:
        await bot.crash()
        await bot.start()
    bot.life.moment = None
    await bot.wait(minutes=1)
    return not died


def counted(ana: Peer, room: str, beginning: str) -> int:
    """Return how many messages in a room begin so."""
    return sum(heard.text.startswith(beginning) for heard in ana.heard(room))


def started(ana: Peer, room: str) -> int:
    """Return how many native polls were started in a room."""
    return sum(START in (heard.content or {}) for heard in ana.heard(room))


async def test_killed_between_any_two_steps_every_pod_is_asked_once_and_told_once(
    world: World, bot: Bot, ana: Peer, ben: Peer
) -> None:
    river, rooms = await federation(world, bot, ana, ben, PODS)
    deaths = 0
    for number in count():
        parent = f"P{1 + number * (PODS + 1)}"
        asked = await said_with_a_death(
            bot, ana, river, f"!poll W{number}? | Tea | Soup | to=pods", deaths * EVERY
        )
        for room in rooms:
            assert started(ana, room) == number + 1
        own = f"P{2 + number * (PODS + 1)}"
        assert counted(ana, rooms[0], f"{own}: W{number}?") == 1
        ana.say(rooms[0], f"!vote {own} Tea")
        await bot.settled()
        ana.say(river, f"!poll close {parent}")
        await bot.settled()
        closed = await said_with_a_death(bot, ben, river, f"!poll close {parent}", deaths * EVERY)
        assert counted(ana, river, "Ben has closed") == number + 1
        assert (
            counted(
                ana,
                rooms[0],
                f"{own} is closed: W{number}?\nAll pods together ({parent}): Most votes: Tea, with 1.",
            )
            == 1
        )
        if asked and closed:
            break
        deaths += 1
    print(f"{PODS} pods, {deaths} deaths at each")
    assert deaths * EVERY > 4 * PODS
    assert bot.rows("SELECT count(*) AS n FROM outbox WHERE state NOT IN ('sent', 'cancelled')") == [{"n": 0}]
