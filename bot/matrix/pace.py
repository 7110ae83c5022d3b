"""How fast things are sent: to how many rooms at once, and when to none.

Rule: what the server asks for counts for the whole account: all stop, and go on fewer at a time. While people talk with us
a fan-out makes room for them (docs/adr/0020-gentle-while-people-talk.md).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.store import outbox

WIDTH = 64
"""Rooms sent to at once; Synapse gives its best at about this many (docs/performance.md)."""
GENTLE = 1
"""The same while people talk with us: what they type and what they are answered waits for every request before it."""
SLOW = timedelta(seconds=1)
"""A room that takes longer than this holds up no other while we are gentle."""
ANSWERS = 8
"""Slots beside these for who waits for an answer, so that a fan-out keeps nobody waiting."""


class Pace:
    """How much may be sent at a moment."""

    def __init__(self) -> None:
        self._width = WIDTH
        self._silent_until: datetime | None = None

    @property
    def is_full(self) -> bool:
        """Whether the server lets us send as much as it can do."""
        return self._width == WIDTH

    def slots(self, now: datetime, sending_since: Iterable[datetime], *, gentle: bool) -> tuple[int, int]:
        """Return how many slots are free for those who wait for an answer, and for the others after them.

        Args:
            now: The moment.
            sending_since: Since when something is being sent, of each room where that is so.
            gentle: Whether people talk with us.
        """
        since = list(sending_since)
        free = self._width - len(since)
        answers = free + ANSWERS if self.is_full else free
        return answers, min(free, GENTLE - sum(now - begun < SLOW for begun in since)) if gentle else free

    def silence(self, now: datetime) -> timedelta:
        """Return how long the server wants nothing from us; more than we ever wait says that the clock went back."""
        left = (self._silent_until or now) - now
        return left if timedelta() < left <= outbox.LONGEST_WAIT else timedelta()

    def speed_up(self) -> None:
        """Take note that something was sent."""
        self._width = min(self._width + 1, WIDTH)

    def slow_down(self, now: datetime, pause: timedelta) -> None:
        """Stop for as long as the server asks, and go on at half the width."""
        self._silent_until = now + max(self.silence(now), pause)
        self._width = max(self._width // 2, 1)
