"""What a summary is made of: where it stands, where it goes, whose oks it has, and what others have of it.

Rule: plain values; what may become of them is in `summaries`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from zoneinfo import ZoneInfo

from bot.domain.files import File

UTC = ZoneInfo("UTC")


class State(Enum):
    """Where a summary stands; a draft can change, and so can one that members may still object to."""

    DRAFT = "draft"
    OPEN = "open"
    """Approved, and going when its pod's objection window ends."""
    APPROVED = "approved"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    RETRACTED = "retracted"


PENDING = (State.DRAFT, State.OPEN)


class Kind(Enum):
    """What the words are to those who get them."""

    SUMMARY = "summary"
    QUESTION = "question"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Destination:
    """A room a summary goes to, by the name people know it by."""

    room_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What is shown with the text and approved with it.

    Args:
        signed_by: The name of the pod or assembly it comes from; never a person.
        destinations: The rooms it goes to, by name.
        zone: The time zone in which its time is written, that of the room it comes from.
        urgent: It says that it is urgent, and passes daily digests.
    """

    signed_by: str
    destinations: tuple[Destination, ...]
    zone: ZoneInfo = UTC
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Ok:
    """One person's ok for the current version.

    Args:
        event_id: The message it was typed in; deleting or editing that takes the ok back.
        counted_for: The pod whose ok it was, once the summary is approved.
    """

    user_id: str
    at: datetime
    event_id: str
    counted_for: str | None = None


@dataclass(frozen=True, slots=True)
class Out:
    """The version that others have, while a correction or a retraction of it waits."""

    version: int
    text: str
    terms: Terms
    made_at: datetime
    oks: tuple[Ok, ...]
    approved_at: datetime | None
    file: File | None = None
