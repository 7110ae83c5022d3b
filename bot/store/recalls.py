"""Recalls and who said what in them. Rule: the reason and every single answer are erased when one ends."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.recall import Count, Recall
from bot.store.database import Row, Tx, from_ms, to_ms


async def add(tx: Tx, recall: Recall, members: Iterable[str]) -> None:
    """Keep a new recall, with everybody who has a vote in it."""
    await tx.run(
        "INSERT INTO recalls (id, pod_room_id, user_id, asked_by, reason, opened_at, closes_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        recall.id,
        recall.pod_room_id,
        recall.user_id,
        recall.asked_by,
        recall.reason,
        to_ms(recall.opened_at),
        to_ms(recall.closes_at),
    )
    await tx.run_many(
        "INSERT INTO recall_voices (recall_id, user_id) VALUES (?, ?)",
        [(recall.id, user_id) for user_id in members],
    )


async def find(tx: Tx, recall_id: str) -> Recall | None:
    """Return a recall by its id."""
    row = await tx.one("SELECT * FROM recalls WHERE id = ?", recall_id)
    return _recall(row) if row else None


async def open_in(tx: Tx, pod_room_id: str) -> list[Recall]:
    """Return the open recalls of a pod, the first one first."""
    rows = await tx.all(
        "SELECT * FROM recalls WHERE pod_room_id = ? AND state = 'open' ORDER BY opened_at, id", pod_room_id
    )
    return [_recall(row) for row in rows]


async def stances(tx: Tx, recall_id: str) -> dict[str, str | None]:
    """Return what everybody said who has a vote; `None` for who said nothing."""
    rows = await tx.all("SELECT * FROM recall_voices WHERE recall_id = ?", recall_id)
    return {row["user_id"]: row["stance"] for row in rows}


async def set_stance(tx: Tx, recall_id: str, user_id: str, stance: str | None, event_id: str | None) -> bool:
    """Note what somebody says; `False` if they have no vote."""
    return (
        await tx.run(
            "UPDATE recall_voices SET stance = ?, event_id = ? WHERE recall_id = ? AND user_id = ?",
            stance,
            event_id,
            recall_id,
            user_id,
        )
        == 1
    )


async def empty_voice(tx: Tx, event_id: str) -> None:
    """Take back what a deleted message said."""
    await tx.run("UPDATE recall_voices SET stance = NULL, event_id = NULL WHERE event_id = ?", event_id)


async def close(tx: Tx, recall_id: str, state: str, count: Count | None = None) -> None:
    """End a recall; only its numbers are kept."""
    await tx.run(
        "UPDATE recalls SET state = ?, reason = NULL, yes = ?, no = ?, members = ? WHERE id = ?",
        state,
        count.yes if count else None,
        count.no if count else None,
        count.members if count else None,
        recall_id,
    )
    await tx.run("DELETE FROM recall_voices WHERE recall_id = ?", recall_id)


def _recall(row: Row) -> Recall:
    return Recall(
        row["id"],
        row["pod_room_id"],
        row["user_id"],
        row["asked_by"],
        row["reason"],
        from_ms(row["opened_at"]),
        from_ms(row["closes_at"]),
        row["state"],
        Count(row["yes"], row["no"], row["members"]) if row["members"] is not None else None,
    )
