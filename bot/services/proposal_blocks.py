"""The clock of a block: reminding who blocks, what becomes of it when the time is over, and the vote after it.

Rule: a block always ends. Who blocks lets go, or falls silent though reminded twice, or all vote after they have talked.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain import blocks
from bot.domain.blocks import CLOCK, GIVEN_UP_AFTER, REMIND_BLOCKER_AFTER, TALKS, Next
from bot.domain.proposals import Proposal, State
from bot.domain.values import Code, Person, When
from bot.services import mandates, proposal_closing, proposal_texts
from bot.services.deadlines import hours_later
from bot.services.pairs import pairs_of
from bot.services.proposal_closing import LAST_STEP, set_clock
from bot.services.proposal_counting import Standing, named, stand
from bot.services.proposal_rounds import begin_round
from bot.services.speech import say
from bot.store import mandates as mandate_store
from bot.store import pods, proposals, rooms, stances, timers
from bot.store.database import Tx
from bot.text import Text


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
    match blocks.after(
        since, len(talks), all_silent=standing.blocks <= silent, can_vote=proposal.class_.fallback is not None
    ):
        case Next.LAPSE:
            await proposal_closing.settle(tx, now, proposal, _lapsed(lapsed))
        case Next.VOTE:
            await open_vote(tx, now, proposal)
        case Next.GIVE_UP:
            remark = Text(
                "It was blocked for {days} days and not talked about twice."
                if proposal.class_.fallback
                else "It was blocked for {days} days, and a block of a pillar is never outvoted.",
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
    if proposal.class_.fallback is None:
        text = Text(
            "{name} is still blocked. It is never outvoted: go on talking, or change its words with {amend}. If the block"
            " stands {at}, it lapses.",
            name=proposal_texts.name(proposal),
            amend=Code(f"!amend {proposal.id} TEXT"),
            at=When(proposal.blocked_at + GIVEN_UP_AFTER, zone, now),
        )
        await say(tx, now, proposal.room_id, text, about=proposal.id, aloud=True)
        return
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


async def open_vote(tx: Tx, now: datetime, proposal: Proposal) -> None:
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
        planned_at=None,
        ended_at=None,
        count=None,
    )
    await proposals.save(tx, voting)
    await timers.drop(tx, f"proposal.{proposal.id}.block")
    await timers.drop(tx, f"proposal.{proposal.id}.correct")
    await (mandates.begin if proposal.of_pods else begin_round)(tx, now, voting)
    author = await rooms.person(tx, proposal.room_id, proposal.author)
    standing = await stand(tx, voting)
    voting = replace(voting, tally=standing.tally)
    text = Text.lines(
        [
            Text(
                "You have talked, and the block of {id} stands. Now all vote anew; what was said before does not count.",
                id=proposal.id,
            ),
            proposal_texts.opened(voting, author, len(standing.voices), zone, now),
            await mandates.sleeping(tx, voting),
        ]
    )
    await say(tx, now, proposal.room_id, text, about=proposal.id, aloud=True)
