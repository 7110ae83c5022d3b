"""Who has a voice in a proposal, and what could not be read of what was sent.

Rule: who has a voice is frozen at the opening. What could not be read may be a stance, unless it is plainly something else.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.proposals import Proposal
from bot.services.deadlines import SKEW
from bot.services.proposal_rounds import native_start
from bot.store import inbox, outbox, proposals, voices
from bot.store.database import Tx

Unread = tuple[str, datetime, str]
"""Sender, time and event id of something that could not be read."""

_NO_STANCE = ("m.annotation", "m.replace")


async def who_counts(tx: Tx, proposal: Proposal) -> frozenset[str]:
    """Return who has a voice: those of the opening who are still here with one, fixed when a round has closed.

    Who left only after the end has it too, where the bot was down and closes it late.
    """
    frozen = await proposals.voices(tx, proposal.id)
    if not proposal.is_open:
        return frozen
    here, gone = await voices.here_and_gone(tx, proposal.room_id, proposal.closes_at)
    return frozen & (here | gone)


async def unread_of(tx: Tx, proposal: Proposal) -> list[Unread]:
    """Return what could not be read so far and may be a stance of this round.

    An app leaves in clear what a tapped answer refers to. A reaction or an edit is no stance. Anything else may be one.
    """
    started = await outbox.find(tx, native_start(proposal))
    native = started.event_id if started else None
    return [
        (event.sender, event.sent_at, event.event_id)
        for event in await inbox.parked_in(tx, proposal.room_id, proposal.round_at - SKEW, proposal.end)
        if event.relation not in _NO_STANCE
        and (
            event.target == native if event.relation == "m.reference" else event.sent_at >= proposal.round_at
        )
    ]
