"""Readings: what must pass more than once, in the same words, before it is adopted.

Rule: each reading is a round of its own, in which every pod is asked anew; a change of the words starts at the first.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.proposals import Proposal, State
from bot.domain.values import Verbatim, When
from bot.services import mandates, proposal_texts
from bot.services.deadlines import hours_later
from bot.services.proposal_counting import Standing, summed
from bot.services.speech import say
from bot.store import pods, proposals, timers
from bot.store.database import Tx
from bot.text import Text


def is_due(proposal: Proposal, state: State) -> bool:
    """Tell whether what has passed is to be read once more."""
    return state is State.ADOPTED and proposal.reading < proposal.class_.readings


async def begin_next(
    tx: Tx, now: datetime, proposal: Proposal, standing: Standing, remark: Text | None
) -> None:
    """Begin the next reading, and say so in the assembly; the pods hear it when they are asked."""
    zone = (await pods.settings(tx, proposal.room_id)).zone
    said = await mandates.lines(tx, proposal)
    newer = replace(
        proposal,
        state=State.OPEN,
        round=proposal.round + 1,
        reading=proposal.reading + 1,
        extended=False,
        round_at=now,
        closes_at=hours_later(now, proposal.class_.open_for, zone),
        blocked_at=None,
        planned_at=None,
        ended_at=None,
        count=None,
    )
    for key in ("block", "correct", "erase"):
        await timers.drop(tx, f"proposal.{proposal.id}.{key}")
    await proposals.save(tx, newer)
    await mandates.begin(tx, now, newer)
    newer, count = await summed(tx, newer)
    text = Text.lines(
        [
            Text(
                "{id} has passed reading {n} of {readings}:",
                id=proposal.id,
                n=proposal.reading,
                readings=proposal.class_.readings,
            ),
            Text("{text}", text=Verbatim(proposal.text)),
            remark,
            proposal_texts.so_far(standing.count, is_open=False),
            Text(
                "Every pod is asked once more about the same words. A change of them starts at the first reading."
            ),
            proposal_texts.needed(newer, count.voices),
            await mandates.sleeping(tx, newer),
            Text("Closes {at}.", at=When(newer.closes_at, zone, now)),
            Text.listed(said),
        ]
    )
    await say(tx, now, proposal.room_id, text, about=proposal.id, aloud=True)
