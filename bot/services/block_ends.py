"""What people do about a block: let it go, log a talk, call it groundless.

Rule: no block ends by one person's word against another's; nine of ten others set it aside.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain import blocks
from bot.domain.blocks import CLOCK, GIVEN_UP_AFTER, TALKS
from bot.domain.errors import Conflict, NotAllowed, NotFound, UsageError
from bot.domain.polls import tidy
from bot.domain.proposals import REASON_LENGTH, Proposal, State
from bot.domain.values import Code, Person, When
from bot.ports import Event
from bot.services import proposal_closing
from bot.services.pairs import pairs_of
from bot.services.proposal_blocks import open_vote
from bot.services.proposal_closing import LAST_STEP
from bot.services.proposal_counting import Standing, named, stand
from bot.store import pods, stances, steps, timers
from bot.store.database import Tx
from bot.text import Text, shorten


async def answered(tx: Tx, now: datetime, proposal: Proposal, sender: Person) -> Text | None:
    """Go on after somebody who blocked a proposal, or spoke late, said something; returns what is now true."""
    standing = await stand(tx, proposal)
    if not standing.blocks:
        await proposal_closing.settle(tx, now, proposal, Text("{who} no longer blocks it.", who=sender))
        return None
    if sender.user_id in standing.blocks:
        return Text("{who}: your block of {id} stands.", who=sender, id=proposal.id)
    return Text(
        "{who}: counted in {id}. The block of {others} still stands.",
        who=sender,
        id=proposal.id,
        others=Text.enumerated(
            Text("{who}", who=person) for person in await named(tx, proposal, standing.blocks)
        ),
    )


def _check_blocked(proposal: Proposal) -> None:
    if proposal.state is not State.BLOCKED:
        raise Conflict(
            "{id} is not blocked. {show} shows how it stands.",
            id=proposal.id,
            show=Code(f"!proposal {proposal.id}"),
        )


async def _check_voice(tx: Tx, proposal: Proposal, standing: Standing, sender: Person) -> None:
    if proposal.of_pods:
        pairs = await pairs_of(tx, proposal.room_id)
        if not any(sender.user_id in pairs.get(pod, set()) for pod in standing.voices):
            raise NotAllowed("Only spokes of the pods that have a voice in {id} can do that.", id=proposal.id)
        return
    if sender.user_id not in standing.voices:
        raise NotAllowed("Only those who have a voice in {id} can do that.", id=proposal.id)


async def met(
    tx: Tx, now: datetime, proposal: Proposal, sender: Person, event: Event, note: str
) -> Text | None:
    """Log a talk about a block.

    Raises:
        Conflict: It is not blocked.
        NotAllowed: The sender has no voice in it.
        UsageError: There is no note, or too long a one.
    """
    _check_blocked(proposal)
    standing = await stand(tx, proposal)
    await _check_voice(tx, proposal, standing, sender)
    words = tidy(note)
    if not any(letter.isalnum() for letter in words) or len(words) > REASON_LENGTH:
        raise UsageError(
            "Say in a few words who met and what came of it, in at most {most} characters. For example: {example}",
            most=REASON_LENGTH,
            example=Code(f"!met {proposal.id} Ana and Ben met; the date is the trouble."),
        )
    await stances.add_talk(tx, proposal, stances.Talk(event.event_id, sender.user_id, event.sent_at, words))
    await steps.record(
        tx, proposal.room_id, sender.user_id, now, "proposal.met", id=proposal.id, event=event.event_id
    )
    talks = len(await stances.talks(tx, proposal))
    assert proposal.blocked_at is not None  # noqa: S101 - it is blocked
    timer = await timers.find(tx, f"proposal.{proposal.id}.block")
    waited = timer is not None and timer.payload["step"] == LAST_STEP
    if talks >= TALKS and waited and proposal.class_.fallback:
        await open_vote(tx, now, proposal)
        return None
    zone = (await pods.settings(tx, proposal.room_id)).zone
    if proposal.class_.fallback is None:
        return Text(
            "{who}: logged, {talks} talks about {id}. If the block still stands {at}, it lapses.",
            who=sender,
            talks=talks,
            id=proposal.id,
            at=When(proposal.blocked_at + GIVEN_UP_AFTER, zone, now),
        )
    return Text(
        "{who}: logged, {talks} of {needed} talks about {id}. If the block still stands {at}, you vote.",
        who=sender,
        talks=talks,
        needed=TALKS,
        id=proposal.id,
        at=When(proposal.blocked_at + CLOCK, zone, now),
    )


async def unlog(tx: Tx, proposal: Proposal, sender: Person, event_id: str) -> Text:
    """Take a logged talk back.

    Raises:
        Conflict: It is not blocked any more.
    """
    _check_blocked(proposal)
    await stances.drop_talk(tx, event_id)
    return Text("{who}: your talk about {id} is not logged any more.", who=sender, id=proposal.id)


async def challenge(
    tx: Tx, now: datetime, proposal: Proposal, sender: Person, blocker: str | None
) -> Text | None:
    """Count that somebody finds a block groundless; with nine of ten others it is set aside.

    Args:
        tx: The open transaction.
        now: The moment.
        proposal: Open or blocked.
        sender: Who finds it so.
        blocker: Whose block; `None` where only one stands.

    Raises:
        NotFound: Nobody, or not that person, blocks it.
        NotAllowed: The sender has no voice in it, or it is their own block.
        Conflict: It is over, or that was counted before.
        UsageError: Several block it.
    """
    if proposal.state.is_over:
        raise Conflict("{id} is over.", id=proposal.id)
    standing = await stand(tx, proposal)
    await _check_voice(tx, proposal, standing, sender)
    people = await named(tx, proposal, standing.blocks)
    if not people:
        raise NotFound("No block of {id} stands.", id=proposal.id)
    if blocker is None and len(people) > 1:
        raise UsageError(
            "{count} people block {id}. Whose block do you mean? For example: {example}",
            count=len(people),
            id=proposal.id,
            example=Code(f"!challenge {proposal.id} {people[0].user_id}"),
        )
    whose = next((each for each in people if blocker in (None, each.user_id)), None)
    if whose is None:
        raise NotFound(
            "{typed} does not block {id}. For example: {example}",
            typed=shorten(blocker or ""),
            id=proposal.id,
            example=Code(f"!challenge {proposal.id} {people[0].user_id}"),
        )
    if whose.user_id == sender.user_id:
        raise NotAllowed("It is your own block. {aside} lets it go.", aside=Code(f"aside {proposal.id}"))
    if not await stances.add_challenge(tx, proposal, whose.user_id, sender.user_id):
        raise Conflict("That is counted already.")
    await steps.record(
        tx, proposal.room_id, sender.user_id, now, "proposal.challenge", id=proposal.id, blocker=whose.user_id
    )
    others = standing.voices - {whose.user_id}
    count = len(await stances.challengers(tx, proposal, whose.user_id) & others)
    needed = blocks.others_needed(len(standing.voices))
    if count < needed:
        return Text(
            "{who} finds the block of {whose} groundless: {count} of {needed} needed. The others type {challenge}.",
            who=sender,
            whose=whose,
            count=count,
            needed=needed,
            challenge=Code(f"!challenge {proposal.id}"),
        )
    await stances.end_block(tx, proposal, whose.user_id)
    told = Text(
        "{count} of {others} others find the block of {whose} groundless, so it is set aside and counts as standing"
        " aside.",
        count=count,
        others=len(others),
        whose=whose,
    )
    if proposal.state is State.BLOCKED and not (await stand(tx, proposal)).blocks:
        await proposal_closing.settle(tx, now, proposal, told)
        return None
    return told


async def keep_block(tx: Tx, proposal: Proposal, sender: Person, blocker: str) -> Text:
    """Take back that a block is groundless.

    Raises:
        Conflict: It was set aside already, or the proposal is over.
    """
    if proposal.state.is_over or blocker in await stances.ended_blocks(tx, proposal):
        raise Conflict("That is decided already.")
    await stances.drop_challenge(tx, proposal, blocker, sender.user_id)
    return Text("{who} no longer calls the block of {id} groundless.", who=sender, id=proposal.id)
