"""The log of decisions. Rule: an entry stays when it no longer holds; only one that was written by mistake is dropped."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.decisions import Decision, Status
from bot.store.database import Row, Tx, from_ms, to_ms


async def add(tx: Tx, decision: Decision) -> None:
    """Keep a new entry."""
    await tx.run(
        "INSERT INTO decisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        decision.id,
        decision.room_id,
        decision.owner,
        decision.text,
        to_ms(decision.made_at),
        decision.status.value,
        _ms(decision.review_at),
        int(decision.trial.total_seconds()) if decision.trial else None,
        _ms(decision.ends_at),
        decision.supersedes,
        decision.superseded_by,
        decision.proposal_id,
        decision.pillar,
        decision.reason,
        _ms(decision.reopened_at),
    )


async def save(tx: Tx, decision: Decision) -> None:
    """Keep what became of an entry; its words, owner and date never change."""
    await tx.run(
        "UPDATE decisions SET status = ?, review_at = ?, ends_at = ?, superseded_by = ?, reason = ?, reopened_at = ?"
        " WHERE id = ?",
        decision.status.value,
        _ms(decision.review_at),
        _ms(decision.ends_at),
        decision.superseded_by,
        decision.reason,
        _ms(decision.reopened_at),
        decision.id,
    )


async def drop(tx: Tx, decision_id: str) -> None:
    """Take an entry out: it was undone, or its result was corrected."""
    await tx.run("UPDATE proposals SET supersedes = NULL WHERE supersedes = ?", decision_id)
    await tx.run("DELETE FROM decisions WHERE id = ?", decision_id)


async def find(tx: Tx, decision_id: str) -> Decision | None:
    """Return an entry by its id."""
    row = await tx.one("SELECT * FROM decisions WHERE id = ?", decision_id)
    return _decision(row) if row else None


async def of_proposal(tx: Tx, proposal_id: str) -> Decision | None:
    """Return the entry of an adopted proposal."""
    row = await tx.one("SELECT * FROM decisions WHERE proposal_id = ?", proposal_id)
    return _decision(row) if row else None


async def in_room(tx: Tx, room_id: str) -> list[Decision]:
    """Return the log of a room, the newest first."""
    rows = await tx.all("SELECT * FROM decisions WHERE room_id = ? ORDER BY made_at DESC, id DESC", room_id)
    return [_decision(row) for row in rows]


def _ms(at: datetime | None) -> int | None:
    return to_ms(at) if at is not None else None


def _at(ms: int | None) -> datetime | None:
    return from_ms(ms) if ms is not None else None


def _decision(row: Row) -> Decision:
    return Decision(
        row["id"],
        row["room_id"],
        row["owner"],
        row["text"],
        from_ms(row["made_at"]),
        Status(row["status"]),
        _at(row["review_at"]),
        timedelta(seconds=row["trial"]) if row["trial"] is not None else None,
        _at(row["ends_at"]),
        row["supersedes"],
        row["superseded_by"],
        row["proposal_id"],
        row["pillar"],
        row["reason"],
        _at(row["reopened_at"]),
    )
