"""Holds: which pods are asked before a proposal of their assembly closes. Rule: one for each pod and version."""

from __future__ import annotations

from datetime import datetime

from bot.domain.holds import Hold
from bot.domain.proposals import Proposal
from bot.store.database import Row, Tx, from_ms, to_ms


async def add(tx: Tx, proposal: Proposal, hold: Hold) -> bool:
    """Keep a hold of the present version; `False` if its pod had one."""
    added = await tx.run(
        "INSERT OR IGNORE INTO holds VALUES (?, ?, ?, ?, ?, ?, NULL)",
        proposal.id,
        proposal.version,
        hold.pod_room_id,
        hold.user_id,
        hold.question,
        to_ms(hold.until),
    )
    return added == 1


async def of(tx: Tx, proposal: Proposal) -> list[Hold]:
    """Return the holds of the present version, by pod."""
    rows = await tx.all(
        "SELECT holds.*, pods.name FROM holds JOIN pods ON pods.room_id = pod_room_id"
        " WHERE proposal_id = ? AND version = ? ORDER BY lower(name)",
        proposal.id,
        proposal.version,
    )
    return [_hold(row) for row in rows]


async def end(tx: Tx, proposal: Proposal, pod_room_id: str, at: datetime) -> None:
    """Note when a pod's hold ended."""
    await tx.run(
        "UPDATE holds SET ended_at = ? WHERE proposal_id = ? AND version = ? AND pod_room_id = ?",
        to_ms(at),
        proposal.id,
        proposal.version,
        pod_room_id,
    )


async def drop(tx: Tx, proposal: Proposal, pod_room_id: str) -> None:
    """Forget a pod's hold, as if it had never been."""
    await tx.run(
        "DELETE FROM holds WHERE proposal_id = ? AND version = ? AND pod_room_id = ?",
        proposal.id,
        proposal.version,
        pod_room_id,
    )


def _hold(row: Row) -> Hold:
    return Hold(
        row["pod_room_id"],
        row["name"],
        row["user_id"],
        row["question"],
        from_ms(row["until"]),
        from_ms(row["ended_at"]) if row["ended_at"] is not None else None,
    )
