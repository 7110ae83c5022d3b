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
from bot.services import block_ends, proposal_results, proposal_texts
from bot.services.answered import answered
from bot.services.deadlines import SKEW
from bot.services.proposal_counting import stand
from bot.services.proposals import find
from bot.store import outbox, pods, proposals, spoken, stances, steps, timers
from bot.store.database import Tx
from bot.text import Text, shorten

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
    """Take a stance typed in a pod; returns what is now true, or `None` where that was said already.

    Raises:
        UsageError: The reason is too long, or the ground is none.
        Conflict: It is too late, or there is nothing to withdraw.
    """
    said = _statement(event, stance, reason, ground, proposal)
    refused = await refusal(tx, proposal, event)
    if refused is not None:
        raise refused
    if stance is not None:
        await check_seen(tx, proposal, event)
    before = await stand(tx, proposal)
    if stance is None and before.said(sender.user_id) is None:
        raise Conflict("You have no stance on {id} that you could withdraw.", id=proposal.id)
    await keep(tx, now, proposal, said)
    if proposal.state is State.BLOCKED:
        return await block_ends.answered(tx, now, proposal, sender)
    if proposal.state.is_over:
        await correct_later(tx, now, proposal)
        return read_late(proposal, sender)
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


async def refusal(tx: Tx, proposal: Proposal, event: Event) -> Conflict | None:
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


async def check_seen(tx: Tx, proposal: Proposal, event: Event) -> None:
    """Check that a stance answers nothing that was said in an earlier round: of this one its sender may have seen nothing.

    Raises:
        Conflict: It does.
    """
    seen = answered(event, proposal.id)
    said_at = await outbox.queued_at(tx, proposal.id, seen) if seen else None
    if said_at is not None and said_at < proposal.round_at:
        raise Conflict(
            "{id} has begun anew since the message that you answered. Look at it with {show}, then say it"
            " in a message of its own, with {id} in it.",
            id=proposal.id,
            show=Code(f"!proposal {proposal.id}"),
        )


async def keep(tx: Tx, now: datetime, proposal: Proposal, said: Statement) -> None:
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
        stance=proposal_results.stance_of(said),
        id=proposal.id,
    )


def read_late(proposal: Proposal, sender: Person) -> Text:
    """Say that something sent before the end was read after it."""
    return Text(
        "{who}, you sent it in time and I read it late. If it changes what came of {id}, I say so.",
        who=sender,
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


async def stated_in(tx: Tx, room: Room, event_id: str, user_id: str) -> Proposal | None:
    """Return the open proposal on which somebody's typed message in this room took a stance."""
    found = await stances.find_statement(tx, event_id) or await spoken.find(tx, event_id)
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


CORRECT_AFTER = timedelta(minutes=1)
"""How long stances that are read late are gathered before the result is corrected."""


async def correct_later(tx: Tx, now: datetime, proposal: Proposal) -> None:
    """Gather what is read late and correct the result once."""
    key = f"proposal.{proposal.id}.correct"
    await timers.put(tx, "proposal.correct", key, now + CORRECT_AFTER, id=proposal.id)
