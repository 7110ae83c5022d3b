"""Stances that are tapped, and stances whose message is deleted.

Rule: a room stays quiet about taps. One that was sent in time and is read after the end corrects the result.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.blocks import lacking
from bot.domain.pods import Room
from bot.domain.proposals import State
from bot.domain.stances import Stance, Statement
from bot.domain.values import Person
from bot.ports import Event, PollAnswered
from bot.services import block_ends, pair_voices, proposal_texts
from bot.services.deadlines import SKEW
from bot.services.proposal_counting import stand
from bot.services.proposal_rounds import native_start
from bot.services.speech import say
from bot.services.stances import correct_later, incomplete, keep, refusal
from bot.store import inbox, outbox, proposals, rooms, stances
from bot.store.database import Tx
from bot.text import Text


async def tapped(
    tx: Tx,
    now: datetime,
    room: Room,
    sender: Person,
    event: PollAnswered,
    proposal_id: str | None,
) -> tuple[Text, str] | None:
    """Take a stance that was tapped; a room stays quiet, unless a block needs words or a blocker lets go.

    Returns:
        What to say, and the proposal's id.
    """
    proposal = await proposals.find(tx, proposal_id) if proposal_id else None
    if proposal is None or proposal.room_id != room.room_id:
        return None
    started = await outbox.find(tx, native_start(proposal))
    if started is None or started.event_id != event.poll_event_id:
        return None  # the poll of an earlier round
    stance = next((each for each in Stance if event.answers[:1] == (each.value,)), None)
    if (event.answers and stance is None) or await refusal(tx, proposal, event) is not None:
        return None
    await keep(tx, now, proposal, Statement(event.event_id, event.sender, event.sent_at, stance))
    if proposal.state is State.BLOCKED:
        text = await block_ends.answered(tx, now, proposal, sender)
        return (text, proposal.id) if text else None
    if proposal.state.is_over:
        await correct_later(tx, now, proposal)
        return None
    standing = await stand(tx, proposal)
    kept = standing.said(sender.user_id)
    if (
        kept is not None
        and kept.stance is Stance.BLOCK
        and sender.user_id in standing.voices
        and lacking(kept)
        and proposal.can_block
    ):
        return incomplete(proposal, sender, kept), proposal.id
    return None


async def deleted(tx: Tx, now: datetime, room: Room, event: Event, event_id: str) -> None:
    """Withdraw the stance in a message that was deleted; no earlier one comes back.

    A deletion after the end changes nothing, unless it lets go of a block that stops the proposal.
    """
    unread = await inbox.find_parked(tx, event_id)
    if unread is not None and unread.room_id == room.room_id:
        await _withdraw_unread(tx, room, unread)
        await recount(tx, now, room.room_id, unread.sent_at)
    found = await stances.find_statement(tx, event_id)
    if found is None:
        await pair_voices.deleted(tx, now, room, event, event_id)
        return
    proposal = await proposals.find(tx, found[0])
    said = found[2]
    if proposal is None or proposal.room_id != room.room_id or found[1] != proposal.round:
        return
    before = await stand(tx, proposal)
    was_last = before.last.get(said.user_id) == said and said.stance is not None
    blocking = proposal.state is State.BLOCKED and said.user_id in before.blocks
    if proposal.state.is_over or (event.sent_at >= proposal.end and not blocking):
        return
    await stances.empty_statement(tx, event_id)
    if not was_last:
        return
    who = await rooms.person(tx, room.room_id, said.user_id)
    if proposal.state is State.BLOCKED:
        text = await block_ends.answered(tx, now, proposal, who)
        if text is not None:
            await say(tx, now, room.room_id, text, about=proposal.id)
    elif said.typed:
        text = Text(
            "{who}: your stance on {id} is withdrawn, because its message was deleted. {so_far}",
            who=who,
            id=proposal.id,
            so_far=proposal_texts.so_far((await stand(tx, proposal)).count),
        )
        await say(tx, now, room.room_id, text, about=proposal.id)


async def _withdraw_unread(tx: Tx, room: Room, unread: inbox.Parked) -> None:
    """Withdraw the stance in a deleted tap that was never read; of other messages nobody knows what they said."""
    if unread.relation != "m.reference" or unread.target is None:
        return
    proposal_id = await outbox.about_event(tx, room.room_id, unread.target)
    proposal = await proposals.find(tx, proposal_id) if proposal_id else None
    if proposal is None or proposal.room_id != room.room_id or proposal.erased:
        return
    started = await outbox.find(tx, native_start(proposal))
    if started is not None and started.event_id == unread.target:
        said = Statement(unread.event_id, unread.sender, unread.sent_at, None)
        await stances.add_statement(tx, proposal, said)


async def recount(tx: Tx, now: datetime, room_id: str, sent_at: datetime) -> None:
    """Have the proposals summed up again that ended after something was sent which can be read only now, or not yet."""
    for each in await proposals.ended_in(tx, room_id, since=sent_at):
        if not each.erased and each.round_at - SKEW <= sent_at < each.end:
            await correct_later(tx, now, each)
