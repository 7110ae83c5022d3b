"""How proposals end: at the deadline, extended, corrected, and what people said erased.

Rule: a proposal that closes late leaves out what was sent after its end, and says that it was late.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.blocks import CLOCK, GIVEN_UP_AFTER, REMIND_BLOCKER_AFTER
from bot.domain.proposals import ERASED_AFTER, Proposal, State, at_end, decide_all, extension
from bot.domain.values import When
from bot.services import (
    hold_ends,
    mandate_carrying,
    mandates,
    pictures,
    proposal_effects,
    proposal_results,
    proposal_texts,
    readings,
    voices,
)
from bot.services.poll_closing import LATE_AFTER, WAITS_FOR_KEYS
from bot.services.proposal_counting import Standing, named, stand
from bot.services.proposal_rounds import end_native, set_end
from bot.services.reminder_plans import plan
from bot.services.speech import say
from bot.store import outbox, pods, proposals, rooms, timers
from bot.store.database import Tx
from bot.text import Text

_STEPS = (*REMIND_BLOCKER_AFTER, CLOCK, GIVEN_UP_AFTER)
LAST_STEP = len(_STEPS) - 1
"""The last of the moments at which a block is looked at."""

TIME_TO_ANSWER = timedelta(days=2)
"""How long after a reminder nothing follows from silence, also when the reminder was late."""


async def close_due(tx: Tx, now: datetime, proposal_id: str) -> None:
    """Close a round at its end, or as soon after it as the bot is up again."""
    proposal = await proposals.find(tx, proposal_id)
    if proposal is None or not proposal.is_open or now < proposal.closes_at:
        return
    standing = await stand(tx, proposal)
    if standing.unknown and now < proposal.closes_at + WAITS_FOR_KEYS:
        key = f"proposal.{proposal.id}"
        await timers.put(tx, "proposal.close", key, proposal.closes_at + WAITS_FOR_KEYS, id=proposal.id)
        return
    zone = (await pods.settings(tx, proposal.room_id)).zone
    late = now - proposal.closes_at > LATE_AFTER
    if proposal.parent is not None:
        down = Text("Its end was {at}, when I was not running.", at=When(proposal.closes_at, zone, now))
        await mandate_carrying.close(tx, now, proposal, standing, down if late else None)
        return
    proposal = replace(proposal, tally=standing.tally)
    outcome = decide_all(proposal.sums(standing.count), standing.count, blocks=proposal.can_block)
    state = at_end(outcome, extended=proposal.extended)
    if state is None:
        until = max(proposal.closes_at, now) + extension(proposal.length)
        more = replace(proposal, extended=True, closes_at=until, planned_at=None)
        await proposals.save(tx, more)
        await set_end(tx, more)
        await plan(tx, now, more.id, more.round_at, more.closes_at)
        remark = (
            Text("Its end was {at}, when I was not running.", at=When(proposal.closes_at, zone, now))
            if late
            else None
        )
        if proposal.of_pods:
            remark = await mandates.ask_silent(tx, now, more)
        text = proposal_results.extended(more, standing.count, zone, now, remark)
        await say(tx, now, proposal.room_id, text, about=proposal.id, aloud=True)
        return
    remark = None
    if late:
        remark = Text(
            "Its end was {at}, when I was not running. What was sent after that does not count.",
            at=When(proposal.closes_at, zone, now),
        )
    unanswered = await hold_ends.unanswered(tx, proposal)
    if unanswered is not None:
        remark = Text("{late} {unanswered}", late=remark, unanswered=unanswered) if remark else unanswered
    await finish(tx, now, proposal, state, standing, remark)


async def finish(
    tx: Tx, now: datetime, proposal: Proposal, state: State, standing: Standing, remark: Text | None = None
) -> None:
    """End a round: note the result and say it.

    Args:
        tx: The open transaction.
        now: The moment.
        proposal: Open, blocked, or over and to be corrected.
        state: What it ends in.
        standing: The sum.
        remark: A line on what is out of the ordinary.
    """
    if readings.is_due(proposal, state):
        await readings.begin_next(tx, now, proposal, standing, remark)
        return
    first = proposal.is_open
    if first and proposal.of_pods:
        await voices.keep_pairs(tx, proposal)
    ended = replace(
        proposal,
        state=state,
        ended_at=proposal.ended_at or proposal.closes_at,
        count=standing.count,
        tally=standing.tally,
        blocked_at=now if state is State.BLOCKED else proposal.blocked_at,
    )
    await proposals.save(tx, ended)
    await timers.drop(tx, f"proposal.{proposal.id}")
    if first:
        await proposals.keep_voices(tx, proposal.id, standing.voices)
        await end_native(tx, now, proposal)
    if proposal.of_pods:
        await mandates.drop_mirrors(tx, now, ended)
    if state is State.BLOCKED:
        await set_clock(tx, now, ended, 0)
    else:
        await timers.drop(tx, f"proposal.{proposal.id}.block")
        key = f"proposal.{proposal.id}.erase"
        await timers.put(tx, "proposal.erase", key, now + ERASED_AFTER, id=proposal.id)
    reasons = [
        (await rooms.person(tx, proposal.room_id, user_id), said)
        for user_id, said in sorted(standing.last.items(), key=lambda item: item[1].place)
        if user_id in standing.voices and said.stance is not None and said.reason
    ]
    said = await mandates.lines(tx, ended) if proposal.of_pods else proposal_results.reasons_of(reasons)
    then = await proposal_effects.carry_out(tx, now, ended)
    text = proposal_results.result(ended, standing.count, said, remark, then)
    if state is State.BLOCKED:
        blockers = await named(tx, proposal, standing.blocks)
        zone = (await pods.settings(tx, proposal.room_id)).zone
        text = Text.lines([text, Text(""), proposal_texts.blocked(ended, blockers, 0, zone, now)])
    await say(tx, now, proposal.room_id, text, about=proposal.id, aloud=True)
    await pictures.show_proposal(tx, now, ended, standing.count)
    if proposal.of_pods:
        await mandates.tell_pods(tx, now, ended, text)


async def set_clock(tx: Tx, now: datetime, proposal: Proposal, step: int) -> None:
    """Set when a block is looked at next: twice to remind, then when its clock ends, then for the last time."""
    assert proposal.blocked_at is not None  # noqa: S101 - it is blocked
    due = max(proposal.blocked_at + _STEPS[step], now + (TIME_TO_ANSWER if step else timedelta()))
    await timers.put(tx, "proposal.block", f"proposal.{proposal.id}.block", due, id=proposal.id, step=step)


async def correct(tx: Tx, now: datetime, proposal_id: str) -> None:
    """Sum a closed round up again and say so where the result is another."""
    proposal = await proposals.find(tx, proposal_id)
    if proposal is None or proposal.count is None or proposal.erased or proposal.is_open:
        return
    standing = await stand(tx, proposal)
    before, after = proposal.count, standing.count
    if before == after and proposal.tally == standing.tally:
        return
    if proposal.parent is not None:
        await mandate_carrying.correct(tx, now, proposal, standing)
        return
    now_summed = replace(proposal, tally=standing.tally)
    outcome = decide_all(now_summed.sums(after), after, blocks=proposal.can_block)
    state = at_end(outcome, extended=True)
    assert state is not None  # noqa: S101 - an extended round ends
    known = [
        [replace(each, unknown=0) for each in (count, *tally)]
        for count, tally in ((before, proposal.tally), (after, standing.tally))
    ]
    if state is proposal.state and known[0] == known[1]:
        await proposals.save(tx, replace(proposal, count=after, tally=standing.tally))
        return  # it was talk, and the result is as it was
    remark = Text("Corrected: something sent before the end reached me, or could be read, only after it.")
    if state is proposal.state is State.BLOCKED:
        await proposals.save(tx, replace(proposal, count=after, tally=standing.tally))
        return
    await finish(tx, now, proposal, state, standing, remark)


async def settle(tx: Tx, now: datetime, proposal: Proposal, remark: Text) -> None:
    """Say what comes of a blocked proposal on which no block stands any more."""
    standing = await stand(tx, proposal)
    now_summed = replace(proposal, tally=standing.tally)
    outcome = decide_all(now_summed.sums(standing.count), standing.count, blocks=proposal.can_block)
    state = at_end(outcome, extended=True)
    assert state is not None  # noqa: S101 - an extended round ends
    await finish(tx, now, proposal, state, standing, remark)


async def settle_due(tx: Tx, now: datetime, proposal_id: str) -> None:
    """See whether a pod still blocks a proposal of its assembly."""
    proposal = await proposals.find(tx, proposal_id)
    if proposal is not None and proposal.state is State.BLOCKED and not (await stand(tx, proposal)).blocks:
        await settle(tx, now, proposal, Text("No pod blocks it any more."))


async def erase(tx: Tx, now: datetime, proposal_id: str) -> None:
    """Forget who said what; the tally stays (behaviour.md, section 11). What an open process needs is kept as long.

    So is what could not be said for so long and names people: a result that still waits is said without the reasons.
    """
    found = await proposals.find(tx, proposal_id)
    if found is not None and not found.state.is_over:
        return  # a correction has made it blocked or open again; its next end sets this anew
    parent = await proposals.find(tx, found.parent) if found and found.parent else None
    if parent is not None and not parent.state.is_over:
        key = f"proposal.{proposal_id}.erase"
        await timers.put(tx, "proposal.erase", key, now + ERASED_AFTER, id=proposal_id)
        return
    await timers.drop(tx, f"proposal.{proposal_id}.correct")
    if found is not None and found.of_pods and not found.erased:
        await voices.settle(tx, found)
    await proposals.erase(tx, proposal_id)
    await outbox.forget_words(tx, proposal_id, answers_only=True)
    if found is None or found.of_pods or found.parent is not None or found.count is None:
        return  # where pods are named, nobody is
    if await outbox.forget_words(tx, proposal_id, answers_only=False):
        text = proposal_results.result(found, found.count, ())
        await say(tx, now, found.room_id, text, about=found.id, aloud=True)
