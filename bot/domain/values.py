"""Plain values that sentences are made of: people, typed commands, moments, people's own words.

Rule: a value says *what* it is; `bot.text` alone decides how it looks, so nothing a person wrote can
ever turn into formatting, a link or a mention.
"""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in a room.

    Args:
        user_id: The full Matrix id.
        name: How to call them here: the display name, made unique within the room.
        mention: Whether the sentence asks them to act, so that their app should tell them.
    """

    user_id: str
    name: str
    mention: bool = False

    def mentioned(self) -> "Person":
        """Return the same person, to be notified by their app."""
        return Person(self.user_id, self.name, mention=True)


@dataclass(frozen=True, slots=True)
class Code:
    """Something to be typed exactly as it stands."""

    text: str


@dataclass(frozen=True, slots=True)
class When:
    """A moment, written out in a time zone and, where `now` is given, with the distance to it."""

    at: datetime
    zone: ZoneInfo
    now: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verbatim:
    """People's own words, shown as a quotation, character by character as they wrote them."""

    text: str
