"""Proposals, and who has a voice in them.

Rule: what single people said lives in tables of its own, so that erasing it leaves the tally.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime, timedelta
from fractions import Fraction

from bot.domain.classes import CLASSES
from bot.domain.modes import Mode
from bot.domain.proposals import Proposal, State
from bot.domain.stances import Count
from bot.domain.thresholds import FEWEST_FOR_ALL_BUT_ONE, Against, Rule, read_threshold
from bot.store.database import Row, Tx, from_ms, to_ms


async def add(tx: Tx, proposal: Proposal, voices: Collection[str]) -> None:
    """Keep a new proposal, and who has a voice in it."""
    await tx.run(
        "INSERT INTO proposals (id, room_id, author, text, threshold, quorum, against, opened_at, round_at, closes_at, state,"
        " version, round, fallback, extended, erased, class, parent, pillar, adopts, supersedes, trial, mode)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', 1, 1, 0, 0, 0, ?, ?, ?, ?, ?, ?, ?)",
        proposal.id,
        proposal.room_id,
        proposal.author,
        proposal.text,
        proposal.own_rule.threshold.name,
        str(proposal.own_rule.quorum),
        proposal.own_rule.against.value,
        to_ms(proposal.opened_at),
        to_ms(proposal.round_at),
        to_ms(proposal.closes_at),
        proposal.class_.name,
        proposal.parent,
        proposal.pillar,
        proposal.adopts,
        proposal.supersedes,
        int(proposal.trial.total_seconds()) if proposal.trial else None,
        proposal.mode.value,
    )
    await tx.run_many(
        "INSERT INTO proposal_voices (proposal_id, user_id) VALUES (?, ?)",
        [(proposal.id, user_id) for user_id in voices],
    )


async def save(tx: Tx, proposal: Proposal) -> None:
    """Keep what changed of a proposal; who proposed it where, and by which rule, never changes."""
    await tx.run(
        "UPDATE proposals SET text = ?, round_at = ?, closes_at = ?, state = ?, version = ?, round = ?, reading = ?, fallback = ?,"
        " extended = ?, blocked_at = ?, ended_at = ?, count = ?, erased = ?, planned_at = ?, tally = ? WHERE id = ?",
        proposal.text,
        to_ms(proposal.round_at),
        to_ms(proposal.closes_at),
        proposal.state.value,
        proposal.version,
        proposal.round,
        proposal.reading,
        proposal.fallback,
        proposal.extended,
        to_ms(proposal.blocked_at) if proposal.blocked_at else None,
        to_ms(proposal.ended_at) if proposal.ended_at else None,
        json.dumps(asdict(proposal.count)) if proposal.count else None,
        proposal.erased,
        to_ms(proposal.planned_at) if proposal.planned_at else None,
        json.dumps([asdict(each) for each in proposal.tally]) if proposal.tally else None,
        proposal.id,
    )


async def find(tx: Tx, proposal_id: str) -> Proposal | None:
    """Return a proposal by its id."""
    row = await tx.one("SELECT * FROM proposals WHERE id = ?", proposal_id)
    return _proposal(row) if row else None


async def parts_of(tx: Tx, proposal: Proposal) -> list[Proposal]:
    """Return the pods' own rounds in the present round of an assembly's proposal, those that were dropped left out."""
    rows = await tx.all(
        "SELECT * FROM proposals WHERE parent = ? AND opened_at >= ? AND state <> 'withdrawn' ORDER BY opened_at, id",
        proposal.id,
        to_ms(proposal.round_at),
    )
    return [_proposal(row) for row in rows]


async def open_in(tx: Tx, room_id: str) -> list[Proposal]:
    """Return what is open or blocked in a room, the one that closes first first."""
    rows = await tx.all(
        "SELECT * FROM proposals WHERE room_id = ? AND state IN ('open', 'blocked') ORDER BY closes_at, opened_at, id",
        room_id,
    )
    return [_proposal(row) for row in rows]


async def ended_in(tx: Tx, room_id: str, since: datetime | None = None, limit: int = -1) -> list[Proposal]:
    """Return the proposals of a room whose last round has ended, the newest first.

    Args:
        tx: The open transaction.
        room_id: The room.
        since: Leave out those that ended before.
        limit: How many at most; all if negative.
    """
    rows = await tx.all(
        "SELECT * FROM proposals WHERE room_id = ? AND state NOT IN ('open', 'withdrawn') AND ended_at >= ?"
        " ORDER BY ended_at DESC, id DESC LIMIT ?",
        room_id,
        to_ms(since) if since else 0,
        limit,
    )
    return [_proposal(row) for row in rows]


async def adopting(tx: Tx, proposal_id: str) -> list[Proposal]:
    """Return the pods' proposals to make an advice their own, the first first."""
    rows = await tx.all("SELECT * FROM proposals WHERE adopts = ? ORDER BY opened_at, id", proposal_id)
    return [_proposal(row) for row in rows]


# -- voices ------------------------------------------------------------------------------------------


async def voices(tx: Tx, proposal_id: str) -> frozenset[str]:
    """Return who had a voice at the opening and has not left since."""
    rows = await tx.all("SELECT user_id FROM proposal_voices WHERE proposal_id = ? AND gone = 0", proposal_id)
    return frozenset(row["user_id"] for row in rows)


async def keep_voices(tx: Tx, proposal_id: str, kept: Collection[str]) -> None:
    """Fix who has a voice from now on: everybody else has none any more."""
    rows = await tx.all("SELECT user_id FROM proposal_voices WHERE proposal_id = ?", proposal_id)
    await tx.run_many(
        "UPDATE proposal_voices SET gone = ? WHERE proposal_id = ? AND user_id = ?",
        [(row["user_id"] not in kept, proposal_id, row["user_id"]) for row in rows],
    )


async def lose_voice(tx: Tx, proposal_id: str, user_id: str) -> bool:
    """Note that somebody left; `False` if they had no voice in it."""
    changed = await tx.run(
        "UPDATE proposal_voices SET gone = 1 WHERE proposal_id = ? AND user_id = ? AND gone = 0",
        proposal_id,
        user_id,
    )
    return changed == 1


async def erase(tx: Tx, proposal_id: str) -> None:
    """Forget who said what, who has a voice, who talked, who asked for a hold and who held back."""
    for table in (
        "stances",
        "proposal_voices",
        "proposal_talks",
        "proposal_challenges",
        "ended_blocks",
        "spoken",
        "holds",
    ):
        await tx.run(f"DELETE FROM {table} WHERE proposal_id = ?", proposal_id)  # noqa: S608 - our own names
    await tx.run("UPDATE mandates SET pair = NULL, objector = NULL WHERE proposal_id = ?", proposal_id)
    await tx.run("UPDATE proposals SET erased = 1 WHERE id = ?", proposal_id)


def _proposal(row: Row) -> Proposal:
    return Proposal(
        id=row["id"],
        room_id=row["room_id"],
        author=row["author"],
        text=row["text"],
        own_rule=Rule(
            read_threshold(row["threshold"], FEWEST_FOR_ALL_BUT_ONE),
            Fraction(row["quorum"]),
            Against(row["against"]),
        ),
        opened_at=from_ms(row["opened_at"]),
        round_at=from_ms(row["round_at"]),
        closes_at=from_ms(row["closes_at"]),
        state=State(row["state"]),
        version=row["version"],
        round=row["round"],
        fallback=bool(row["fallback"]),
        extended=bool(row["extended"]),
        blocked_at=from_ms(row["blocked_at"]) if row["blocked_at"] is not None else None,
        ended_at=from_ms(row["ended_at"]) if row["ended_at"] is not None else None,
        count=Count(**json.loads(row["count"])) if row["count"] else None,
        erased=bool(row["erased"]),
        class_=CLASSES[row["class"]],
        parent=row["parent"],
        mode=Mode(row["mode"]),
        tally=tuple(Count(**each) for each in json.loads(row["tally"] or "[]")),
        planned_at=from_ms(row["planned_at"]) if row["planned_at"] is not None else None,
        reading=row["reading"],
        pillar=row["pillar"],
        adopts=row["adopts"],
        supersedes=row["supersedes"],
        trial=timedelta(seconds=row["trial"]) if row["trial"] is not None else None,
    )
