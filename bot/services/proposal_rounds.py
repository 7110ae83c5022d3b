"""The rounds of a proposal: their end, and the native poll in which people tap their stance.

Rule: each round has a native poll of its own, so that a tap always belongs to one round.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.proposals import (
    Proposal,
)
from bot.ports import EndPoll, Redact, StartPoll
from bot.services import proposal_texts
from bot.services.reminder_plans import let_go, plan
from bot.store import outbox, pods, timers
from bot.store.database import Tx
from bot.text import Text, shorten


async def begin_round(tx: Tx, now: datetime, proposal: Proposal) -> None:
    """Set the end of a round and start its native poll."""
    await set_end(tx, proposal)
    await plan(tx, now, proposal.id, proposal.round_at, proposal.closes_at)
    language = (await pods.settings(tx, proposal.room_id)).language
    answers = tuple(
        (stance.value, label.render(language)) for stance, label in proposal_texts.labels(proposal)
    )
    question = shorten(f"{proposal.id}: {proposal.text}", 300)
    await outbox.queue(
        tx,
        now,
        proposal.room_id,
        StartPoll(question, answers),
        about=proposal.id,
        txn_id=native_start(proposal),
    )


async def set_end(tx: Tx, proposal: Proposal) -> None:
    """Set, or move, what happens at the end of a round."""
    await timers.put(tx, "proposal.close", f"proposal.{proposal.id}", proposal.closes_at, id=proposal.id)


def native_start(proposal: Proposal) -> str:
    """Return the transaction id of the native poll of a proposal's round."""
    return f"{proposal.id}.round{proposal.round}.start"


async def end_native(tx: Tx, now: datetime, proposal: Proposal, *, redact: bool = False) -> None:
    """End, or delete, the native poll of a round, if it is in this room: after an upgrade it is in the old one."""
    await let_go(tx, proposal.id, proposal.round_at, proposal.closes_at)
    started = native_start(proposal)
    if redact and await outbox.cancel(tx, started):
        return
    found = await outbox.find(tx, started)
    if found is None or found.state not in ("waiting", "sent") or found.room_id != proposal.room_id:
        return
    language = (await pods.settings(tx, proposal.room_id)).language
    end = Text("{id}: this round is over. What came of it is in the next message.", id=proposal.id)
    message = Redact(started) if redact else EndPoll(started, end.render(language))
    await outbox.queue(
        tx,
        now,
        proposal.room_id,
        message,
        about=proposal.id,
        txn_id=f"{proposal.id}.round{proposal.round}.end",
    )
