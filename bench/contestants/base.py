"""What every contestant can be told, whatever it is made of.

Rule: a contestant counts from the moment at which the order has reached it, and is done when the server has taken
its last message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from bench.peer import Peer
from bench.server import Server
from bench.world import World


@dataclass
class Setting:
    """Where a contestant works: a server nobody has used, its world and the living members."""

    server: Server
    world: World
    peers: list[Peer]

    @property
    def rooms(self) -> list[str]:
        """The rooms that everything is sent to."""
        return [room.room_id for room in self.world.rooms]


@dataclass(frozen=True)
class Poll:
    """A native poll in a member's room, and what can be answered."""

    event_id: str
    answers: tuple[str, ...]


@dataclass(frozen=True)
class Ordered:
    """A fan-out that was begun.

    Args:
        mark: Where the server's notes ended when it was ordered.
        at: When the order had reached the contestant, in seconds since 1970.
        asked_at: When the order was given.
        before: Seconds it had already worked on it by then, while people were still deciding.
    """

    mark: int
    at: float
    asked_at: float
    before: float = 0.0


class Contestant(Protocol):
    """One of them.

    Attributes:
        command: A line that it answers shortly.
        keeps_keys: Whether it can be started again.
        lull: Seconds of silence after which it no longer spares those who talk with it.
    """

    command: str
    keeps_keys: bool
    lull: float

    @property
    def process_id(self) -> int:
        """The id of its process."""

    async def set_up(self) -> None:
        """Make what it needs before its first start."""

    async def start(self) -> None:
        """Start it, or start it again, and wait until it is in sync."""

    async def order(self, words: str) -> Ordered:
        """Have something sent to every room."""

    async def stop(self) -> None:
        """End it as its operator would; what it keeps stays."""

    async def clear(self) -> None:
        """End it and remove what it kept."""

    async def open_polls(self, voters: Sequence[Peer]) -> list[Poll]:
        """Have a poll in the room of each of these members."""

    async def counted(self, votes: Sequence[Sequence[str]]) -> int:
        """Return how many votes it has taken in.

        Args:
            votes: All that were sent since its last start or while it was down: those of each voter, in order.
        """

    async def longest_block(self) -> float:
        """Return for how long its loop did not turn at the longest since the last question, in seconds."""
