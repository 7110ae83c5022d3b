"""Which rooms a version of a summary goes to, and how far it is there.

Rule: a version goes to a room once, and only to a room that was shown with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.domain.summaries import Summary
from bot.store.database import Tx, from_ms


@dataclass(frozen=True, slots=True)
class Delivery:
    """One room an approved version goes to, and how far it is.

    Args:
        txn_id: The transaction id of the row that brings it; `None` while it waits for a digest.
        edits: The transaction id of the message it replaces in place.
        state: That of its outbox row: `waiting`, `sent`, `failed` or `cancelled`; `held` while it waits for a digest.
        reason: Why it, or what is before it in its room, waits or failed; never message text.
        sent_in: The room it was sent in, which an upgrade may have replaced since.
        seen_at: When it was first known that a member there has seen it.
        held_at: When it was put aside for a digest, if it was.
        digest_at: When that digest is due.
    """

    version: int
    room_id: str
    name: str
    txn_id: str | None
    edits: str | None
    state: str
    queued_at: datetime
    sent_at: datetime | None
    reason: str | None
    event_id: str | None
    sent_in: str
    seen_at: datetime | None
    held_at: datetime | None
    digest_at: datetime | None

    @property
    def is_reachable(self) -> bool:
        """Whether it is in the room of today; what was said before an upgrade stays in the room that was left."""
        return self.room_id == self.sent_in


async def add(tx: Tx, summary: Summary, room_id: str, txn_id: str, *, edits: str | None = None) -> None:
    """Note that the current version goes to a room; a second time for the same room is an error.

    Args:
        tx: The open transaction.
        summary: What.
        room_id: Where.
        txn_id: The transaction id of its outbox row.
        edits: That of the message which the row replaces in place.
    """
    await tx.run(
        "INSERT INTO summary_deliveries (summary_id, version, room_id, txn_id, edits) VALUES (?, ?, ?, ?, ?)",
        summary.id,
        summary.version,
        room_id,
        txn_id,
        edits,
    )


async def of(tx: Tx, summary_id: str, version: int | None = None) -> list[Delivery]:
    """Return how far a version is, or all of them, oldest first and in the order in which the rooms were shown."""
    rows = await tx.all(
        "SELECT d.version, d.room_id, t.name, d.txn_id, d.edits, o.sent_at, o.event_id, d.seen_at,"
        " d.held_at, g.due_at, coalesce(o.queued_at, d.held_at, 0) AS queued_at, coalesce(o.room_id, d.room_id) AS sent_in,"
        " coalesce(o.state, iif(d.digest_id IS NULL, 'cancelled', 'held')) AS state,"
        " coalesce(o.reason, iif(o.state = 'waiting', (SELECT h.reason FROM outbox h WHERE h.room_id = o.room_id"
        " AND h.state = 'waiting' ORDER BY h.id LIMIT 1), NULL)) AS reason FROM summary_deliveries d"
        " JOIN summary_destinations t USING (summary_id, version, room_id) LEFT JOIN outbox o USING (txn_id)"
        " LEFT JOIN digests g ON g.id = d.digest_id"
        " WHERE summary_id = ?1 AND (?2 IS NULL OR version = ?2) ORDER BY version, t.place",
        summary_id,
        version,
    )
    return [
        Delivery(
            row["version"],
            row["room_id"],
            row["name"],
            row["txn_id"],
            row["edits"],
            row["state"],
            from_ms(row["queued_at"]),
            _moment(row["sent_at"]),
            row["reason"],
            row["event_id"],
            row["sent_in"],
            _moment(row["seen_at"]),
            _moment(row["held_at"]),
            _moment(row["due_at"]),
        )
        for row in rows
    ]


async def copies(tx: Tx, summary_id: str) -> dict[str, list[Delivery]]:
    """Return what each room has of a summary, or will have: the message itself, then what edits it.

    Left out are messages that were taken back or given up.
    """
    found: dict[str, list[Delivery]] = {}
    for item in await of(tx, summary_id):
        if item.state not in ("waiting", "sent", "held"):
            continue
        if item.edits is None:
            found[item.room_id] = [item]
        elif item.room_id in found and found[item.room_id][0].txn_id == item.edits:
            found[item.room_id].append(item)
    return found


async def was_delivered_to(tx: Tx, summary_id: str, room_id: str) -> bool:
    """Tell whether a summary goes, or went, to a room; what waits for a digest is not there yet for anybody."""
    return (
        await tx.one(
            "SELECT 1 FROM summary_deliveries WHERE summary_id = ? AND room_id = ? AND txn_id IS NOT NULL",
            summary_id,
            room_id,
        )
        is not None
    )


async def waiting_for(tx: Tx, room_id: str) -> list[str]:
    """Return the transaction ids of deliveries to a room that were not sent yet."""
    rows = await tx.all(
        "SELECT DISTINCT txn_id FROM summary_deliveries d JOIN outbox o USING (txn_id)"
        " WHERE d.room_id = ? AND o.state = 'waiting' ORDER BY o.id",
        room_id,
    )
    return [row["txn_id"] for row in rows]


def _moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)
