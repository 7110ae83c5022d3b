"""Stances: tapped, typed, withdrawn, deleted.

Rule: a stance counts by when it was sent, not by when it was read. One that was sent in time and is read after the end
corrects the result.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain import blocks
from bot.domain.blocks import Lacks, lacking
from bot.domain.errors import Conflict, UsageError
from bot.domain.pods import Room
from bot.domain.polls import tidy
from bot.domain.proposals import REASON_LENGTH, Proposal, State
from bot.domain.stances import Stance, Statement
from bot.domain.values import Code, Person, When
from bot.ports import Event
from bot.services import proposal_blocks, proposal_texts
from bot.services.polls import SKEW
from bot.services.proposals import find, native_start, stand
from bot.services.speech import say
from bot.store import inbox, outbox, pods, proposals, rooms, stances, steps, timers
from bot.store.database import Tx
from bot.text import Text, shorten

CORRECT_AFTER = timedelta(minutes=1)
"""How long stances that are read late are gathered before the result is corrected."""

KEPT_OF_ONE = 50
"""Stances of one person in one round that are kept beside the last one; the oldest are dropped first."""


async def take(
    tx: Tx,
    now: datetime,
    proposal: Proposal,
    sender: Person,
    event: Event,
    stance: Stance | None,
    reason: str = "",
    ground: str = "",
) -> Text | None:
    """Take a typed stance; returns what is now true, or `None` where that was said already.

    Raises:
        UsageError: The reason is too long, or the ground is none.
        Conflict: It is too late, or there is nothing to withdraw.
    """
    if proposal.of_pods:
        raise Conflict(
            "On {id} the pods decide, each in its own room. Say it in your pod's; what your pod decides is carried here."
            " {show} shows what they say.",
            id=proposal.id,
            show=Code(f"!proposal {proposal.id}"),
        )
    said = _statement(event, stance, reason, ground, proposal)
    refused = await _refusal(tx, proposal, event)
    if refused is not None:
        raise refused
    before = await stand(tx, proposal)
    if stance is None and before.said(sender.user_id) is None:
        raise Conflict("You have no stance on {id} that you could withdraw.", id=proposal.id)
    await _keep(tx, now, proposal, said)
    if proposal.state is State.BLOCKED:
        return await proposal_blocks.answered(tx, now, proposal, sender)
    if proposal.state.is_over:
        await correct_later(tx, now, proposal)
        return Text(
            "{who}, you sent it in time and I read it late. If it changes what came of {id}, I say so.",
            who=sender,
            id=proposal.id,
        )
    after = await stand(tx, proposal)
    if sender.user_id not in after.voices:
        return Text(
            "{who}: noted. {id} is decided by those who had a voice when it was opened, so yours is shown and not"
            " counted.",
            who=sender,
            id=proposal.id,
        )
    kept = after.last[sender.user_id]
    if kept.event_id != event.event_id:
        return Text("{who}, a later stance of yours on {id} counts already.", who=sender, id=proposal.id)
    return Text(
        "{told} {so_far}", told=_told(proposal, sender, kept), so_far=proposal_texts.so_far(after.count)
    )


def _statement(
    event: Event, stance: Stance | None, reason: str, ground: str, proposal: Proposal
) -> Statement:
    words = tidy(reason)
    if len(words) > REASON_LENGTH:
        raise UsageError(
            "That reason is {length} characters long; {most} are the most. Say the core of it. For example: {example}",
            length=len(words),
            most=REASON_LENGTH,
            example=Code(f"{stance.value if stance else 'agree'} {proposal.id} {shorten(words, 60)}"),
        )
    found = blocks.read_ground(ground) if ground else ""
    if found is None:
        raise UsageError(
            "A block stands on {harm} or on a pillar. For example: {example}",
            harm=Code("harm"),
            example=Code(f"block {proposal.id} {shorten(words, 60) or 'WHY'} | ground=pillar:Care"),
        )
    return Statement(event.event_id, event.sender, event.sent_at, stance, words, found, typed=True)


async def _refusal(tx: Tx, proposal: Proposal, event: Event) -> Conflict | None:
    """Return why a stance cannot be taken any more, or not for this round."""
    if proposal.state is State.WITHDRAWN:
        return Conflict("{id} was withdrawn.", id=proposal.id)
    if event.sent_at < proposal.round_at - SKEW:
        return Conflict(
            "{id} has begun anew since you sent that. Look at it with {show} and say it again.",
            id=proposal.id,
            show=Code(f"!proposal {proposal.id}"),
        )
    zone = (await pods.settings(tx, proposal.room_id)).zone
    if proposal.state is State.BLOCKED:
        if event.sent_at < proposal.end or event.sender in (await stand(tx, proposal)).blocks:
            return None
        return Conflict(
            "{id} is blocked, so only those who block it can say something else. {show} shows how it goes on.",
            id=proposal.id,
            show=Code(f"!proposal {proposal.id}"),
        )
    if proposal.erased or (event.sent_at >= proposal.end and proposal.state.is_over):
        return Conflict(
            "{id} ended {at}, before your stance, so it is not counted. {show} shows the result.",
            id=proposal.id,
            at=When(proposal.end, zone),
            show=Code(f"!proposal {proposal.id}"),
        )
    if event.sent_at >= proposal.end:
        return Conflict(
            "{id} ended {at}, before your stance. I count it in a moment and say what came of it.",
            id=proposal.id,
            at=When(proposal.end, zone),
        )
    return None


async def _keep(tx: Tx, now: datetime, proposal: Proposal, said: Statement) -> None:
    """Keep a stance; the same one sent again keeps its reason and ground."""
    own = [each for each in await stances.statements(tx, proposal) if each.user_id == said.user_id]
    earlier = max(
        (each for each in own if each.place < said.place), key=lambda each: each.place, default=None
    )
    if earlier is not None and earlier.stance is said.stance:
        said = replace(said, reason=said.reason or earlier.reason, ground=said.ground or earlier.ground)
    await stances.add_statement(tx, proposal, said)
    older = sorted(own, key=lambda each: each.place)[:-KEPT_OF_ONE]
    await stances.drop_statements(tx, [each.event_id for each in older])
    await steps.record(tx, proposal.room_id, said.user_id, now, "proposal.stance", id=proposal.id)


def _told(proposal: Proposal, sender: Person, said: Statement) -> Text:
    if said.stance is None:
        return Text("{who}: your stance on {id} is withdrawn.", who=sender, id=proposal.id)
    if said.stance is Stance.BLOCK and proposal.can_block and lacking(said):
        return incomplete(proposal, sender, said)
    return Text(
        "{who}: {stance}. Counted in {id}.",
        who=sender,
        stance=proposal_texts.stance_of(said),
        id=proposal.id,
    )


def incomplete(proposal: Proposal, sender: Person, said: Statement) -> Text:
    """Say what a block still needs, with the line to type."""
    missing = lacking(said)
    parts = {
        Lacks.REASON: Text("a reason of at least {n} characters", n=blocks.REASON_AT_LEAST),
        Lacks.GROUND: Text("a ground, {harm} or {pillar}", harm=Code("harm"), pillar=Code("pillar:NAME")),
    }
    reason = "WHY" if Lacks.REASON in missing else shorten(said.reason, 120)
    return Text(
        "{who}, your block of {id} is not complete: it lacks {parts}. Type {line}. As it is, it counts as standing aside.",
        who=sender.mentioned(),
        id=proposal.id,
        parts=Text.enumerated(parts[each] for each in missing),
        line=Code(f"block {proposal.id} {reason} | ground={said.ground or 'harm'}"),
    )


# -- taps and deletions ------------------------------------------------------------------------------


async def tapped(
    tx: Tx,
    now: datetime,
    room: Room,
    sender: Person,
    event: Event,
    poll_event_id: str,
    answers: tuple[str, ...],
) -> tuple[Text, str] | None:
    """Take a stance that was tapped; a room stays quiet, unless a block needs words or a blocker lets go.

    Returns:
        What to say, and the proposal's id.
    """
    proposal_id = await outbox.about_event(tx, room.room_id, poll_event_id)
    proposal = await proposals.find(tx, proposal_id) if proposal_id else None
    if proposal is None or proposal.room_id != room.room_id:
        return None
    started = await outbox.find(tx, native_start(proposal))
    if started is None or started.event_id != poll_event_id:
        return None  # the poll of an earlier round
    stance = next((each for each in Stance if answers[:1] == (each.value,)), None)
    if (answers and stance is None) or await _refusal(tx, proposal, event) is not None:
        return None
    await _keep(tx, now, proposal, Statement(event.event_id, event.sender, event.sent_at, stance))
    if proposal.state is State.BLOCKED:
        text = await proposal_blocks.answered(tx, now, proposal, sender)
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
        text = await proposal_blocks.answered(tx, now, proposal, who)
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


async def correct_later(tx: Tx, now: datetime, proposal: Proposal) -> None:
    """Gather what is read late and correct the result once."""
    key = f"proposal.{proposal.id}.correct"
    await timers.put(tx, "proposal.correct", key, now + CORRECT_AFTER, id=proposal.id)


async def stated_in(tx: Tx, room: Room, event_id: str, user_id: str) -> Proposal | None:
    """Return the open proposal on which somebody's typed message in this room took a stance."""
    found = await stances.find_statement(tx, event_id)
    if found is None or not found[2].typed or found[2].user_id != user_id:
        return None
    proposal = await proposals.find(tx, found[0])
    mine = proposal is not None and proposal.room_id == room.room_id and proposal.is_open
    return proposal if mine else None


async def take_back(
    tx: Tx, now: datetime, room: Room, sender: Person, event: Event, proposal_id: str
) -> Text | None:
    """Withdraw somebody's stance with `!undo`; no earlier one comes back.

    Raises:
        Conflict: It is too late.
    """
    proposal = await find(tx, room, proposal_id)
    if not proposal.is_open:
        raise Conflict("{id} is not open any more.", id=proposal.id)
    return await take(tx, now, proposal, sender, event, None)
