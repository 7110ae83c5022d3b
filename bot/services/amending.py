"""New versions of a proposal.

Rule: nobody is counted for words they have not seen. A new version begins with no stances, has at least half of the time
again, and everybody who had spoken is asked once.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.errors import Conflict, NotAllowed
from bot.domain.proposals import Proposal, State, check_text, restored
from bot.domain.values import Code, Person
from bot.domain.wording import Change, compare
from bot.ports import Event
from bot.services import mandates, proposal_texts
from bot.services.proposal_counting import named, stand
from bot.services.proposal_rounds import begin_round, end_native
from bot.services.proposals import check_in_time, check_own
from bot.services.speech import say
from bot.store import pods, proposals, timers, wording_fixes
from bot.store.database import Tx
from bot.text import Text


async def amend(tx: Tx, now: datetime, proposal: Proposal, sender: Person, event: Event, text: str) -> None:
    """Put a new version of a proposal in the place of the one before.

    Raises:
        NotAllowed: The sender did not propose it.
        Conflict: It is over, its end was before the message, it is the pod's part of an assembly's proposal, or says the same as before.
        UsageError: The text cannot be proposed.
    """
    check_own(proposal)
    if sender.user_id != proposal.author:
        raise NotAllowed("Only who proposed {id} can change it.", id=proposal.id)
    if proposal.state.is_over:
        raise Conflict("{id} is over. Propose it anew: {again}", id=proposal.id, again=Code("!propose TEXT"))
    await check_in_time(tx, proposal, event.sent_at)
    if proposal.adopts is not None:
        raise Conflict(
            "{id} asks whether your pod adopts {advice} as it stands. Other words are a proposal of your own: {own}",
            id=proposal.id,
            advice=proposal.adopts,
            own=Code("!propose TEXT"),
        )
    words = check_text(text, f"!amend {proposal.id}", proposal.class_.longest)
    if words == proposal.text:
        raise Conflict("{id} says that already.", id=proposal.id)
    before = await stand(tx, proposal)
    spoke = [person.mentioned() for person in await named(tx, proposal, before.voices - before.silent)]
    left = proposal.closes_at - now if proposal.is_open else timedelta()
    newer = replace(
        proposal,
        text=words,
        state=State.OPEN,
        version=proposal.version + 1,
        round=proposal.round + 1,
        reading=1,
        fallback=False,
        extended=False,
        round_at=now,
        closes_at=now + restored(proposal.length, left),
        blocked_at=None,
        planned_at=None,
        ended_at=None,
        count=None,
    )
    if proposal.is_open:
        await end_native(tx, now, proposal)
    await wording_fixes.drop(tx, proposal.id)
    for key in ("block", "correct", "friendly"):
        await timers.drop(tx, f"proposal.{proposal.id}.{key}")
    await proposals.save(tx, newer)
    await (mandates.begin if proposal.of_pods else begin_round)(tx, now, newer)
    standing = await stand(tx, newer)
    zone = (await pods.settings(tx, proposal.room_id)).zone
    newer = replace(newer, tally=standing.tally)
    parts = [
        proposal_texts.opened(newer, sender, len(standing.voices), zone, now),
        Text(
            "{who}, you spoke on the version before. It does not count for this one: please say it again.",
            who=Text.joined(Text("{who}", who=person) for person in spoke),
        )
        if spoke and not proposal.of_pods
        else None,
        await mandates.sleeping(tx, newer),
        Text("What changed:"),
        differences(proposal.text, words),
    ]
    await say(tx, now, proposal.room_id, Text.lines(parts), about=proposal.id, aloud=True)


def differences(before: str, after: str) -> Text:
    """Say what changed between two texts, as a list."""
    return Text.listed(_line(each) for each in compare(before, after) if not each.is_kept)


def _line(change: Change) -> Text:
    if not change.before:
        return Text("added: “{after}”", after=change.after)
    if not change.after:
        return Text("taken out: “{before}”", before=change.before)
    return Text("“{before}” becomes “{after}”", before=change.before, after=change.after)
