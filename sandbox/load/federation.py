"""A federation with people in it: an assembly, pods, and a pair of spokes for each pod.

Rule: nobody types faster than a person does; what the bot does with too many commands is not what is looked at here.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from sandbox.bot import BotProcess
from sandbox.member import Member
from sandbox.members import Members
from sandbox.seen import Match, Seen
from sandbox.synapse import Synapse
from sandbox.watching import User

PATIENCE = 120
"""Seconds for an answer, with both sides killed meanwhile."""
BREATH = 1.0
"""Seconds between two commands of one person."""
MINUTE = 60.0
A_MINUTE = 14
"""Commands of one person in a minute, at most."""


@dataclass
class Place:
    """A pod or the assembly.

    Attributes:
        name: What the bot calls it.
        rooms: Its rooms' ids, the present one last; an upgrade adds one.
        people: Who is in it from the beginning; the first one is its witness and has seen everything.
        spokes: The pair of a pod, or the spokes of all pods, in the order of the pods.
    """

    name: str
    rooms: list[str]
    people: list[Member]
    spokes: list[Member] = field(default_factory=list)

    @property
    def room(self) -> str:
        """The present room's id."""
        return self.rooms[-1]

    @property
    def witness(self) -> Member:
        """Whoever's timeline is counted."""
        return self.people[0]


class Federation:
    """People, places and how people talk.

    Args:
        synapse: The server.
        members: Whose clients are never restarted; their timelines are counted.
        bot: The bot, already running.
        name: Makes user names that nobody else on the server has.
    """

    def __init__(
        self,
        synapse: Synapse,
        members: Members,
        bot: BotProcess,
        name: Callable[[str], str] = lambda name: name,
    ) -> None:
        self.synapse = synapse
        self.members = members
        self.bot = bot
        self._name = name
        self._typed: defaultdict[str, deque[float]] = defaultdict(deque)
        self.assembly = Place("River", [], [])
        self.pods: list[Place] = []

    @property
    def places(self) -> list[Place]:
        """Every place, the assembly first."""
        return [self.assembly, *self.pods]

    async def set_up(self, *names: str) -> None:
        """Found the assembly and a pod for each name, with three people each, of whom two are drawn as its pair."""
        host = await self.members.join_server(self.synapse, self._name("host"))
        self.assembly.people = [host]
        self.assembly.rooms = [await self._room("River", host)]
        await self.asks(host, self.assembly, "!assembly create River", "is now the assembly")
        self.pods = list(await asyncio.gather(*(self._pod(name) for name in names)))
        # the first two are let in by the host, the others by spokes of these two
        for group in (self.pods[:2], self.pods[2:]):
            for pod in group:
                await self._enter(pod)
            await together(*(self._draw(pod) for pod in group))
            self.assembly.spokes += [spoke for pod in group for spoke in pod.spokes]
        self.assembly.people += self.assembly.spokes
        for member in self.assembly.people:
            for other in self.assembly.people:
                await member.wait_for_membership(self.assembly.room, other)

    # -- talking ---------------------------------------------------------------------------------

    async def say(self, member: Member, place: Place, text: str) -> str:
        """Let somebody type something, at a person's pace; returns its event id."""
        await self._pace(member)
        return await member.say(place.room, text)

    async def asks(self, member: Member, place: Place, text: str, match: Match | None = None) -> Seen:
        """Let somebody type something; returns the bot's answer as the witness reads it.

        Args:
            member: Who.
            place: Where.
            text: What.
            match: What the answer is known by; by default it replies to what was typed.
        """
        sent = await self.say(member, place, text)
        return await self.hears(place, match or (lambda seen: seen.reply_to == sent))

    async def hears(self, place: Place, match: Match, *, since: str | None = None) -> Seen:
        """Wait until a place's witness reads something the bot said."""
        return await place.witness.wait_for(
            place.room, match, sender=self.bot.user_id, since=since, timeout=PATIENCE
        )

    async def _pace(self, member: Member) -> None:
        typed = self._typed[member.user_id]
        clock = asyncio.get_running_loop().time
        while True:
            now = clock()
            while typed and now - typed[0] > MINUTE:
                typed.popleft()
            wait = typed[-1] + BREATH - now if typed else 0.0
            if len(typed) >= A_MINUTE:
                wait = max(wait, typed[0] + MINUTE - now)
            if wait <= 0:
                break
            await asyncio.sleep(wait)
        typed.append(now)

    # -- founding --------------------------------------------------------------------------------

    async def _room(self, name: str, host: Member, *guests: Member) -> str:
        room = await host.create_room(
            name, [*guests, self.bot.user_id], power={"users": {self.bot.user_id: 50}}
        )
        entering: tuple[User, ...] = (*guests, self.bot.user_id)
        for guest in entering:
            await host.wait_for_membership(room, guest)
        await host.wait_for(room, "Hello, I am Spokesbot", sender=self.bot.user_id)
        return room

    async def _pod(self, name: str) -> Place:
        people = [
            await self.members.join_server(self.synapse, self._name(f"{who}-{name.lower()}"))
            for who in ("ana", "ben", "cy")
        ]
        place = Place(name, [await self._room(name, *people)], people)
        await self.asks(people[1], place, f"!pod create {name}", f"is now the pod {name}")
        return place

    async def _enter(self, pod: Place) -> None:
        """Let a pod into the assembly."""
        made = await self.asks(self.assembly.witness, self.assembly, "!assembly invite")
        await self.asks(pod.people[2], pod, _found(r"!pod join \w{3}-\w{3}", made))
        asked = await self.hears(
            self.assembly, re.compile(rf"{pod.name} .*asks to enter"), since=made.event_id
        )
        request = _found(r"\bJ\d+", asked)
        spokes = self.assembly.spokes
        for one in (spokes[0], spokes[2]) if len(spokes) > 2 else self.assembly.people[:1]:
            await self.asks(one, self.assembly, f"ok {request}")
        await self.hears(pod, "is now in the assembly")

    async def _draw(self, pod: Place) -> None:
        """Draw a pod's pair; whoever is asked accepts and enters the assembly's room."""
        begun = await self.say(pod.people[1], pod, "!spokes draw")
        while len(pod.spokes) < 2:

            def asks_another(seen: Seen) -> bool:
                return any(user not in {spoke.user_id for spoke in pod.spokes} for user in seen.mentions)

            asked = await self.hears(pod, asks_another, since=begun)
            for member in pod.people:
                if member.user_id in asked.mentions and member not in pod.spokes:
                    await self.asks(member, pod, "accept")
                    pod.spokes.append(member)
        for spoke in pod.spokes:
            await spoke.wait_for_membership(self.assembly.room, spoke)


async def together(*work: Coroutine[Any, Any, object]) -> None:
    """Do several things at once, and leave none of them behind when one fails."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome


def _found(pattern: str, seen: Seen) -> str:
    found = re.search(pattern, seen.body or "")
    if found is None:
        raise AssertionError(f"no {pattern} in what the bot said: {seen}")
    return found[0]
