"""How holds end: by the pod's answer, by being let go, or by time; and what they do to the end of a proposal.

Rule: when nothing is waited for any more, the proposal closes as planned, and at once if that is past.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.holds import Hold, closes_at
from bot.domain.pods import Room
from bot.domain.proposals import Proposal
from bot.domain.values import When
from bot.services.proposal_rounds import set_end
from bot.services.speech import say
from bot.store import holds, mandates, pods, proposals
from bot.store.database import Tx
from bot.text import Text


async def move_end(tx: Tx, proposal: Proposal) -> Proposal:
    """Let a proposal close when it was planned to, or when its last hold ends; returns it as it is now."""
    planned = proposal.planned_at or proposal.closes_at
    moved = closes_at(planned, await holds.of(tx, proposal))
    changed = replace(proposal, planned_at=planned, closes_at=moved)
    await proposals.save(tx, changed)
    await set_end(tx, changed)
    return changed


async def current(tx: Tx, now: datetime, proposal: Proposal, pod_room_id: str) -> Hold | None:
    """Return the hold for which a pod is still asked, if there is one."""
    found = await holds.of(tx, proposal)
    return next((each for each in found if each.pod_room_id == pod_room_id and each.is_on(now)), None)


async def end(tx: Tx, now: datetime, proposal: Proposal, pod_room_id: str, why: Text) -> None:
    """End a pod's hold, if it has one, and say in the assembly why, and when the proposal closes now.

    Args:
        tx: The open transaction.
        now: The moment.
        proposal: The assembly's, open.
        pod_room_id: The pod.
        why: What ended it.
    """
    if not proposal.is_open or await current(tx, now, proposal, pod_room_id) is None:
        return
    await holds.end(tx, proposal, pod_room_id, now)
    changed = await move_end(tx, proposal)
    await say(
        tx,
        now,
        proposal.room_id,
        Text("{why} {closes}", why=why, closes=await closes(tx, now, changed)),
        about=proposal.id,
    )


async def closes(tx: Tx, now: datetime, proposal: Proposal) -> Text:
    """Say when a proposal closes."""
    if proposal.closes_at <= now:
        return Text("{id} closes now.", id=proposal.id)
    zone = (await pods.settings(tx, proposal.room_id)).zone
    return Text("{id} closes {at}.", id=proposal.id, at=When(proposal.closes_at, zone, now))


async def unanswered(tx: Tx, proposal: Proposal) -> Text | None:
    """Say which pods were waited for and did not answer, when a proposal closes."""
    if proposal.planned_at is None or proposal.closes_at <= proposal.planned_at:
        return None
    names = [
        each.pod
        for each in await holds.of(tx, proposal)
        if each.ended_at is None and each.until > proposal.planned_at
    ]
    if not names:
        return None
    return Text("It waited for {pods}, asked by a spoke; no answer came in 72 hours.", pods=", ".join(names))


async def lines(tx: Tx, now: datetime, proposal: Proposal, *, asked: bool) -> list[Text]:
    """Say of each hold of the present version how long the end waits.

    Args:
        tx: The open transaction.
        now: The moment.
        proposal: The assembly's.
        asked: Whether what is asked is said too: in the assembly, where it was typed.
    """
    if not proposal.is_open:
        return []
    zone = (await pods.settings(tx, proposal.room_id)).zone
    found = []
    for each in await holds.of(tx, proposal):
        if not each.is_on(now):
            found.append(Text("Hold of {pod}: over since {at}", pod=each.pod, at=When(each.end, zone)))
            continue
        what = Text(" “{question}”", question=each.question) if asked else ""
        until = When(each.until, zone, now)
        found.append(
            Text("Hold: {pod} is asked{what}, until {at} at the latest", pod=each.pod, what=what, at=until)
        )
    return found


async def waiting_for(tx: Tx, now: datetime, room: Room) -> list[tuple[Proposal, Hold, str]]:
    """Return the proposals of the assembly that wait for a pod, its holds, and the ids of its own parts."""
    found = []
    for proposal in await proposals.open_in(tx, room.assembly_room_id) if room.assembly_room_id else ():
        hold = await current(tx, now, proposal, room.room_id) if proposal.is_open else None
        part = next(
            (each for each in await mandates.of(tx, proposal.id) if each.pod_room_id == room.room_id), None
        )
        if hold is not None and part is not None and part.mirror_id is not None:
            found.append((proposal, hold, part.mirror_id))
    return found
