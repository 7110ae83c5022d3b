"""Which rooms have seen what was delivered to them.

Rule: kept is that a room has seen it, and when that was first known; never who. Events are put in order only in rooms
where a delivery waits to be seen, and that order is forgotten with it.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.store.database import Tx, to_ms

WATCHED_FOR = timedelta(days=14)
"""How long after it was sent a delivery may still be seen. Some people's apps never say what they read."""

PLACES = 2000
"""Events of a room whose order is kept; beyond that the oldest are forgotten."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """A delivery that was sent and not seen yet.

    Args:
        event_id: The message that brought it.
        thread: The root of the thread it is in.
    """

    summary_id: str
    version: int
    event_id: str
    thread: str | None


async def watch(tx: Tx, summary_id: str, version: int, room_id: str, thread: str | None) -> None:
    """Let a delivery wait to be seen.

    Args:
        tx: The open transaction.
        summary_id: What.
        version: Which version of it.
        room_id: Where.
        thread: The root of the thread it is in.
    """
    await tx.run(
        "UPDATE summary_deliveries SET watched = 1, thread = ? WHERE summary_id = ? AND version = ? AND room_id = ?",
        thread,
        summary_id,
        version,
        room_id,
    )


async def stop_watching(tx: Tx, summary_id: str) -> None:
    """Let no delivery of a summary wait to be seen: others take its place."""
    await tx.run("UPDATE summary_deliveries SET watched = 0 WHERE summary_id = ? AND watched = 1", summary_id)


async def watched_rooms(tx: Tx, now: datetime) -> frozenset[str]:
    """Return the rooms where a delivery waits to be seen, or will when it is sent."""
    rows = await tx.all(
        "SELECT DISTINCT d.room_id FROM summary_deliveries d LEFT JOIN outbox o USING (txn_id)"
        " WHERE d.watched = 1 AND (d.txn_id IS NULL"
        " OR (o.room_id = d.room_id AND (o.state = 'waiting' OR (o.state = 'sent' AND o.sent_at > ?))))",
        to_ms(now - WATCHED_FOR),
    )
    return frozenset(row["room_id"] for row in rows)


async def unseen_in(tx: Tx, room_id: str) -> list[Unseen]:
    """Return the deliveries to a room that were sent and wait to be seen."""
    rows = await tx.all(
        "SELECT d.summary_id, d.version, o.event_id, d.thread FROM summary_deliveries d JOIN outbox o USING (txn_id)"
        " WHERE d.room_id = ? AND d.watched = 1 AND o.room_id = d.room_id AND o.event_id IS NOT NULL",
        room_id,
    )
    return [Unseen(row["summary_id"], row["version"], row["event_id"], row["thread"]) for row in rows]


async def mark_seen(tx: Tx, room_id: str, found: Sequence[Unseen], now: datetime) -> None:
    """Note that a room has seen deliveries; they wait no more."""
    await tx.run_many(
        "UPDATE summary_deliveries SET watched = 0, seen_at = ? WHERE summary_id = ? AND version = ? AND room_id = ?",
        [(to_ms(now), each.summary_id, each.version, room_id) for each in found],
    )


async def add_places(tx: Tx, room_id: str, event_ids: Sequence[str]) -> None:
    """Put events of a room behind those that are known; one that is known keeps its place."""
    await tx.run_many(
        "INSERT OR IGNORE INTO timeline_places (room_id, event_id) VALUES (?, ?)",
        [(room_id, event_id) for event_id in event_ids],
    )
    await tx.run(
        "DELETE FROM timeline_places WHERE room_id = ?1 AND place <= (SELECT place FROM timeline_places"
        " WHERE room_id = ?1 ORDER BY place DESC LIMIT 1 OFFSET ?2)",
        room_id,
        PLACES,
    )


async def places(tx: Tx, room_id: str) -> dict[str, int]:
    """Return the order of a room's events, as far as it is known."""
    rows = await tx.all("SELECT event_id, place FROM timeline_places WHERE room_id = ?", room_id)
    return {row["event_id"]: row["place"] for row in rows}


async def keep_places(tx: Tx, room_ids: Collection[str]) -> None:
    """Forget the order of events everywhere but in these rooms."""
    await tx.run(
        "DELETE FROM timeline_places WHERE room_id NOT IN (SELECT value FROM json_each(?))",
        json.dumps(sorted(room_ids)),
    )
