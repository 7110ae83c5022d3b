"""The real process is killed with SIGKILL at random points under load, many times, and everything is counted."""

import asyncio
import os
import random
from collections.abc import Callable

import pytest

from sandbox.bot import BotProcess
from sandbox.load.account import account_for
from sandbox.load.deeds import Deeds
from sandbox.load.federation import Federation, Place
from sandbox.load.killing import POINTS, Killer
from sandbox.members import Members
from sandbox.synapse import Synapse

pytestmark = [pytest.mark.synapse, pytest.mark.asyncio(loop_scope="session")]

KILLS = int(os.environ.get("KILLS", "20"))
SEED = int(os.environ.get("SEED", "1"))


async def test_killed_at_random_points_under_load_it_loses_nothing_and_does_nothing_twice(
    synapse: Synapse, members: Members, fresh_name: Callable[[str], str]
) -> None:
    def chance(what: str) -> random.Random:
        return random.Random(f"{SEED} {what}")  # noqa: S311 - not for secrecy

    async with BotProcess(synapse, fresh_name("bot")) as bot:
        federation = Federation(synapse, members, bot, fresh_name)
        await federation.set_up("Willow", "Oak", "Hazel")
        killer = Killer(bot, chance("kills"))
        enough = asyncio.Event()
        slow: list[TimeoutError] = []

        async def work(place: Place) -> None:
            deeds = Deeds(federation, chance(place.name))
            while not enough.is_set():
                try:
                    await deeds.one(place)
                except TimeoutError as error:
                    # a busy machine kills it faster than it answers; the count at the end tells what is lost
                    slow.append(error)

        async def kill() -> None:
            while killer.done.total() < KILLS:
                await killer.kill()
            enough.set()

        async with asyncio.TaskGroup() as group:
            for place in federation.places:
                group.create_task(work(place))
            group.create_task(kill())
        for place in federation.places:
            await federation.asks(place.witness, place, "!status")
        account = account_for(federation)
        told = f"seed {SEED}, {killer.done.total()} kills, {len(slow)} times somebody waited in vain for a while:"
        print(told, *killer.done.items(), *account.lines(), sep="\n  ")
        assert account.good, "\n".join(account.lines())
        assert set(killer.done) == set(POINTS)
        assert await bot.stop() == 0
