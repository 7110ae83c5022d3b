"""What the Matrix adapter asks of the rest: one callable for each kind of thing it reports.

Rule: a handler decides and queues within the transaction it is given; it sends nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.ports.events import Incoming, Unread
from bot.ports.fetches import Fetched, NotFetched
from bot.ports.identities import IdentitySeen
from bot.ports.rooms import RoomChange

if TYPE_CHECKING:
    from bot.store.database import Tx

HandleEvent = Callable[["Tx", Incoming], Awaitable[None]]
"""Handles one incoming event within the transaction; must not send anything."""

HandleRoom = Callable[["Tx", RoomChange], Awaitable[None]]
"""Handles a change of a room within the transaction; must not send anything."""

HandleIdentities = Callable[["Tx", Sequence[IdentitySeen]], Awaitable[None]]
"""Takes in what is known of people's identities; hears the same again after each start."""

HoldEvent = Callable[["Tx", Incoming], Awaitable[bool]]
"""Takes note of an event from a device its sender has not signed; tells whether it is to be kept for later."""

HandleFile = Callable[["Tx", Fetched | NotFetched], Awaitable[None]]
"""Takes in that a file was fetched, or cannot be, within the transaction; must not send anything."""

HandleUnread = Callable[["Tx", Unread], Awaitable[None]]
"""Takes note that an event cannot be read yet, or that it could be read after all."""


@dataclass(frozen=True)
class Handlers:
    """All of them together.

    Args:
        event: Handles an incoming event.
        room: Handles a change of a room.
        identities: Takes in what is known of people's identities.
        unread: Takes note of an event that cannot be read yet, or could be read after all.
        hold: Takes note of an event from a device its sender has not signed.
        file: Takes in what became of a file that was to be fetched.
        wants_quoted: Tells whether a message needs the text of the one it replies to.
    """

    event: HandleEvent
    room: HandleRoom
    identities: HandleIdentities
    unread: HandleUnread
    hold: HoldEvent
    file: HandleFile
    wants_quoted: Callable[[str], bool]
