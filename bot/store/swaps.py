"""Open offers of spokes to hand the rest of a turn to somebody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.store.database import Row, Tx, from_ms, to_ms


@dataclass(frozen=True, slots=True)
class Swap:
    """An offer; `asked_by` is the spoke, or a colleague who asks for them."""

    id: int
    pod_room_id: str
    user_id: str
    asked_by: str
    offered_at: datetime
    state: str


async def add(tx: Tx, pod_room_id: str, user_id: str, asked_by: str, now: datetime) -> int:
    """Keep a new offer and return its id."""
    return await tx.insert(
        "INSERT INTO swaps (pod_room_id, user_id, asked_by, offered_at) VALUES (?, ?, ?, ?)",
        pod_room_id,
        user_id,
        asked_by,
        to_ms(now),
    )


async def find(tx: Tx, swap_id: int) -> Swap | None:
    """Return an offer by its id."""
    row = await tx.one("SELECT * FROM swaps WHERE id = ?", swap_id)
    return _swap(row) if row else None


async def open_in(tx: Tx, pod_room_id: str) -> list[Swap]:
    """Return the open offers of people who still have the seat, the first one first."""
    rows = await tx.all(
        "SELECT s.* FROM swaps s JOIN seats USING (pod_room_id, user_id)"
        " WHERE s.pod_room_id = ? AND s.state = 'open' ORDER BY s.id",
        pod_room_id,
    )
    return [_swap(row) for row in rows]


async def close(tx: Tx, swap_id: int, state: str) -> None:
    """End an offer: `taken`, `withdrawn` or `over`."""
    await tx.run("UPDATE swaps SET state = ? WHERE id = ?", state, swap_id)


async def end_stale(tx: Tx, pod_room_id: str, user_id: str) -> None:
    """End the offers of somebody who has no seat any more, or has a new one."""
    await tx.run(
        "UPDATE swaps SET state = 'over' WHERE pod_room_id = ? AND user_id = ? AND state = 'open'",
        pod_room_id,
        user_id,
    )


def _swap(row: Row) -> Swap:
    return Swap(
        row["id"],
        row["pod_room_id"],
        row["user_id"],
        row["asked_by"],
        from_ms(row["offered_at"]),
        row["state"],
    )
