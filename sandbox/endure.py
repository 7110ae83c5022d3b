"""`make faults SECONDS=n`: hold each fault of a server against the real bot, and count what it asks meanwhile.

Rule: what is printed was counted: requests by the proxy, answers by members' own strict apps. A command typed
during a fault must have exactly one answer afterwards, without a shield.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.bot import BotProcess
from sandbox.faults import PAGE, Fault, endpoint
from sandbox.members import Member, Members
from sandbox.proxy import Proxy
from sandbox.seen import Seen
from sandbox.synapse import Synapse

AT_ONCE = 6
ROOMS = 3
TYPED_EVERY = 3.0  # seconds
PATIENCE = 180.0  # seconds
EVERYTHING = "."
SYNC, SEND, SHARE = "GET .*/sync", "PUT .*/send/", "PUT .*/sendToDevice"
QUERY, CLAIM, UPLOAD = "POST .*/keys/query", "POST .*/keys/claim", "POST .*/keys/upload"
BROKEN = {"what": "fail", "status": 500, "body": {"errcode": "M_UNKNOWN", "error": "broken"}}
GATEWAY = {"what": "fail", "status": 502, "body": PAGE}
LIMIT = {"what": "fail", "status": 429, "body": {"errcode": "M_LIMIT_EXCEEDED", "error": "slow down"}}
LIMIT_5 = {**LIMIT, "body": LIMIT["body"] | {"retry_after_ms": 5000}}  # type: ignore[operator]
OVER = {
    "what": "fail",
    "status": 401,
    "body": {"errcode": "M_UNKNOWN_TOKEN", "error": "no", "soft_logout": False},
}


@dataclass
class Case:
    """A fault, what was asked while it lasted, and what became of it.

    Attributes:
        name: As it is printed.
        pattern: What it strikes.
        fault: What `Faults.fault` takes; None closes the port.
    """

    name: str
    pattern: str
    fault: dict[str, Any] | None
    requests: Counter[str] = field(default_factory=Counter)
    seconds: float = 0
    typed: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    warned: int = 0
    recovery: float = 0

    @property
    def is_good(self) -> bool:
        """Whether everything was answered exactly once, and readable."""
        return set(self.answers) == {1} and self.warned == 0

    def __str__(self) -> str:
        total = sum(self.requests.values())
        most = ", ".join(f"{name} {count}" for name, count in self.requests.most_common(4))
        return (
            f"| {self.name} | {total / self.seconds:.2f} | {most} | {self.answers[1]} of {self.typed} |"
            f" {self.recovery:.0f} s |"
        )


def cases() -> list[Case]:
    """Return what is tried."""
    steps = {"sync": SYNC, "send": SEND, "sendToDevice": SHARE, "keys/query": QUERY, "keys/claim": CLAIM,
             "keys/upload": UPLOAD, "everything": EVERYTHING}  # fmt: skip
    ways = {"500": BROKEN, "429 with 5 s": LIMIT_5, "429 without a time": LIMIT}
    return [
        Case("none", EVERYTHING, {"what": "none"}),
        *(Case(f"{step}: {way}", steps[step], ways[way]) for step in steps for way in ways),
        Case("everything: 502 with a page", EVERYTHING, GATEWAY),
        Case("everything: connection closed", EVERYTHING, {"what": "refuse"}),
        Case("everything: connection refused", EVERYTHING, None),
        Case("everything: answers lost", EVERYTHING, {"what": "lose"}),
        Case("everything: answers cut", EVERYTHING, {"what": "cut"}),
        Case("sync: the same answer again", SYNC, {"what": "repeat"}),
        Case("keys/query: no answer yet", QUERY, {"what": "wait"}),
        Case("everything: 401, the session is over", EVERYTHING, OVER),
    ]


class Endurance:
    """One bot behind one proxy, and people who type while things go wrong."""

    def __init__(
        self, synapse: Synapse, members: Members, proxy: Proxy, bot: BotProcess, number: int
    ) -> None:
        self.synapse, self.members, self.proxy, self.bot = synapse, members, proxy, bot
        self.names = (
            f"{name}-{number}-{index}" for index in itertools.count() for name in ("ana", "ben", "cy")
        )
        self.rooms: list[str] = []
        self.people: list[Member] = []
        self.asked: list[tuple[str, str]] = []

    async def set_up(self) -> None:
        """Make rooms with two strict people."""
        self.people = [await self.members.join_server(self.synapse, next(self.names)) for _ in range(2)]
        ana, ben = self.people
        for index in range(ROOMS):
            room = await ana.create_room(f"Room {index}", [ben, self.bot.user_id])
            await ana.wait_for_membership(room, ben)
            await ana.wait_for(room, "Hello, I am Spokesbot", sender=self.bot.user_id)
            self.rooms.append(room)
            await self.type(room)
        await self.all_answered()

    async def type(self, room: str) -> None:
        """Let somebody type a command."""
        who = self.people[len(self.asked) % 2]
        self.asked.append((room, await who.say(room, f"!help {len(self.asked)}")))

    async def all_answered(self) -> None:
        """Wait until everybody reads every answer."""
        for room, event_id in self.asked:
            for person in self.people:
                await person.wait_for(room, _answer_to(event_id), timeout=PATIENCE)

    async def play(self, case: Case, seconds: float) -> None:
        """Hold a fault for some time while people type and somebody new comes, and see what becomes of it."""
        self.asked.clear()
        before = len(self.proxy.asked)
        begun = time.monotonic()
        held = await self._begin(case)
        ana = self.people[0]
        cy = await self.members.join_server(self.synapse, next(self.names))
        await ana.invite(self.rooms[0], cy)
        await ana.wait_for_membership(self.rooms[0], cy)
        if (
            case.pattern == UPLOAD
        ):  # who writes first uses up a key of the bot's, so that there is one to upload
            self.asked.append((self.rooms[0], await cy.say(self.rooms[0], "!help newcomers")))
        for room in itertools.cycle(self.rooms):
            await self.type(room)
            left = begun + seconds - time.monotonic()
            await asyncio.sleep(min(TYPED_EVERY, max(left, 0)))
            if left <= TYPED_EVERY:
                break
        case.seconds = time.monotonic() - begun
        case.requests.update(map(endpoint, self.proxy.asked[before:]))
        case.typed = len(self.asked)
        await self._end(case, held)
        released = time.monotonic()
        await self.all_answered()
        case.recovery = time.monotonic() - released
        await self._count(case, cy)

    async def _begin(self, case: Case) -> Fault | None:
        if case.fault is None:
            await self.proxy.refuse_connections()
            return None
        return self.proxy.fault(pattern=case.pattern, times=sys.maxsize, **case.fault)

    async def _end(self, case: Case, held: Fault | None) -> None:
        if held is None:
            await self.proxy.accept_connections()
        self.proxy.release_all()
        if case.fault is OVER:
            await self.bot.ended()
            await self.bot.start()

    async def _count(self, case: Case, cy: Member) -> None:
        for room in self.rooms:  # what comes doubled has come before this
            await self.type(room)
        await self.all_answered()
        last = self.asked[-ROOMS][1]
        await cy.wait_for(self.rooms[0], _answer_to(last), timeout=PATIENCE)
        for room, event_id in self.asked[:-ROOMS]:
            for reader in (*self.people, *((cy,) if room == self.rooms[0] else ())):
                found = [seen for seen in reader.timeline(room) if seen.reply_to == event_id]
                shown = [await reader.look(seen) for seen in found]
                case.warned += sum(seen.shield != "NONE" or seen.utd is not None for seen in shown)
                if reader is self.people[0]:
                    case.answers[len(found)] += 1


def _answer_to(event_id: str) -> Callable[[Seen], bool]:
    return lambda seen: seen.reply_to == event_id


def main() -> None:
    """Hold every fault; exit with 0 only if everything was answered exactly once and without a warning."""
    parser = argparse.ArgumentParser(prog="make faults", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--only", default="", help="a part of the names of the faults")
    given = parser.parse_args()
    wanted = [case for case in cases() if given.only in case.name]
    sys.exit(0 if asyncio.run(_endure(wanted, given.seconds)) else 1)


async def _endure(wanted: list[Case], seconds: float) -> bool:
    slots = asyncio.Semaphore(AT_ONCE)
    async with Synapse() as synapse, Members() as members:

        async def play(case: Case, number: int) -> None:
            async with (
                slots,
                Proxy(synapse.url) as proxy,
                BotProcess(synapse, f"bot-{number}", through=proxy.url) as bot,
            ):
                endurance = Endurance(synapse, members, proxy, bot, number)
                await endurance.set_up()
                try:
                    await endurance.play(case, seconds)
                except (TimeoutError, RuntimeError) as error:
                    case.answers[0] += 1
                    print(f"{case.name}: {error}\n{bot.log[-3000:]}", file=sys.stderr, flush=True)
                print(case, "" if case.is_good else f"BAD {case.answers} {case.warned}", flush=True)

        print(f"each fault for {seconds:g} seconds, {AT_ONCE} bots at once, {ROOMS} rooms each")
        print(
            "| fault | requests/s | of them | answered once | after it ended |\n|---|---|---|---|---|",
            flush=True,
        )
        await asyncio.gather(*(play(case, number) for number, case in enumerate(wanted)))
    return all(case.is_good for case in wanted)


if __name__ == "__main__":
    main()
