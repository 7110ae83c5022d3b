"""What was last put into a room's calendar file.

Rule: an entry keeps its `UID` and counts its `SEQUENCE` up when it changes (RFC 5545, 3.8.7.4), so that a
calendar moves what it has instead of showing it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.domain.dates import Dated, Entry
from bot.store.database import Tx

_TAKEN_BACK = ""


async def update(tx: Tx, room_id: str, entries: Sequence[Entry], new_uid: Callable[[], str]) -> list[Dated]:
    """Keep what goes into a file now, and return it with names and counts, what was taken back too.

    Args:
        tx: The open transaction.
        room_id: Whose calendar.
        entries: What is in it now.
        new_uid: Makes a name for an entry that has none yet.
    """
    rows = await tx.all("SELECT * FROM calendar_entries WHERE room_id = ? ORDER BY key", room_id)
    known = {row["key"]: row for row in rows}
    found = []
    for entry in entries:
        row = known.pop(entry.key, None)
        uid = row["uid"] if row else new_uid()
        sequence = row["sequence"] + (row["content"] != entry.content) if row else 0
        found.append(Dated(uid, sequence, entry))
        await _keep(tx, room_id, entry.key, found[-1], entry.content)
    for key, row in known.items():
        sequence = row["sequence"] + (row["content"] != _TAKEN_BACK)
        found.append(Dated(row["uid"], sequence, None))
        await _keep(tx, room_id, key, found[-1], _TAKEN_BACK)
    return found


async def _keep(tx: Tx, room_id: str, key: str, dated: Dated, content: str) -> None:
    await tx.run(
        "INSERT INTO calendar_entries VALUES (?, ?, ?, ?, ?) ON CONFLICT (room_id, key) DO UPDATE SET"
        " sequence = excluded.sequence, content = excluded.content",
        room_id,
        key,
        dated.uid,
        dated.sequence,
        content,
    )


async def forget(tx: Tx, room_id: str, keys: Sequence[str]) -> None:
    """Forget entries that are over: they stay in people's calendars as they were."""
    await tx.run_many(
        "DELETE FROM calendar_entries WHERE room_id = ? AND key = ?", [(room_id, key) for key in keys]
    )


async def keys(tx: Tx, room_id: str) -> list[str]:
    """Return the keys of everything that was put into a room's calendar file."""
    rows = await tx.all("SELECT key FROM calendar_entries WHERE room_id = ? ORDER BY key", room_id)
    return [row["key"] for row in rows]
