"""How long one key of a room is used before another takes its place.

Rule: a room can ask for a change more often than Matrix recommends, never for one less often; what is no usable
number asks for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

MESSAGES = 100
AGE = timedelta(days=7)
"""What the specification recommends (`m.room.encryption`)."""
SHORTEST = timedelta(hours=1)
"""As in Element: a room where each message needs a new key would be a way to keep the bot busy."""
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Rotation:
    """When a key has been used long enough.

    Args:
        messages: After this many.
        age: After this long.
        others: How long other people's apps may go on with one of theirs, if they follow the room's wish.
    """

    messages: int = MESSAGES
    age: timedelta = AGE
    others: timedelta = AGE


def rotation_of(content: dict[str, Any]) -> Rotation:
    """Read the content of `m.room.encryption`.

    One message a key is the least there can be, and one hour the shortest time. Zero, less, or what is no whole
    number is read as if it were not there; more than the recommendation is taken as the recommendation.
    """
    messages = _number(content.get("rotation_period_msgs"), MESSAGES)
    asked = _number(content.get("rotation_period_ms"), AGE // _MS)
    others = timedelta(milliseconds=min(asked, timedelta(days=365) // _MS))
    return Rotation(min(messages, MESSAGES), min(max(others, SHORTEST), AGE), others)


def _number(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else default
