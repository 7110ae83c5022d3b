"""Which of the parked events are held because nobody vouches for the device they came from.

Rule: what is held is parked too, as ciphertext; here is only whose it is.
"""

from __future__ import annotations

from datetime import datetime

from bot.store.database import Tx, from_ms, to_ms


async def add(tx: Tx, event_id: str, room_id: str, user_id: str, now: datetime) -> None:
    """Note that an event is held."""
    await tx.run(
        "INSERT OR IGNORE INTO held (event_id, room_id, user_id, held_at) VALUES (?, ?, ?, ?)",
        event_id,
        room_id,
        user_id,
        to_ms(now),
    )


async def ids(tx: Tx) -> set[str]:
    """Return the ids of everything that is held."""
    return {row["event_id"] for row in await tx.all("SELECT event_id FROM held")}


async def count(tx: Tx, room_id: str, user_id: str) -> int:
    """Return how much of somebody's is held in a room."""
    row = await tx.one("SELECT count(*) AS n FROM held WHERE room_id = ? AND user_id = ?", room_id, user_id)
    return int(row["n"]) if row else 0


async def last(tx: Tx, room_id: str, user_id: str) -> str | None:
    """Return the newest event of somebody's that is held in a room."""
    row = await tx.one(
        "SELECT event_id FROM held WHERE room_id = ? AND user_id = ? ORDER BY held_at DESC LIMIT 1",
        room_id,
        user_id,
    )
    return row["event_id"] if row else None


async def drop(tx: Tx, event_id: str) -> None:
    """Forget that an event was held."""
    await tx.run("DELETE FROM held WHERE event_id = ?", event_id)


async def give_up(tx: Tx, before: datetime) -> None:
    """Let go of what has been held since before a moment."""
    old = "SELECT event_id FROM held WHERE held_at < ?"
    await tx.run(f"DELETE FROM parked WHERE event_id IN ({old})", to_ms(before))  # noqa: S608 - a constant
    await tx.run("DELETE FROM held WHERE held_at < ?", to_ms(before))


async def told_at(tx: Tx, room_id: str, user_id: str) -> datetime | None:
    """Return when somebody was last told in a room that something of theirs is held."""
    row = await tx.one("SELECT told_at FROM held_told WHERE room_id = ? AND user_id = ?", room_id, user_id)
    return from_ms(row["told_at"]) if row else None


async def set_told(tx: Tx, room_id: str, user_id: str, now: datetime) -> None:
    """Note that somebody was told."""
    await tx.run("INSERT OR REPLACE INTO held_told VALUES (?, ?, ?)", room_id, user_id, to_ms(now))
