"""What becomes of rows: tried, sent, put off, given up, taken back, or moved forward.

Rule: the first event id that a row got is the one that counts. Once it is sent or given up, its words are erased here:
the room has them, or nobody will, and we keep no copy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.store.database import Tx, to_ms


@dataclass(frozen=True, slots=True)
class Sent:
    """A row was sent.

    Args:
        event_id: The server's id, where it is an event.
    """

    row_id: int
    at: datetime
    event_id: str | None


@dataclass(frozen=True, slots=True)
class PutOff:
    """A row is to be tried again later.

    Args:
        untried: Whether nothing of it has left, so that it can still be taken back.
    """

    row_id: int
    until: datetime
    reason: str
    untried: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """A row is given up; it stays visible to the operator and in `!status`, without its words."""

    row_id: int
    reason: str


Outcome = Sent | PutOff | Failed


async def mark_tried(tx: Tx, row_ids: Sequence[int], now: datetime, device_id: str) -> None:
    """Note that rows are being sent for the first time; a later attempt changes nothing."""
    await tx.run_many(
        "UPDATE outbox SET tried_at = ?, tried_by = ? WHERE id = ? AND tried_at IS NULL",
        [(to_ms(now), device_id, row_id) for row_id in row_ids],
    )


async def settle(tx: Tx, outcomes: Sequence[Outcome]) -> None:
    """Note what became of rows; the first event id that one got is the one that counts."""
    await tx.run_many(
        "UPDATE outbox SET state = 'sent', sent_at = ?, event_id = coalesce(event_id, ?), reason = NULL, payload = ''"
        " WHERE id = ?",
        [(to_ms(sent.at), sent.event_id, sent.row_id) for sent in outcomes if isinstance(sent, Sent)],
    )
    await tx.run_many(
        "UPDATE outbox SET attempts = attempts + 1, not_before = ?, reason = ? WHERE id = ?",
        [(to_ms(off.until), off.reason, off.row_id) for off in outcomes if isinstance(off, PutOff)],
    )
    await tx.run_many(
        "UPDATE outbox SET tried_at = NULL, tried_by = NULL WHERE id = ? AND state = 'waiting'",
        [(off.row_id,) for off in outcomes if isinstance(off, PutOff) and off.untried],
    )
    await tx.run_many(
        "UPDATE outbox SET state = 'failed', payload = '', reason = ? WHERE id = ? AND state = 'waiting'",
        [(failed.reason, failed.row_id) for failed in outcomes if isinstance(failed, Failed)],
    )


async def mark_sent(tx: Tx, row_id: int, now: datetime, event_id: str | None) -> None:
    """Settle one row as sent."""
    await settle(tx, [Sent(row_id, now, event_id)])


async def mark_echoed(tx: Tx, txn_id: str, event_id: str, now: datetime) -> None:
    """Settle a row whose answer was lost, from the remote echo of its event."""
    row = await tx.one(
        "UPDATE outbox SET state = 'sent', sent_at = coalesce(sent_at, ?), event_id = coalesce(event_id, ?), payload = ''"
        " WHERE txn_id = ? AND state = 'waiting' RETURNING attempts",
        to_ms(now),
        event_id,
        txn_id,
    )
    if row and row["attempts"]:  # it was put off, and the next one in its room with it
        tx.queued = True


async def cancel(tx: Tx, txn_id: str) -> bool:
    """Take back a row that was not sent yet; `False` if it was, or may have been."""
    return bool(
        await _erase(
            tx,
            "UPDATE outbox SET state = 'cancelled', payload = ''"
            " WHERE txn_id = ? AND state = 'waiting' AND tried_at IS NULL",
            txn_id,
        )
    )


async def forget_words(tx: Tx, about: str, *, answers_only: bool) -> int:
    """Forget what was to be said of an object and never was, and say it no more; returns how much waited.

    Args:
        tx: The open transaction.
        about: The id of the object.
        answers_only: Only what answers somebody's message.
    """
    return await _erase(
        tx,
        "UPDATE outbox SET state = 'cancelled', payload = '' WHERE state = 'waiting' AND about = ?1"
        " AND kind IN ('Say', 'Edit', 'SendFile') AND (?2 = 0 OR json_extract(payload, '$.reply_to') IS NOT NULL)",
        about,
        answers_only,
    )


async def _erase(tx: Tx, sql: str, *values: Any) -> int:
    erased = await tx.run(sql, *values)
    if erased:  # what stood behind it comes next
        tx.queued = True
    return erased


async def first(tx: Tx, room_id: str) -> None:
    """Move the newest waiting row of a room before all others, to be tried at once."""
    await tx.run(
        "UPDATE outbox SET not_before = 0, id = (SELECT min(id) FROM outbox) - 1"
        " WHERE id = (SELECT max(id) FROM outbox WHERE room_id = ? AND state = 'waiting')",
        room_id,
    )


async def try_now(tx: Tx, room_id: str) -> None:
    """Let a room's waiting rows be tried at once, because something changed there."""
    await tx.run("UPDATE outbox SET not_before = 0 WHERE room_id = ? AND state = 'waiting'", room_id)
    tx.queued = True
