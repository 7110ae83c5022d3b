"""What a scenario may do and see, the same on both servers."""

from __future__ import annotations

from abc import ABC, abstractmethod

from sandbox.faults import Faults

ANA, BEN = "ana", "ben"
CHATTER = 108
"""More than a sync holds."""


class Scene(ABC):
    """The pod Willow with Ana, Ben and the bot, and another room with the three.

    Attributes:
        server: Where the faults are asked for; only the bot meets them.
        room: The pod's room.
        other: The other room.
        asked: Every command that must have exactly one answer in the end, with who must be able to read it.
    """

    server: Faults
    room: str
    other: str

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, tuple[str, ...]]] = []

    # -- people

    @abstractmethod
    async def say(self, text: str, who: str = ANA, room: str = "") -> str:
        """Let somebody say something, in the pod's room if no other is named; returns the event id."""

    @abstractmethod
    async def newcomer(self) -> str:
        """Let somebody new join the pod's room; returns who it is."""

    @abstractmethod
    async def chatter(self) -> None:
        """Let so much be said in the pod's room, without encryption, that no sync holds it."""

    @abstractmethod
    def user_id(self, who: str) -> str:
        """Return a person's user id."""

    @abstractmethod
    async def answers(self, event_id: str, reader: str, room: str) -> list[str]:
        """Return what the bot has answered to a message, as somebody reads it at this moment."""

    @abstractmethod
    async def until_answered(self, event_id: str, reader: str, room: str) -> None:
        """Wait until somebody reads an answer to a message, without any warning of their app."""

    @abstractmethod
    async def order(self, room: str) -> list[str]:
        """Return what the bot's answers in a room answer, in the order Ana sees them."""

    async def answered(self, *asked: str, readers: tuple[str, ...] = (ANA, BEN), room: str = "") -> None:
        """Wait until everybody reads the answers to some messages."""
        room = room or self.room
        for event_id in asked:
            for reader in readers:
                await self.until_answered(event_id, reader, room)
            self.asked.append((event_id, room, readers))

    async def check(self) -> None:
        """See that everything was answered exactly once, now that all goes well."""
        self.server.release_all()
        for room in (self.room, self.other):
            await self.answered(await self.say("!help end", room=room), readers=(ANA,), room=room)
        for event_id, room, readers in self.asked:
            for reader in readers:
                assert len(await self.answers(event_id, reader, room)) == 1, event_id

    # -- the bot and its server

    @abstractmethod
    async def kill(self) -> None:
        """Kill the bot."""

    @abstractmethod
    async def start(self) -> None:
        """Start it again, without waiting until it is in sync."""

    @abstractmethod
    async def ended(self) -> None:
        """Wait until it has ended by itself, having said what the operator must do."""

    @abstractmethod
    async def complained(self) -> None:
        """Wait until it says that the server gives no good answer."""

    @abstractmethod
    async def refuse_connections(self) -> None:
        """Let nobody connect to the server, and end the connections there are."""

    @abstractmethod
    async def accept_connections(self) -> None:
        """Let the bot connect again."""

    @abstractmethod
    async def claim_keys(self, number: int) -> None:
        """Use up some of the bot's one-time keys, as many as there are if fewer."""

    @abstractmethod
    async def rooms(self, number: int) -> list[str]:
        """Make rooms with Ana, where the bot has said hello."""

    @abstractmethod
    async def limit(self, per_second: int, burst: int) -> None:
        """Let the server itself limit how fast the bot may send; 0 and 0 lift it."""

    # -- the room

    @abstractmethod
    async def ban(self) -> None:
        """Let Ana ban the bot from the pod's room."""

    @abstractmethod
    async def forgive(self) -> None:
        """Let Ana lift the ban and invite the bot, and wait until it is back."""

    @abstractmethod
    async def power(self, bot: int, to_speak: int) -> None:
        """Let Ana set the bot's power in the pod's room, and what is needed to speak there."""
