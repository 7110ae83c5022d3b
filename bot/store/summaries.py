"""Summaries, their versions, oks and deliveries.

Rule: only the version that may still go, or has gone, keeps its words; an ok belongs to one version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.summaries import Destination, Ok, State, Summary, Terms
from bot.store.database import Row, Tx, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Delivery:
    """One room an approved version goes to, and how far it is.

    Args:
        state: That of its outbox row: `waiting`, `sent`, `failed` or `cancelled`.
        reason: Why it waits or failed; never message text.
    """

    room_id: str
    name: str
    txn_id: str
    state: str
    queued_at: datetime
    sent_at: datetime | None
    reason: str | None


async def save(tx: Tx, summary: Summary) -> None:
    """Keep a summary as it is now; words and oks of other versions are erased."""
    await tx.run(
        "INSERT INTO summaries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " version = excluded.version, state = excluded.state, ended_at = excluded.ended_at",
        summary.id,
        summary.room_id,
        summary.drafted_by,
        summary.command_event_id,
        summary.source_event_id,
        summary.source_by,
        summary.version,
        summary.state.value,
        to_ms(summary.ended_at) if summary.ended_at else None,
    )
    added = await tx.run(
        "INSERT OR IGNORE INTO summary_versions VALUES (?, ?, ?, ?, ?)",
        summary.id,
        summary.version,
        summary.text,
        summary.terms.signed_by,
        to_ms(summary.made_at),
    )
    if added:
        await tx.run_many(
            "INSERT INTO summary_destinations VALUES (?, ?, ?, ?, ?)",
            [
                (summary.id, summary.version, room.room_id, room.name, place)
                for place, room in enumerate(summary.terms.destinations)
            ],
        )
    await tx.run(
        "UPDATE summary_versions SET text = NULL WHERE summary_id = ? AND (version != ? OR ? = '')",
        summary.id,
        summary.version,
        summary.text,
    )
    await tx.run("DELETE FROM summary_oks WHERE summary_id = ?", summary.id)
    await tx.run_many(
        "INSERT INTO summary_oks VALUES (?, ?, ?, ?, ?, ?)",
        [
            (summary.id, summary.version, ok.user_id, to_ms(ok.at), ok.event_id, ok.counted_for)
            for ok in summary.oks
        ],
    )


async def find(tx: Tx, summary_id: str) -> Summary | None:
    """Return a summary with its current version."""
    row = await tx.one(
        "SELECT s.*, v.text, v.signed_by, v.made_at FROM summaries s JOIN summary_versions v"
        " ON v.summary_id = s.id AND v.version = s.version WHERE s.id = ?",
        summary_id,
    )
    return await _summary(tx, row) if row else None


async def drafts_in(tx: Tx, room_id: str) -> list[Summary]:
    """Return the drafts of a room, oldest first."""
    return await _found(
        tx,
        await tx.all("SELECT id FROM summaries WHERE room_id = ? AND state = 'draft'", room_id),
    )


async def sent_by(tx: Tx, room_id: str) -> list[Summary]:
    """Return the approved summaries of a room, oldest first."""
    return await _found(
        tx,
        await tx.all("SELECT id FROM summaries WHERE room_id = ? AND state = 'approved'", room_id),
    )


async def made_from(tx: Tx, room_id: str, event_id: str) -> list[Summary]:
    """Return the summaries of a room whose words, or whose command, stand in a message."""
    return await _found(
        tx,
        await tx.all(
            "SELECT id FROM summaries WHERE room_id = ?1 AND (source_event_id = ?2 OR command_event_id = ?2)",
            room_id,
            event_id,
        ),
    )


async def with_ok_in(tx: Tx, room_id: str, event_id: str) -> Summary | None:
    """Return the draft of a room that has an ok typed in a message."""
    row = await tx.one(
        "SELECT s.id FROM summaries s JOIN summary_oks o ON o.summary_id = s.id"
        " WHERE s.room_id = ? AND s.state = 'draft' AND o.event_id = ?",
        room_id,
        event_id,
    )
    return await find(tx, row["id"]) if row else None


async def add_delivery(tx: Tx, summary: Summary, room_id: str, txn_id: str) -> None:
    """Note that the current version goes to a room; a second time for the same room is an error."""
    await tx.run(
        "INSERT INTO summary_deliveries VALUES (?, ?, ?, ?)", summary.id, summary.version, room_id, txn_id
    )


async def deliveries(tx: Tx, summary_id: str) -> list[Delivery]:
    """Return how far the approved version is, in the order in which its rooms were shown."""
    rows = await tx.all(
        "SELECT d.room_id, t.name, d.txn_id, o.state, o.queued_at, o.sent_at, o.reason FROM summary_deliveries d"
        " JOIN summary_destinations t USING (summary_id, version, room_id) JOIN outbox o USING (txn_id)"
        " WHERE summary_id = ? ORDER BY t.place",
        summary_id,
    )
    return [
        Delivery(
            row["room_id"],
            row["name"],
            row["txn_id"],
            row["state"],
            from_ms(row["queued_at"]),
            from_ms(row["sent_at"]) if row["sent_at"] is not None else None,
            row["reason"],
        )
        for row in rows
    ]


async def was_delivered_to(tx: Tx, summary_id: str, room_id: str) -> bool:
    """Tell whether a summary goes, or went, to a room."""
    return (
        await tx.one(
            "SELECT 1 FROM summary_deliveries WHERE summary_id = ? AND room_id = ?", summary_id, room_id
        )
        is not None
    )


async def waiting_for(tx: Tx, room_id: str) -> list[str]:
    """Return the transaction ids of deliveries to a room that were not sent yet."""
    rows = await tx.all(
        "SELECT txn_id FROM summary_deliveries d JOIN outbox o USING (txn_id)"
        " WHERE d.room_id = ? AND o.state = 'waiting' ORDER BY o.id",
        room_id,
    )
    return [row["txn_id"] for row in rows]


async def _found(tx: Tx, rows: Sequence[Row]) -> list[Summary]:
    found = [await find(tx, row["id"]) for row in rows]
    return sorted((item for item in found if item is not None), key=lambda item: int(item.id[1:]))


async def _summary(tx: Tx, row: Row) -> Summary:
    destinations = await tx.all(
        "SELECT room_id, name FROM summary_destinations WHERE summary_id = ? AND version = ? ORDER BY place",
        row["id"],
        row["version"],
    )
    oks = await tx.all(
        "SELECT * FROM summary_oks WHERE summary_id = ? AND version = ? ORDER BY at, user_id",
        row["id"],
        row["version"],
    )
    return Summary(
        row["id"],
        row["room_id"],
        row["drafted_by"],
        row["command_event_id"],
        row["source_event_id"],
        row["source_by"],
        row["text"] or "",
        Terms(row["signed_by"], tuple(Destination(item["room_id"], item["name"]) for item in destinations)),
        from_ms(row["made_at"]),
        row["version"],
        State(row["state"]),
        tuple(
            Ok(item["user_id"], from_ms(item["at"]), item["event_id"], item["counted_for"]) for item in oks
        ),
        from_ms(row["ended_at"]) if row["ended_at"] is not None else None,
    )
