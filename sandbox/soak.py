"""`make soak MINUTES=n`: a federation at work while both sides are killed and devices and people change, and a count.

Rule: what is counted is what members' own clients saw. In the first half of the time the bot is killed again and
again; in the second half one process works on, so that its memory can be told. Synapse is killed in both.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Coroutine
from typing import Any

from sandbox.bot import BotProcess
from sandbox.install import SandboxError
from sandbox.load.account import account_for
from sandbox.load.churn import Churn
from sandbox.load.deeds import Deeds
from sandbox.load.federation import PATIENCE, Federation, Place
from sandbox.load.killing import Killer
from sandbox.load.measure import Memory, processor_time, sizes
from sandbox.members import Members
from sandbox.synapse import Synapse

PODS = ("Willow", "Oak", "Hazel")
LOOKS_EVERY = 5.0
TELLS_EVERY = 60.0
TOLD = 5
"""How many steps that broke off in the same way are told in full."""
DOWN_KIND = "the server was down"
DOWN = ("fetch failed", "ECONNREFUSED", "ECONNRESET", "socket hang up", "terminated")
"""What members' clients say when the server is down."""


class Soak:
    """What goes on.

    Args:
        federation: Who and where.
        seed: The same seed makes the same choices; what they meet depends on the moment.
        minutes: How long.
    """

    def __init__(self, federation: Federation, seed: int, minutes: float) -> None:
        self._federation = federation
        self._bot = federation.bot
        self._seed = seed
        self._began = time.monotonic()
        self._half = self._began + minutes * 30
        self._end = self._began + minutes * 60
        self._server = asyncio.Lock()
        """Held while the server is down, or must not go down."""
        self._changing = asyncio.Lock()
        """Held while one thing changes: who asks in a room that has just been left for another gets no answer."""
        self.churn = Churn(federation, self._chance("churn"))
        self.killer = Killer(self._bot, self._chance("kills"))
        self.memory = Memory()
        self.done: Counter[str] = Counter()
        self.faults: list[str] = []

    async def run(self) -> None:
        """Go on until the time is over, and let everybody finish what they do."""
        async with asyncio.TaskGroup() as group:
            watching = [group.create_task(self._watch()), group.create_task(self._tell())]
            busy = [group.create_task(self._people(place)) for place in self._federation.places]
            busy += [
                group.create_task(self._changes()),
                group.create_task(self._kills()),
                group.create_task(self._server_kills()),
            ]
            await asyncio.wait(busy)
            for task in watching:
                task.cancel()

    async def settle(self) -> None:
        """Wait until the bot has answered the last thing in every room."""
        for place in self._federation.places:
            await self._federation.asks(place.witness, place, "!status")

    # -- what goes on ----------------------------------------------------------------------------

    async def _people(self, place: Place) -> None:
        chance = self._chance(place.name)
        deeds = Deeds(self._federation, chance)
        upgrade = place is self._federation.pods[0]
        while self._goes_on:
            if upgrade and time.monotonic() > self._half:
                upgrade = False
                async with self._changing, self._server:
                    await self._try("upgrade", self.churn.upgrade(place))
            await self._try("deed", deeds.one(place))
            await asyncio.sleep(chance.uniform(0.5, 3))

    async def _changes(self) -> None:
        chance = self._chance("pauses")
        while self._goes_on:
            async with self._changing:
                await self._try("change", self.churn.one())
            await asyncio.sleep(chance.uniform(2, 10))
        await self.churn.end_clients()

    async def _kills(self) -> None:
        chance = self._chance("times")
        while time.monotonic() < self._half:
            if chance.random() < 0.1:
                code = await self._bot.stop()
                if code != 0:
                    self.faults.append(f"SIGTERM ended the bot with {code}")
                await self._start()
                self.done["restarts of the bot by SIGTERM"] += 1
            else:
                async with self._server:
                    await self.killer.kill()
            await asyncio.sleep(chance.uniform(2, 20))

    async def _server_kills(self) -> None:
        chance = self._chance("server")
        synapse = self._federation.synapse
        while self._goes_on:
            await asyncio.sleep(min(chance.uniform(60, 240), max(self._end - time.monotonic(), 0)))
            async with self._server:
                await synapse.kill()
                await asyncio.sleep(chance.uniform(0, 5))
                await synapse.restart()
            self.done["kill -9 of Synapse"] += 1

    async def _start(self) -> None:
        async with self._server:
            await self._bot.start()

    # -- looking on ------------------------------------------------------------------------------

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            if self._bot.is_running:
                self.memory.look(self._bot.process_id)
            elif time.monotonic() > self._half and not self._server.locked():
                self.faults.append("the bot ended by itself")
                self._end = time.monotonic()
                return

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(TELLS_EVERY)
            told = ", ".join(f"{count} {what}" for what, count in sorted(self._all.items()))
            print(f"   {(time.monotonic() - self._began) / 60:5.1f} min: {told}", flush=True)

    async def _try(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        """Do something that may break off, because the server is down or a client does not come back."""
        try:
            await work
        except (SandboxError, TimeoutError, OSError) as error:
            kind = _kind(error)
            self.done[f"broken off ({what}): {kind}"] += 1
            if kind != DOWN_KIND and self.done[f"broken off ({what}): {kind}"] <= TOLD:
                print(f"   broken off ({what}): {str(error)[:600]}", flush=True)
        else:
            self.done[f"done ({what})"] += 1

    # -- the verdict -----------------------------------------------------------------------------

    def verdict(self) -> bool:
        """Print everything that was found, and tell whether all of it is good."""
        account = account_for(self._federation, self.churn.unsigned, self.churn.signed_later)
        for event in self.churn.unreadable:
            account.fault("unreadable to the signed phone that asked", event)
        for what in self.faults:
            account.fault("the bot's process", what)
        data = self._bot.folder / "data"
        lines = [f"{count:6} {what}" for what, count in sorted(self._all.items())]
        lines += [*account.lines(), *self.memory.lines(), *sizes(data)]
        if self._bot.is_running:
            lines.append(f"{processor_time(self._bot.process_id):.0f} s of processor time in the last life")
        for word in ("error", "warning"):
            lines.append(
                f"{sum(f' {word} ' in line for line in self._bot.log.splitlines()):6} lines of the bot's log are of level {word}"
            )
        for line in lines:
            print(f"   {line}", flush=True)
        print("All is good." if account.good else "Something is wrong.", flush=True)
        return account.good

    @property
    def _all(self) -> Counter[str]:
        kills: Counter[str] = Counter(
            {f"kill -9 of the bot, {point}": count for point, count in self.killer.done.items()}
        )
        return self.done + self.churn.done + kills

    @property
    def _goes_on(self) -> bool:
        return time.monotonic() < self._end

    def _chance(self, what: str) -> random.Random:
        return random.Random(f"{self._seed} {what}")  # noqa: S311 - not for secrecy


def _kind(error: BaseException) -> str:
    if isinstance(error, TimeoutError):
        return f"somebody's client waited {PATIENCE} s or less in vain"
    if isinstance(error, OSError) or any(sign in str(error) for sign in DOWN):
        return DOWN_KIND
    return "a client refused"


def main() -> None:
    """Soak for some minutes; exit with 0 only if nothing was lost, doubled, unreadable or out of order."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(0 if asyncio.run(_soak(given.minutes, given.seed)) else 1)


async def _soak(minutes: float, seed: int) -> bool:
    async with Synapse() as synapse, Members() as members, BotProcess(synapse) as bot:
        federation = Federation(synapse, members, bot)
        await federation.set_up(*PODS)
        print(f"soaking for {minutes:g} minutes, seed {seed}", flush=True)
        soak = Soak(federation, seed, minutes)
        await soak.run()
        await soak.settle()
        good = soak.verdict()
        if not good:
            print(bot.log[-4000:], file=sys.stderr)
        return good


if __name__ == "__main__":
    main()
