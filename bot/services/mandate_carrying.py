"""How what a pod decides gets to its assembly: at the end of its own round, corrected, or decided anew.

Rule: only what was decided before the assembly's end counts, and a pod's word stands until it says something else.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.classes import POD
from bot.domain.errors import Conflict, UsageError
from bot.domain.mandates import LAST_BEFORE_THE_END, carried
from bot.domain.pods import Room
from bot.domain.polls import brief, tidy
from bot.domain.proposals import ERASED_AFTER, OPEN_AT_LEAST, Proposal, State, extension
from bot.domain.remits import BOUND
from bot.domain.values import Code, Person, When
from bot.services import hold_ends, mandate_texts, mandates, pictures, proposal_results
from bot.services.deadlines import hours_later
from bot.services.proposal_counting import Standing, stand
from bot.services.proposal_rounds import end_native, set_end
from bot.services.reminder_plans import plan
from bot.services.speech import say
from bot.store import heard, pods, proposals, timers
from bot.store import mandates as store
from bot.store.database import Tx
from bot.text import Text


async def close(tx: Tx, now: datetime, mirror: Proposal, standing: Standing, late: Text | None) -> None:
    """Close a pod's own round and carry what it says to the assembly.

    Where it says nothing and too few spoke, or something could not be read, it is extended once if there is time.
    """
    parent = await proposals.find(tx, mirror.parent or "")
    assert parent is not None  # noqa: S101 - a foreign key keeps it
    said = carried(mirror.rule, standing.count)
    length = mirror.closes_at - mirror.round_at
    until = max(mirror.closes_at, now) + extension(length)
    if parent.is_open:
        until = min(until, parent.closes_at - LAST_BEFORE_THE_END)
    unheard = not mirror.rule.is_quorate(standing.count) or standing.unknown
    if said is None and unheard and not mirror.extended and until > now:
        more = replace(mirror, extended=True, closes_at=until)
        await proposals.save(tx, more)
        await set_end(tx, more)
        await plan(tx, now, more.id, more.round_at, more.closes_at)
        zone = (await pods.settings(tx, mirror.room_id)).zone
        text = proposal_results.extended(more, standing.count, zone, now, late)
        await say(tx, now, mirror.room_id, text, about=mirror.id, aloud=True)
        return
    await _carry(tx, now, mirror, parent, standing, late)


async def correct(tx: Tx, now: datetime, mirror: Proposal, standing: Standing) -> None:
    """Carry what a pod says anew, because something sent in time was read late."""
    parent = await proposals.find(tx, mirror.parent or "")
    mandate = await store.of_mirror(tx, mirror.id)
    if parent is None or mandate is None or mandate.stance == carried(mirror.rule, standing.count):
        await proposals.save(tx, replace(mirror, count=standing.count))
    else:
        remark = Text("Corrected: something sent before the end reached me, or could be read, only after it.")
        await _carry(tx, now, mirror, parent, standing, remark)
    # also where the pod says the same, its people may be counted
    if parent is not None and parent.count is not None:
        await timers.put(tx, "proposal.correct", f"proposal.{parent.id}.correct", now, id=parent.id)


async def _carry(
    tx: Tx, now: datetime, mirror: Proposal, parent: Proposal, standing: Standing, remark: Text | None
) -> None:
    said = carried(mirror.rule, standing.count)
    ended_at = mirror.ended_at or mirror.closes_at
    quorate = mirror.rule.is_quorate(standing.count)
    state = State.ADOPTED if said else State.REFUSED if quorate else State.LAPSED
    over = replace(mirror, state=state, ended_at=ended_at, count=standing.count)
    await proposals.save(tx, over)
    if mirror.is_open:
        await proposals.keep_voices(tx, mirror.id, standing.voices)
        await end_native(tx, now, mirror)
    await timers.put(tx, "proposal.erase", f"proposal.{mirror.id}.erase", now + ERASED_AFTER, id=mirror.id)
    mandate = await store.of_mirror(tx, mirror.id)
    # an earlier word of the pod stands where it agrees on nothing else
    takes = (
        mandate is not None
        and (said is not None or mirror.count is not None)
        and not _too_late(parent, ended_at)
    )
    if mandate is not None and takes:
        counted = standing.count if said else None
        mandate = replace(
            mandate, stance=said, count=counted, decided_at=ended_at if said else None, objector=None
        )
        await store.save(tx, parent.id, mandate)
        if parent.state is State.BLOCKED:
            await mandates.settle_soon(tx, now, parent)
        await hold_ends.end(
            tx, now, parent, mandate.pod_room_id, Text("{pod} has answered.", pod=mandate.name)
        )
        await heard.pod(tx, mandate.pod_room_id, now)
    name = mandate.name if mandate else ""
    text = mandate_texts.said(
        over,
        parent,
        name,
        said,
        standing.count,
        remark,
        counted=bool(takes),
        renewable=can_renew(parent, now),
        remit=mandate.remit if mandate else BOUND,
    )
    await say(tx, now, mirror.room_id, text, about=mirror.id, aloud=True)
    await pictures.show_proposal(tx, now, over, standing.count)


def _too_late(parent: Proposal, ended_at: datetime) -> bool:
    """Tell whether what a pod says comes after the assembly's end; a block can be let go until it is over."""
    if parent.state is State.BLOCKED:
        return False
    return parent.state is State.WITHDRAWN or ended_at >= parent.end


def can_renew(parent: Proposal, now: datetime) -> bool:
    """Tell whether a pod can decide anew: there is time, or its block is what holds the proposal up."""
    if parent.is_open:
        return parent.closes_at - LAST_BEFORE_THE_END - now >= OPEN_AT_LEAST
    return parent.state is State.BLOCKED


async def renew(tx: Tx, now: datetime, room: Room, sender: Person, old: Proposal) -> None:
    """Ask a pod again what it says; until it says something else, its word stands.

    Raises:
        Conflict: It is being asked, the proposal is over, or too little time is left.
        UsageError: It is a proposal of the pod's own.
    """
    if old.parent is None:
        raise UsageError(
            "{id} is your pod's own proposal. Propose it anew: {example}",
            id=old.id,
            example=Code(f"!propose {brief(tidy(old.text))}"),
        )
    parent = await proposals.find(tx, old.parent)
    assert parent is not None  # noqa: S101 - a foreign key keeps it
    mandate = next((each for each in await store.of(tx, parent.id) if each.pod_room_id == room.room_id), None)
    if mandate is None or parent.state.is_over:
        raise Conflict("{id} of the assembly is over.", id=parent.id)
    current = await proposals.find(tx, mandate.mirror_id or "")
    if current is not None and current.is_open:
        raise Conflict("Your pod is deciding it in {id} now.", id=current.id)
    if parent.state is State.BLOCKED and mandate.pod_room_id not in (await stand(tx, parent)).blocks:
        raise Conflict("{id} is blocked, so only a pod that blocks it can say something else.", id=parent.id)
    zone = (await pods.settings(tx, room.room_id)).zone
    closes_at = hours_later(now, POD.open_for, zone)
    if not can_renew(parent, now):
        raise Conflict(
            "{id} ends {at}; that is too soon to decide anew.", id=parent.id, at=When(parent.closes_at, zone)
        )
    if parent.is_open:
        closes_at = min(closes_at, parent.closes_at - LAST_BEFORE_THE_END)
    await mandates.ask(tx, now, parent, mandate, closes_at)
