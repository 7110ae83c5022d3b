"""What was said of proposals, and how blocks are talked about.

Rule: everything belongs to one round of a proposal; a new version or a vote begins with nothing said.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from bot.domain.proposals import Proposal
from bot.domain.stances import Stance, Statement
from bot.store.database import Row, Tx, from_ms, to_ms


async def add_statement(tx: Tx, proposal: Proposal, said: Statement) -> None:
    """Keep a stance of the present round."""
    await tx.run(
        "INSERT OR IGNORE INTO stances VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        said.event_id,
        proposal.id,
        proposal.round,
        said.user_id,
        to_ms(said.sent_at),
        said.stance.value if said.stance else None,
        said.reason,
        said.ground,
        said.typed,
    )


async def statements(tx: Tx, proposal: Proposal) -> list[Statement]:
    """Return everything that was said in the present round."""
    rows = await tx.all(
        "SELECT * FROM stances WHERE proposal_id = ? AND round = ?", proposal.id, proposal.round
    )
    return [_statement(row) for row in rows]


async def find_statement(tx: Tx, event_id: str) -> tuple[str, int, Statement] | None:
    """Return the proposal's id, the round and the stance that came in an event."""
    row = await tx.one("SELECT * FROM stances WHERE event_id = ?", event_id)
    return (row["proposal_id"], row["round"], _statement(row)) if row else None


async def empty_statement(tx: Tx, event_id: str) -> None:
    """Turn a stance into one that withdraws, in its own place in time."""
    await tx.run("UPDATE stances SET stance = NULL, reason = '', ground = '' WHERE event_id = ?", event_id)


async def drop_statements(tx: Tx, event_ids: Collection[str]) -> None:
    """Forget stances that do not count."""
    await tx.run_many("DELETE FROM stances WHERE event_id = ?", [(event_id,) for event_id in event_ids])


# -- blocks ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Talk:
    """A talk about a block that somebody logged."""

    event_id: str
    user_id: str
    at: datetime
    note: str


async def add_talk(tx: Tx, proposal: Proposal, talk: Talk) -> None:
    """Log a talk of the present round."""
    await tx.run(
        "INSERT OR IGNORE INTO proposal_talks VALUES (?, ?, ?, ?, ?, ?)",
        talk.event_id,
        proposal.id,
        proposal.round,
        talk.user_id,
        to_ms(talk.at),
        talk.note,
    )


async def talks(tx: Tx, proposal: Proposal) -> list[Talk]:
    """Return the logged talks of the present round, the first first."""
    rows = await tx.all(
        "SELECT * FROM proposal_talks WHERE proposal_id = ? AND round = ? ORDER BY at, event_id",
        proposal.id,
        proposal.round,
    )
    return [Talk(row["event_id"], row["user_id"], from_ms(row["at"]), row["note"]) for row in rows]


async def drop_talk(tx: Tx, event_id: str) -> bool:
    """Take a logged talk back; `False` if there is none."""
    return await tx.run("DELETE FROM proposal_talks WHERE event_id = ?", event_id) == 1


async def add_challenge(tx: Tx, proposal: Proposal, blocker: str, user_id: str) -> bool:
    """Note that somebody says a block has no ground; `False` if that was noted before."""
    added = await tx.run(
        "INSERT OR IGNORE INTO proposal_challenges VALUES (?, ?, ?, ?)",
        proposal.id,
        proposal.round,
        blocker,
        user_id,
    )
    return added == 1


async def drop_challenge(tx: Tx, proposal: Proposal, blocker: str, user_id: str) -> bool:
    """Take back that a block has no ground; `False` if it was not said."""
    dropped = await tx.run(
        "DELETE FROM proposal_challenges WHERE proposal_id = ? AND round = ? AND blocker = ? AND user_id = ?",
        proposal.id,
        proposal.round,
        blocker,
        user_id,
    )
    return dropped == 1


async def challengers(tx: Tx, proposal: Proposal, blocker: str) -> frozenset[str]:
    """Return who says that somebody's block has no ground."""
    rows = await tx.all(
        "SELECT user_id FROM proposal_challenges WHERE proposal_id = ? AND round = ? AND blocker = ?",
        proposal.id,
        proposal.round,
        blocker,
    )
    return frozenset(row["user_id"] for row in rows)


async def end_block(tx: Tx, proposal: Proposal, blocker: str) -> None:
    """Note that somebody's block has lapsed or was set aside."""
    await tx.run("INSERT OR IGNORE INTO ended_blocks VALUES (?, ?, ?)", proposal.id, proposal.round, blocker)


async def ended_blocks(tx: Tx, proposal: Proposal) -> frozenset[str]:
    """Return whose blocks of the present round have lapsed or were set aside."""
    rows = await tx.all(
        "SELECT blocker FROM ended_blocks WHERE proposal_id = ? AND round = ?", proposal.id, proposal.round
    )
    return frozenset(row["blocker"] for row in rows)


def _statement(row: Row) -> Statement:
    return Statement(
        row["event_id"],
        row["user_id"],
        from_ms(row["sent_at"]),
        Stance(row["stance"]) if row["stance"] else None,
        row["reason"],
        row["ground"],
        bool(row["typed"]),
    )
