"""What spokes say in an assembly for their pods.

Rule: everything belongs to one round of a proposal, and to one pod: somebody can be a spoke of two.
"""

from __future__ import annotations

from collections.abc import Collection

from bot.domain.proposals import Proposal
from bot.domain.stances import Stance, Statement
from bot.store.database import Row, Tx, from_ms, to_ms


async def add(tx: Tx, proposal: Proposal, pod_room_id: str, said: Statement, *, taken: bool) -> None:
    """Keep what a spoke said in the present round, also where it is not taken."""
    await tx.run(
        "INSERT OR IGNORE INTO spoken VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        said.event_id,
        proposal.id,
        proposal.round,
        pod_room_id,
        said.user_id,
        to_ms(said.sent_at),
        said.stance.value if said.stance else None,
        taken,
    )


async def of(tx: Tx, proposal: Proposal) -> list[tuple[str, Statement, bool]]:
    """Return what was said in the present round: for which pod, what, and whether it was taken; the first first."""
    rows = await tx.all(
        "SELECT * FROM spoken WHERE proposal_id = ? AND round = ? ORDER BY sent_at, event_id",
        proposal.id,
        proposal.round,
    )
    return [(row["pod_room_id"], _statement(row), bool(row["taken"])) for row in rows]


async def find(tx: Tx, event_id: str) -> tuple[str, int, Statement, str] | None:
    """Return the proposal's id, the round, the stance that came in an event, and for which pod."""
    row = await tx.one("SELECT * FROM spoken WHERE event_id = ?", event_id)
    return (row["proposal_id"], row["round"], _statement(row), row["pod_room_id"]) if row else None


async def empty(tx: Tx, event_id: str) -> None:
    """Turn what was said into a withdrawal, in its own place in time."""
    await tx.run("UPDATE spoken SET stance = NULL WHERE event_id = ?", event_id)


async def drop(tx: Tx, event_ids: Collection[str]) -> None:
    """Forget what does not count."""
    await tx.run_many("DELETE FROM spoken WHERE event_id = ?", [(event_id,) for event_id in event_ids])


def _statement(row: Row) -> Statement:
    return Statement(
        row["event_id"],
        row["user_id"],
        from_ms(row["sent_at"]),
        Stance(row["stance"]) if row["stance"] else None,
        typed=True,
    )
