"""What a handler is given, and what it may answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.pods import Room, Settings
from bot.domain.values import Person, When
from bot.ports import Event, Said
from bot.store.database import Tx
from bot.text import Text

if TYPE_CHECKING:
    from bot.commanding.registry import Registry


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is more than a sentence.

    Args:
        text: What to say.
        about: The id of the object it speaks of, so that a reply to it needs no id.
    """

    text: Text
    about: str | None = None


Reply = Text | Answer | None
"""What a handler returns; `None` where its service said everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One step of one person.

    Args:
        tx: The open transaction; everything done through it commits together or not at all.
        now: The moment.
        room: Where.
        sender: Who.
        settings: The room's settings.
        event: What they sent.
        about: The id of the object that speaks from the message replied to, or the poll that was tapped.
        bare: Typed without prefix or mention, so it may just be talk.
        registry: Every command there is.
    """

    tx: Tx
    now: datetime
    room: Room
    sender: Person
    settings: Settings
    event: Event
    about: str | None = None
    bare: bool = False
    registry: Registry = field(repr=False)

    @property
    def said(self) -> Said:
        """The message, where the step is one."""
        if not isinstance(self.event, Said):
            raise TypeError("this step is not a message")
        return self.event

    def when(self, at: datetime) -> When:
        """Return a moment as it is written out in this room."""
        return When(at, self.settings.zone, self.now)
