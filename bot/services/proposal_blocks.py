"""Blocks: the clock, the talks, reminding who blocks, setting aside, and the vote after it.

Rule: a block always ends, and none by one person's word against another's: who blocks lets go, or falls silent though
reminded twice, or nine of ten others find no ground, or all vote after they have talked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain import blocks
from bot.domain.blocks import CLOCK, GIVEN_UP_AFTER, REMIND_BLOCKER_AFTER, TALKS, Next
from bot.domain.errors import Conflict, NotAllowed, NotFound, UsageError
from bot.domain.polls import tidy
from bot.domain.proposals import REASON_LENGTH, Proposal, State
from bot.domain.values import Code, Person, When
from bot.ports import Event
from bot.services import mandates, proposal_closing, proposal_texts
from bot.services.pairs import pairs_of
from bot.services.proposal_closing import LAST_STEP, set_clock
from bot.services.proposals import Standing, begin_round, hours_later, named, stand
from bot.services.speech import say
from bot.store import mandates as mandate_store
from bot.store import pods, proposals, rooms, stances, steps, timers
from bot.store.database import Tx
from bot.text import Text, shorten


async def look(tx: Tx, now: datetime, proposal_id: str, step: int) -> None:
    """Remind those who block and are silent; after the clock see what becomes of it."""
    proposal = await proposals.find(tx, proposal_id)
    if proposal is None or proposal.state is not State.BLOCKED:
        return
    standing = await stand(tx, proposal)
    silent = await _silent(tx, proposal, standing)
    if step < len(REMIND_BLOCKER_AFTER):
        await set_clock(tx, now, proposal, step + 1)
        if silent:
            await _remind(tx, now, proposal, silent)
        return
    for user_id in silent:
        await stances.end_block(tx, proposal, user_id)
    lapsed = await named(tx, proposal, silent)
    talks = await stances.talks(tx, proposal)
    since = GIVEN_UP_AFTER if step == LAST_STEP else CLOCK
    match blocks.after(since, len(talks), all_silent=standing.blocks <= silent):
        case Next.LAPSE:
            await proposal_closing.settle(tx, now, proposal, _lapsed(lapsed))
        case Next.VOTE:
            await _vote(tx, now, proposal)
        case Next.GIVE_UP:
            remark = Text(
                "It was blocked for {days} days and not talked about twice. It may be proposed again.",
                days=GIVEN_UP_AFTER.days,
            )
            await proposal_closing.finish(tx, now, proposal, State.LAPSED, await stand(tx, proposal), remark)
        case Next.WAIT:
            await set_clock(tx, now, proposal, step + 1)
            await _ask_to_meet(tx, now, proposal, len(talks))


async def _silent(tx: Tx, proposal: Proposal, standing: Standing) -> frozenset[str]:
    """Return those who block and have neither repeated it nor logged a talk since it stopped the proposal."""
    assert proposal.blocked_at is not None  # noqa: S101 - it is blocked
    heard = {talk.user_id for talk in await stances.talks(tx, proposal)}
    if proposal.of_pods:
        pairs = await pairs_of(tx, proposal.room_id)
        said = {each.pod_room_id: each.decided_at for each in await mandate_store.of(tx, proposal.id)}
        return frozenset(
            pod
            for pod in standing.blocks
            if not pairs.get(pod, set()) & heard and not ((at := said[pod]) and at >= proposal.blocked_at)
        )
    heard |= {each.user_id for each in await stances.statements(tx, proposal) if each.sent_at >= proposal.end}
    return standing.blocks - heard


def _lapsed(people: list[Person]) -> Text:
    return Text(
        "The block of {who} has lapsed: {days} days and two reminders without a word. It counts as standing aside.",
        who=Text.enumerated(Text("{who}", who=person) for person in people),
        days=CLOCK.days,
    )


async def _remind(tx: Tx, now: datetime, proposal: Proposal, silent: frozenset[str]) -> None:
    if proposal.of_pods:
        mirrors = {each.pod_room_id: each.mirror_id for each in await mandate_store.of(tx, proposal.id)}
        for pod in sorted(silent):
            text = Text(
                "Your pod's block stops {name}. If it still holds, let your spokes meet with the others and log it in the"
                " assembly with {met}. If not, decide anew: {renew}. Without a word from you it lapses.",
                name=proposal_texts.name(proposal),
                met=Code(f"!met {proposal.id} NOTE"),
                renew=Code(f"!renew {mirrors[pod]}"),
            )
            await say(tx, now, pod, text, about=mirrors[pod], aloud=True)
        return
    people = [person.mentioned() for person in await named(tx, proposal, silent)]
    text = Text(
        "{who}, your block stops {name}. If it still holds, meet with the others and log it with {met}, or type {block}"
        " again. If not, type {agree} or {aside}. Without a word from you it lapses.",
        who=Text.enumerated(Text("{who}", who=person) for person in people),
        name=proposal_texts.name(proposal),
        met=Code(f"!met {proposal.id} NOTE"),
        block=Code(f"block {proposal.id}"),
        agree=Code(f"agree {proposal.id}"),
        aside=Code(f"aside {proposal.id}"),
    )
    await say(tx, now, proposal.room_id, text, about=proposal.id)


async def _ask_to_meet(tx: Tx, now: datetime, proposal: Proposal, talks: int) -> None:
    assert proposal.blocked_at is not None  # noqa: S101 - it is blocked
    zone = (await pods.settings(tx, proposal.room_id)).zone
    text = Text(
        "{name} is still blocked, and {n} talk about it is logged. With {needed}, you vote: {met} logs one. If it is not"
        " talked about until {at}, it lapses.",
        plural="{name} is still blocked, and {n} talks about it are logged. With {needed}, you vote: {met} logs one."
        " If it is not talked about until {at}, it lapses.",
        name=proposal_texts.name(proposal),
        n=talks,
        needed=TALKS,
        met=Code(f"!met {proposal.id} NOTE"),
        at=When(proposal.blocked_at + GIVEN_UP_AFTER, zone, now),
    )
    await say(tx, now, proposal.room_id, text, about=proposal.id, aloud=True)


async def _vote(tx: Tx, now: datetime, proposal: Proposal) -> None:
    """Open the vote after the clock: a round of its own, in which a block counts as no."""
    zone = (await pods.settings(tx, proposal.room_id)).zone
    voting = replace(
        proposal,
        state=State.OPEN,
        round=proposal.round + 1,
        fallback=True,
        extended=False,
        round_at=now,
        closes_at=hours_later(now, proposal.class_.fallback_open_for, zone),
        blocked_at=None,
        ended_at=None,
        count=None,
    )
    await proposals.save(tx, voting)
    await timers.drop(tx, f"proposal.{proposal.id}.block")
    await timers.drop(tx, f"proposal.{proposal.id}.correct")
    await (mandates.begin if proposal.of_pods else begin_round)(tx, now, voting)
    author = await rooms.person(tx, proposal.room_id, proposal.author)
    standing = await stand(tx, voting)
    text = Text.lines(
        [
            Text(
                "You have talked, and the block of {id} stands. Now all vote anew; what was said before does not count.",
                id=proposal.id,
            ),
            proposal_texts.opened(voting, author, len(standing.voices), zone, now),
        ]
    )
    await say(tx, now, proposal.room_id, text, about=proposal.id, aloud=True)


# -- what people do ----------------------------------------------------------------------------------


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
    if talks >= TALKS and waited:
        await _vote(tx, now, proposal)
        return None
    zone = (await pods.settings(tx, proposal.room_id)).zone
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
