"""The log of decisions as it is written: entries, their dates, and what takes the place of what.

Rule: an adopted proposal is entered once, and a corrected result corrects the log.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.classes import ADVICE
from bot.domain.decisions import REVIEW_AFTER, Decision, Status
from bot.domain.errors import Conflict
from bot.domain.ids import DECISION
from bot.domain.proposals import Proposal, State
from bot.domain.values import Code
from bot.services import decision_texts
from bot.store import decisions, ids, pillars, pods, rooms, timers
from bot.store.database import Tx
from bot.text import Text


async def enter(tx: Tx, now: datetime, decision: Decision, old: Decision | None) -> None:
    """Put a decision into the log, in the place of another where there is one."""
    await decisions.add(tx, decision)
    await set_timers(tx, now, decision)
    if old is not None:
        await _drop_timers(tx, old.id)
        await decisions.save(tx, replace(old, status=Status.SUPERSEDED, superseded_by=decision.id))


async def set_timers(tx: Tx, now: datetime, decision: Decision) -> None:
    """Set when it is looked at again, and when its trial is spoken of and over."""
    if decision.review_at is not None:
        await timers.put(
            tx, "decision.review", f"decision.{decision.id}.review", decision.review_at, id=decision.id
        )
    if decision.remind_at is not None and decision.ends_at is not None:
        due = decision.remind_at if decision.remind_at > now else decision.ends_at
        await timers.put(tx, "decision.trial", f"decision.{decision.id}.trial", due, id=decision.id)


async def _drop_timers(tx: Tx, decision_id: str) -> None:
    for key in ("review", "trial", "settle"):
        await timers.drop(tx, f"decision.{decision_id}.{key}")


async def check_no_pillar(tx: Tx, decision: Decision) -> None:
    """Check that a decision is not a pillar, whose words change only by two readings.

    Raises:
        Conflict: It is one.
    """
    pillar = await pillars.of_proposal(tx, decision.proposal_id) if decision.proposal_id else None
    if pillar is not None:
        raise Conflict(
            "{id} is pillar {number}, and a pillar changes only by two readings: {propose}",
            id=decision.id,
            number=pillar.number,
            propose=Code(f"!pillar propose {pillar.number} TEXT"),
        )


async def enter_adopted(tx: Tx, now: datetime, proposal: Proposal) -> list[Text]:
    """Bring the log in line with a proposal that has just ended; returns lines on what is now true.

    An advice is entered in each pod that adopts it, not where it is given.
    """
    known = await decisions.of_proposal(tx, proposal.id)
    if proposal.state is not State.ADOPTED:
        if known is not None and known.superseded_by is None:
            await take_out(tx, now, known)
            return [Text("{id} is taken out of the log.", id=known.id)]
        return []
    if known is not None or proposal.class_ is ADVICE:
        return []
    old = await _in_its_place(tx, proposal)
    old = old if old is not None and old.status.holds else None
    decision = Decision(
        await ids.next_id(tx, DECISION),
        proposal.room_id,
        proposal.author,
        proposal.text,
        proposal.end,
        Status.TRIAL if proposal.trial else Status.STANDING,
        None if proposal.trial else now + REVIEW_AFTER,
        proposal.trial,
        now + proposal.trial if proposal.trial else None,
        old.id if old else None,
        proposal_id=proposal.id,
    )
    await enter(tx, now, decision, old)
    zone = (await pods.settings(tx, proposal.room_id)).zone
    owner = await rooms.person(tx, proposal.room_id, proposal.author)
    return [
        Text("It is decision {id}; {show} shows it.", id=decision.id, show=Code(f"!decision {decision.id}")),
        *[each for each in decision_texts.terms(decision, owner, zone, now) if decision.trial or old][1:],
    ]


async def _in_its_place(tx: Tx, proposal: Proposal) -> Decision | None:
    """Return the decision that a proposal replaces: the one it names, or the former words of its pillar."""
    if proposal.supersedes:
        return await decisions.find(tx, proposal.supersedes)
    if proposal.pillar is None:
        return None
    known = await pillars.versions(tx, proposal.room_id, proposal.pillar)
    former = [each for each in known if each.proposal_id != proposal.id]
    return await decisions.of_proposal(tx, former[-1].proposal_id) if former else None


async def take_out(tx: Tx, now: datetime, decision: Decision) -> None:
    """Take an entry out of the log; what it replaced holds again."""
    await _drop_timers(tx, decision.id)
    old = await decisions.find(tx, decision.supersedes) if decision.supersedes else None
    if old is not None and old.superseded_by == decision.id:
        again = replace(old, status=old.rests_on, superseded_by=None, reopened_at=None, reason="")
        await decisions.save(tx, again)
        await set_timers(tx, now, again)
    await decisions.drop(tx, decision.id)
