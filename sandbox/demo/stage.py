"""The stage: people with real clients in real rooms, and a transcript of what their clients decrypted.

Rule: a line is printed only when the client of the person named in it has decrypted that text. At the end
every member's client is asked again what it saw.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.bot import BotProcess
from sandbox.member import Member
from sandbox.members import Members
from sandbox.seen import Match, Seen
from sandbox.synapse import Synapse

WIDTH = 100


@dataclass
class Room:
    """A room of the play and the people whose clients are in it, the reader of its lines first."""

    name: str
    room_id: str
    people: list[Member] = field(default_factory=list)


@dataclass
class Stage:
    """Who plays, where, and what was checked.

    Attributes:
        rooms: By name.
        people: Everybody's client, by first name.
        pairs: The spokes of each pod, by its name.
        facts: Ids that came up in one scene and matter in another.
        checks: What was looked at, and whether it was so.
    """

    synapse: Synapse
    members: Members
    bot: BotProcess
    began: float = field(default_factory=time.monotonic)
    rooms: dict[str, Room] = field(default_factory=dict)
    people: dict[str, Member] = field(default_factory=dict)
    pairs: dict[str, list[str]] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    checks: list[tuple[str, bool]] = field(default_factory=list)

    async def enter(self, *names: str) -> None:
        """Give people accounts and clients."""
        for name in names:
            self.people[name] = await self.members.join_server(self.synapse, name.lower())
            await self.people[name].set_display_name(name)

    async def open_room(self, name: str, owner: str, *guests: str) -> Room:
        """Let somebody make an encrypted room with the bot as its moderator, and wait for everybody in it."""
        host = self.people[owner]
        invited = [self.people[guest] for guest in guests]
        power = {"users": {self.bot.user_id: 50}}
        room_id = await host.create_room(name, [*invited, self.bot.user_id], power=power)
        for guest in invited:
            await guest.join(room_id)
        for guest in invited:
            await host.wait_for_membership(room_id, guest)
        await host.wait_for_membership(room_id, self.bot.user_id)
        self.rooms[name] = Room(name, room_id, [host, *invited])
        return self.rooms[name]

    def person(self, user_id: str) -> str:
        """Return somebody's name by their user id."""
        if user_id == self.bot.user_id:
            return "Spokesbot"
        return next((name for name, member in self.people.items() if member.user_id == user_id), user_id)

    # -- talking and listening -------------------------------------------------------------------

    async def says(self, name: str, where: str, text: str, *, reply_to: str | None = None) -> str:
        """Let somebody say something; printed when another person's client has decrypted it."""
        room = self.rooms[where]
        event_id = await self.people[name].say(room.room_id, text, reply_to=reply_to)
        await self.shown(where, event_id, self.reader(where, name))
        return event_id

    async def shown(self, where: str, event_id: str, reader: str) -> Seen:
        """Print an event as somebody's client decrypted it."""
        seen = await self.people[reader].wait_for_event(self.rooms[where].room_id, event_id)
        self.line(where, reader, seen)
        return seen

    async def hears(
        self, name: str, where: str, match: Match, *, since: str | None = None, seconds: float = 60
    ) -> Seen:
        """Wait until somebody's client has decrypted something the bot said, and print it."""
        room_id = self.rooms[where].room_id

        def fits(seen: Seen) -> bool:
            if seen.utd or seen.redacted:
                return False
            if callable(match):
                return match(seen)
            return (
                re.search(re.escape(match) if isinstance(match, str) else match, seen.body or "") is not None
            )

        seen = await self.people[name].wait_for(
            room_id, fits, sender=self.bot.user_id, since=since, timeout=seconds
        )
        self.line(where, name, seen)
        return seen

    async def asks(
        self, name: str, where: str, text: str, answer: Match, *, reply_to: str | None = None
    ) -> Seen:
        """Let somebody say something and wait for what the bot answers."""
        event_id = await self.says(name, where, text, reply_to=reply_to)
        return await self.hears(self.reader(where, name), where, answer, since=event_id)

    def reader(self, where: str, speaker: str) -> str:
        """Return whose client a line is read with: somebody in the room who is not the speaker."""
        readers = [person for person in self.rooms[where].people if person is not self.people[speaker]]
        return self.person(readers[0].user_id)

    # -- the transcript --------------------------------------------------------------------------

    def title(self, text: str) -> None:
        """Print what the next part is about."""
        print(f"\n── {text} {'─' * max(WIDTH - len(text) - 4, 3)}", flush=True)

    def note(self, text: str) -> None:
        """Print what happens outside the rooms."""
        print(f"   ({text})", flush=True)

    def line(self, where: str, reader: str, seen: Seen) -> None:
        """Print one event: room, whose client decrypted it, who said it, the text."""
        head = f"{where:<8} {reader} reads {self.person(seen.sender)}: "
        first, *rest = _words(seen).split("\n")
        print(head + first, flush=True)
        for line in rest:
            print(" " * 9 + "  " + line, flush=True)

    # -- the verdict -----------------------------------------------------------------------------

    def check(self, what: str, held: bool) -> None:
        """Note whether something was so."""
        self.checks.append((what, held))

    def verdict(self) -> bool:
        """Print every check and tell whether all held."""
        self.title("What the members' clients saw")
        for what, held in self.checks:
            print(f"   {'yes' if held else 'NO '}  {what}", flush=True)
        good = all(held for _, held in self.checks)
        print(f"\n{'All of it was seen.' if good else 'Something is missing.'} "
              f"{time.monotonic() - self.began:.0f} s.", flush=True)  # fmt: skip
        if not good:
            print(self.bot.log[-4000:], file=sys.stderr)
        return good

    def count(self, member: Member, where: str, fits: Callable[[Seen], bool]) -> int:
        """Count what a member's client read from the bot in a room."""
        return sum(
            1
            for seen in member.timeline(self.rooms[where].room_id)
            if seen.sender == self.bot.user_id and not seen.utd and not seen.replaces and fits(seen)
        )


def _words(seen: Seen) -> str:
    """Return an event as a person would read it; a native poll by its question and answers."""
    start = seen.content.get("org.matrix.msc3381.poll.start")
    if isinstance(start, dict):
        answers = " / ".join(answer["org.matrix.msc1767.text"] for answer in start["answers"])
        return f"[poll] {start['question']['org.matrix.msc1767.text']} — {answers}"
    if "org.matrix.msc3381.poll.end" in seen.content:
        return "[poll ended]"
    response = seen.content.get("org.matrix.msc3381.poll.response")
    if isinstance(response, dict):
        return f"[tapped answer {', '.join(response['answers']) or 'none'}]"
    return seen.body or f"[{seen.type}]"
