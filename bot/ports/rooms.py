"""What the server shows of a room: who is in it, what the bot may do there, whether it is in it at all.

Rule: this is how things stand, not something somebody said; after a start all of it may be shown once more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MemberSeen:
    """One `m.room.member` as the server shows it.

    Args:
        membership: `join`, `invite`, `leave`, `ban` or `knock`.
        at: The server's timestamp of that state event.
    """

    user_id: str
    membership: str
    display_name: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class RoomSeen:
    """The parts of a room's state that changed, or all of them after a start.

    Args:
        encrypted: `True` once an `m.room.encryption` state event was seen; it never turns false again.
        bot_power: The bot's own power level, where the power levels were seen.
        invite_power: The level needed to invite.
        kick_power: The level needed to remove somebody.
        admins: Members who may change power levels.
        successor: The room this one was upgraded to (`m.room.tombstone`).
    """

    room_id: str
    members: tuple[MemberSeen, ...] = ()
    encrypted: bool | None = None
    bot_power: int | None = None
    invite_power: int | None = None
    kick_power: int | None = None
    admins: frozenset[str] | None = None
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class Invited:
    """Somebody asks the bot into a room."""

    room_id: str
    inviter: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The bot is no longer in a room.

    Args:
        by: Who removed it; the bot's own id when it left.
    """

    room_id: str
    by: str
    banned: bool = False


RoomChange = RoomSeen | Invited | Removed
