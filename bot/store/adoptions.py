"""Which polls were made by a member's app, and what their options are called there.

Rule: no answer and no voter is kept here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.store.database import Row, Tx, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Adoption:
    """How a poll came to be counted.

    Args:
        event_id: What started it in its author's app.
        adopted_at: From when on it can be answered in words too.
        answer_ids: What apps call its options, in their order.
    """

    poll_id: str
    event_id: str
    adopted_at: datetime
    answer_ids: tuple[str, ...]


async def add(tx: Tx, adoption: Adoption) -> None:
    """Keep where a poll came from."""
    await tx.run(
        "INSERT INTO adopted_polls VALUES (?, ?, ?)",
        adoption.poll_id,
        adoption.event_id,
        to_ms(adoption.adopted_at),
    )
    await tx.run_many(
        "INSERT INTO adopted_options VALUES (?, ?, ?)",
        [(adoption.poll_id, number, found) for number, found in enumerate(adoption.answer_ids, 1)],
    )


async def of(tx: Tx, poll_id: str) -> Adoption | None:
    """Return where a poll came from, if a member's app made it."""
    row = await tx.one("SELECT * FROM adopted_polls WHERE poll_id = ?", poll_id)
    return await _adoption(tx, row) if row else None


async def by_event(tx: Tx, room_id: str, event_id: str) -> Adoption | None:
    """Return the poll that an event of this room started, if it is counted and was not let go of."""
    row = await tx.one(
        "SELECT adopted_polls.* FROM adopted_polls JOIN polls ON polls.id = poll_id"
        " WHERE event_id = ? AND room_id = ? AND state <> 'cancelled'",
        event_id,
        room_id,
    )
    return await _adoption(tx, row) if row else None


async def _adoption(tx: Tx, row: Row) -> Adoption:
    options = await tx.all(
        "SELECT answer_id FROM adopted_options WHERE poll_id = ? ORDER BY number", row["poll_id"]
    )
    return Adoption(
        row["poll_id"],
        row["event_id"],
        from_ms(row["adopted_at"]),
        tuple(option["answer_id"] for option in options),
    )
