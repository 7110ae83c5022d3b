"""Daily digests: when one comes, and how letters are laid into messages.

Rule: every letter is in it in full and in order. A letter is never cut, also where it fills a message alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

LATE = timedelta(minutes=30)
"""A digest that comes later than that says why."""

BETWEEN = "\n\n"
"""What stands between two letters."""


def next_digest(now: datetime, hour: time, zone: ZoneInfo) -> datetime:
    """Return the first digest after a moment: once on each day of the calendar, at the pod's own hour.

    An hour that the clocks skip comes as much later as they skip; of one that comes twice it is the first (PEP 495,
    `fold=0`).
    """
    day = now.astimezone(zone).date()
    while (at := datetime.combine(day, hour, zone).astimezone(UTC)) <= now:
        day += timedelta(days=1)
    return at


def pack(lead: str, letters: Sequence[str], longest: int) -> list[list[int]]:
    """Lay letters into as few messages as they need, in order.

    Args:
        lead: What stands above the letters in each message.
        letters: The letters as they are written.
        longest: Characters of a message. One that holds a single letter may have more.

    Returns:
        For each message the places of its letters, from 0.
    """
    messages: list[list[int]] = []
    length = 0
    for place, letter in enumerate(letters):
        more = len(BETWEEN) + len(letter)
        if not messages or length + more > longest:
            messages.append([])
            length = len(lead)
        messages[-1].append(place)
        length += more
    return messages
