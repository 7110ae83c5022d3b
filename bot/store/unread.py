"""Whose messages wait for a key, why it did not come, and who was told.

Rule: why a key did not come is the word of whoever sent it, vouched for by nobody; it chooses a sentence, and is
forgotten with the messages it is about.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.store.database import Tx, from_ms, to_ms
from bot.store.inbox import Parked, parked_of

WITHHELD_OF_ONE, WITHHELD_IN_ALL = 100, 5000
"""How many reasons are kept; nobody can push out those of others with theirs."""
WITHHELD_UNUSED = timedelta(days=1)
"""How long a reason is kept while no message of the session waits."""


async def waiting_in(tx: Tx, room_id: str, since: datetime) -> list[Parked]:
    """Return what waits for its key in a room, in the order it came; what is held is left out.

    Args:
        tx: The open transaction.
        room_id: The room.
        since: Leave out what was sent before.
    """
    rows = await tx.all(
        "SELECT * FROM parked WHERE room_id = ? AND sent_at >= ?"
        " AND event_id NOT IN (SELECT event_id FROM held) ORDER BY id",
        room_id,
        to_ms(since),
    )
    return [parked_of(row) for row in rows]


# -- why a key did not come --------------------------------------------------------------------------


async def note_withheld(tx: Tx, now: datetime, user_id: str, key: str, code: str) -> None:
    """Note why somebody's app says it gives us no key.

    Args:
        tx: The open transaction.
        now: The moment.
        user_id: Whose app says so.
        key: The megolm session, or the sending device's curve25519 key where no session is named.
        code: The reason (Matrix specification, `m.room_key.withheld`).
    """
    await tx.run(
        "INSERT OR REPLACE INTO withheld (user_id, key, code, noted_at) VALUES (?, ?, ?, ?)",
        user_id,
        key,
        code,
        to_ms(now),
    )
    await tx.run(
        "DELETE FROM withheld WHERE noted_at < ?"
        " AND NOT EXISTS (SELECT 1 FROM parked WHERE session_id = key AND sender = user_id)",
        to_ms(now - WITHHELD_UNUSED),
    )
    newest = "SELECT key FROM withheld WHERE user_id = ?1 ORDER BY noted_at DESC, key LIMIT ?2"
    await tx.run(
        f"DELETE FROM withheld WHERE user_id = ?1 AND key NOT IN ({newest})",  # noqa: S608 - a constant
        user_id,
        WITHHELD_OF_ONE,
    )
    newest = "SELECT user_id, key FROM withheld ORDER BY noted_at DESC, key LIMIT ?1"
    await tx.run(
        f"DELETE FROM withheld WHERE (user_id, key) NOT IN ({newest})",  # noqa: S608 - a constant
        WITHHELD_IN_ALL,
    )


async def why_withheld(tx: Tx, event: Parked) -> str | None:
    """Return why the key of a message did not come, where its sender's app has said."""
    row = await tx.one(
        "SELECT code FROM withheld WHERE user_id = ? AND key IN (?, ?) ORDER BY key = ? DESC LIMIT 1",
        event.sender,
        event.session_id,
        event.sender_key,
        event.session_id,
    )
    return row["code"] if row else None


async def forget_withheld(tx: Tx, event: Parked) -> None:
    """Forget why the key of a message did not come: it has come."""
    await tx.run(
        "DELETE FROM withheld WHERE user_id = ? AND key IN (?, ?)",
        event.sender,
        event.session_id,
        event.sender_key,
    )


# -- who was told ------------------------------------------------------------------------------------


async def told(tx: Tx, room_id: str) -> dict[str, datetime]:
    """Return who was ever told in a room, and when last; an empty user id is the room as a whole."""
    rows = await tx.all("SELECT user_id, told_at FROM unread_told WHERE room_id = ?", room_id)
    return {row["user_id"]: from_ms(row["told_at"]) for row in rows}


async def set_told(tx: Tx, room_id: str, user_ids: Iterable[str], now: datetime) -> None:
    """Note that people were told."""
    await tx.run_many(
        "INSERT OR REPLACE INTO unread_told VALUES (?, ?, ?)",
        [(room_id, user_id, to_ms(now)) for user_id in user_ids],
    )
