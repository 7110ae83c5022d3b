"""`make soak MINUTES=n`: churn under load, with both sides killed again and again, and a count at the end.

Rule: what is counted is what members' own clients saw. Every command that the server took must have exactly one
answer in the room, whatever was killed meanwhile.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from sandbox.bot import BotProcess
from sandbox.install import SandboxError
from sandbox.members import Member, Members
from sandbox.seen import Seen
from sandbox.synapse import Synapse

ROOMS = 4
PEOPLE = 3
PATIENCE = 180


@dataclass
class Soak:
    """What goes on, and what was asked.

    Attributes:
        asked: The event ids of commands the server took, by room.
        done: How often each kind of thing happened.
        memory: The bot's resident memory in MB, each time it was looked at.
    """

    synapse: Synapse
    members: Members
    bot: BotProcess
    chance: random.Random
    rooms: dict[str, list[Member]] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    memory: list[float] = field(default_factory=list)
    guests: int = 0

    async def set_up(self) -> None:
        """Make pods with people in them."""
        for number in range(ROOMS):
            people = [
                await self.members.join_server(self.synapse, f"{name}{number}")
                for name in ("ana", "ben", "cy")
            ]
            first, *others = people
            room = await first.create_room(f"Pod {number}", [*others, self.bot.user_id])
            for member in others:
                await first.wait_for_membership(room, member)
            await first.wait_for(room, "Hello, I am Spokesbot", sender=self.bot.user_id)
            self.rooms[room], self.asked[room] = people, []
            await self.ask(room, f"!pod create Pod {number}")

    async def ask(self, room: str, text: str) -> None:
        """Let somebody type a command, and remember it if the server took it."""
        member = self.chance.choice(self.rooms[room][:PEOPLE])
        try:
            self.asked[room].append(await member.say(room, text))
        except SandboxError:
            self.done["commands refused while the server was down"] += 1
        else:
            self.done["commands"] += 1

    async def step(self) -> None:
        """Do one thing at random."""
        room = self.chance.choice(list(self.rooms))
        dice = self.chance.random()
        if dice < 0.80:
            await self.ask(room, self.chance.choice(("!pod roster", "!status", "!help poll", "!xyzzy")))
        elif dice < 0.93:
            await self.kill_bot()
        elif dice < 0.96:
            await self.guest(room)
        elif dice < 0.99:
            await self.device(room)
        else:
            await self.kill_server()

    async def kill_bot(self) -> None:
        """Kill the bot at a random moment of its work, and start it again."""
        burst = [self.ask(room, "!pod roster") for room in self.rooms]
        await asyncio.gather(*burst)
        await asyncio.sleep(self.chance.uniform(0, 0.3))
        self.memory.append(_memory(self.bot.process_id))
        await self.bot.kill()
        await self.bot.restart()
        self.done["kill -9 of the bot"] += 1

    async def kill_server(self) -> None:
        """Kill Synapse, and start it again."""
        await self.synapse.kill()
        await self.synapse.restart()
        self.done["kill -9 of Synapse"] += 1

    async def guest(self, room: str) -> None:
        """Let somebody join, ask and leave."""
        self.guests += 1
        guest = await self.members.join_server(self.synapse, f"guest{self.guests}")
        host = self.rooms[room][0]
        await host.invite(room, guest)
        await host.wait_for_membership(room, guest)
        await self.ask(room, "!pod roster")
        await guest.leave(room)
        await guest.stop()
        self.done["joins and leaves"] += 1

    async def device(self, room: str) -> None:
        """Let somebody log in on another device and out again."""
        owner = self.chance.choice(self.rooms[room][:PEOPLE])
        phone = await self.members.log_in(self.synapse, owner.account, strict=False)
        await self.ask(room, "!status")
        await phone.logout()
        self.done["devices added and removed"] += 1

    async def count(self) -> bool:
        """Wait for the last answers, print what was seen, and tell whether each command had exactly one."""
        seen: Counter[int] = Counter()
        unread = 0
        for room, asked in self.asked.items():
            watcher = self.rooms[room][0]
            last = await watcher.say(room, "!status")
            await watcher.wait_for(room, _answer_to(last), timeout=PATIENCE)
            own = [event for event in watcher.timeline(room) if event.sender == self.bot.user_id]
            unread += sum(event.utd is not None for event in own)
            answers = Counter(event.reply_to for event in own)
            seen.update(answers[event_id] for event_id in asked)
        for what, count in sorted(self.done.items()):
            print(f"   {count:6} {what}")
        print(f"   {seen[1]:6} commands answered exactly once")
        print(f"   {seen[0]:6} lost")
        print(f"   {sum(count for times, count in seen.items() if times > 1):6} doubled")
        print(f"   {unread:6} of the bot's messages unreadable to a member who was there")
        if self.memory:
            print(f"   {self.memory[0]:6.0f} MB resident at the first look, {max(self.memory):.0f} at most, "
                  f"{self.memory[-1]:.0f} at the last", flush=True)  # fmt: skip
        return set(seen) <= {1} and unread == 0


def _answer_to(event_id: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.reply_to == event_id


def _memory(process_id: int) -> float:
    for line in Path(f"/proc/{process_id}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def main() -> None:
    """Soak for some minutes; exit with 0 only if nothing was lost, doubled or unreadable."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    sys.exit(0 if asyncio.run(_soak(given.minutes, given.seed)) else 1)


async def _soak(minutes: float, seed: int) -> bool:
    async with Synapse() as synapse, Members() as members, BotProcess(synapse) as bot:
        soak = Soak(synapse, members, bot, random.Random(seed))  # noqa: S311 - not for secrecy
        await soak.set_up()
        end = time.monotonic() + minutes * 60
        print(f"soaking for {minutes:g} minutes, seed {seed}", flush=True)
        while time.monotonic() < end:
            try:
                await soak.step()
            except (SandboxError, TimeoutError) as error:
                # a member's client that does not come back in time is the sandbox's matter, and is told
                print(f"   a step broke off: {str(error).splitlines()[0][:150]}", flush=True)
                soak.done["steps broken off"] += 1
        good = await soak.count()
        if not good:
            print(bot.log[-4000:], file=sys.stderr)
        return good


if __name__ == "__main__":
    main()
