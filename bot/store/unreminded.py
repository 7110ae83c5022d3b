"""Who wants no reminders in a room. Rule: it is each person's own choice, and holds until they take it back."""

from __future__ import annotations

from bot.store.database import Tx


async def add(tx: Tx, room_id: str, user_id: str) -> bool:
    """Stop reminders for somebody; `False` if they were stopped."""
    return await tx.run("INSERT OR IGNORE INTO unreminded VALUES (?, ?)", room_id, user_id) == 1


async def drop(tx: Tx, room_id: str, user_id: str) -> bool:
    """Start them again; `False` if they were not stopped."""
    return await tx.run("DELETE FROM unreminded WHERE room_id = ? AND user_id = ?", room_id, user_id) == 1


async def of(tx: Tx, room_id: str) -> frozenset[str]:
    """Return who wants none."""
    rows = await tx.all("SELECT user_id FROM unreminded WHERE room_id = ?", room_id)
    return frozenset(row["user_id"] for row in rows)
