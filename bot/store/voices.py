"""Who has a voice in a room, and what somebody is in it, by id alone.

Rule: observers and the bot have none. What people are called is not looked at, because that takes looking at everybody's
name; `rooms.voices` does it where names are said.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from bot.store.database import Tx, to_ms


class Standing(NamedTuple):
    """What somebody is in a room that they are in.

    Args:
        observer: Present without a voice.
        admin: May change who may do what.
    """

    observer: bool
    admin: bool


async def standing(tx: Tx, room_id: str, user_id: str) -> Standing | None:
    """Return what somebody is in a room, or `None` where they are not in it."""
    row = await tx.one(
        "SELECT observer, admin FROM members"
        " WHERE room_id = ? AND user_id = ? AND membership IN ('join', 'moving')",
        room_id,
        user_id,
    )
    return Standing(bool(row["observer"]), bool(row["admin"])) if row else None


async def ids(tx: Tx, room_id: str) -> frozenset[str]:
    """Return the joined people of a room who have a voice."""
    here, _gone = await here_and_gone(tx, room_id)
    return here


async def here_and_gone(
    tx: Tx, room_id: str, since: datetime | None = None, of: str | None = None
) -> tuple[frozenset[str], frozenset[str]]:
    """Return who has a voice in a room, and who had one and left it, or took back an invitation into it.

    Args:
        tx: The open transaction.
        room_id: The room.
        since: Who left before this moment is not named; nobody who left, if not given.
        of: Look at this person alone.
    """
    looked_at = (
        "SELECT user_id, membership IN ('join', 'moving') AS here FROM members"
        " WHERE room_id = ?1 AND NOT observer"
        " AND (membership IN ('join', 'moving') OR membership IN ('leave', 'ban') AND since >= ?2)"
        " AND user_id IS NOT (SELECT value FROM meta WHERE key = 'user_id')"
    )
    left_since = to_ms(since) if since else None
    if of is None:
        rows = await tx.all(looked_at, room_id, left_since)
    else:
        rows = await tx.all(f"{looked_at} AND user_id = ?3", room_id, left_since, of)
    here = frozenset(row["user_id"] for row in rows if row["here"])
    return here, frozenset(row["user_id"] for row in rows) - here
