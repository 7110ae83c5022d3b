"""Proposals that are taken back.

Rule: who proposed it can take it back until it is over; what was said of it is erased.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.errors import Conflict, NotAllowed
from bot.domain.pods import Room
from bot.domain.proposals import Proposal, State
from bot.domain.values import Code, Person
from bot.ports import Event
from bot.services import (
    mandates,
    proposal_texts,
)
from bot.services.proposal_counting import stand
from bot.services.proposal_rounds import end_native
from bot.services.proposals import check_in_time, check_own, find
from bot.store import proposals, timers
from bot.store.database import Tx
from bot.text import Text


async def withdraw(
    tx: Tx, now: datetime, proposal: Proposal, sender: Person, event: Event, *, undone: bool = False
) -> Text:
    """Take a proposal back: its author may, while it is open or blocked.

    Args:
        tx: The open transaction.
        now: The moment.
        proposal: The proposal.
        sender: Who asks for it.
        event: The message; it must have been sent before the end.
        undone: Whether it is an `!undo`, which takes it back only if nobody else has spoken.

    Raises:
        NotAllowed: The sender is not its author.
        Conflict: It is over, or others have spoken.
    """
    check_own(proposal)
    if sender.user_id != proposal.author:
        raise NotAllowed("Only who proposed {id} can take it back.", id=proposal.id)
    if proposal.state.is_over:
        raise Conflict(
            "{id} is over. {show} shows what came of it.",
            id=proposal.id,
            show=Code(f"!proposal {proposal.id}"),
        )
    await check_in_time(tx, proposal, event.sent_at)
    standing = await stand(tx, proposal)
    others = [user_id for user_id in standing.last if user_id != sender.user_id and standing.said(user_id)]
    if undone and others:
        raise Conflict(
            "Others have spoken on {id} already. {withdraw} takes it back all the same.",
            id=proposal.id,
            withdraw=Code(f"!proposal withdraw {proposal.id}"),
        )
    for key in ("", ".block", ".correct"):
        await timers.drop(tx, f"proposal.{proposal.id}{key}")
    if proposal.is_open:
        await end_native(tx, now, proposal, redact=True)
    if proposal.of_pods:
        await mandates.drop_mirrors(tx, now, proposal)
        gone = Text(
            "The proposal {name} is withdrawn; you need not decide it.", name=proposal_texts.name(proposal)
        )
        await mandates.tell_pods(tx, now, proposal, gone)
    await proposals.save(tx, replace(proposal, state=State.WITHDRAWN))
    await proposals.erase(tx, proposal.id)
    return Text(
        "{id} is withdrawn by {who}. It may be proposed again: {again}",
        id=proposal.id,
        who=sender,
        again=Code("!propose TEXT"),
    )


async def undo_open(
    tx: Tx, now: datetime, room: Room, sender: Person, event: Event, proposal_id: str
) -> Text:
    """Take back a proposal on which nobody else has spoken."""
    return await withdraw(tx, now, await find(tx, room, proposal_id), sender, event, undone=True)
