"""Mandates: a proposal of an assembly is put to every pod, decided there, and what the pod says is carried back.

Rule: nobody speaks for a pod but the pod. What its own rule carries is its one voice, and only what was decided before
the assembly's end counts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.classes import POD
from bot.domain.ids import POLL
from bot.domain.mandates import BEFORE_THE_END, LAST_BEFORE_THE_END, Mandate
from bot.domain.proposals import (
    Proposal,
    State,
)
from bot.domain.remits import Remit
from bot.domain.thresholds import CONSENSUS, FEWEST_FOR_ALL_BUT_ONE, Against, Rule, read_threshold
from bot.services import hold_ends, mandate_texts, presence, proposal_texts, voices
from bot.services.proposal_counting import stand
from bot.services.proposal_rounds import begin_round, end_native, set_end
from bot.services.speech import say
from bot.store import ids, mandates, pods, proposals, rooms, timers
from bot.store.database import Tx
from bot.text import Text


async def begin(tx: Tx, now: datetime, proposal: Proposal) -> None:
    """Begin a round: every pod is asked, and nothing is said yet."""
    await set_end(tx, proposal)
    await presence.note(tx, now, proposal)
    for each in await mandates.of(tx, proposal.id):
        await _drop_mirror(tx, now, each)
        remit = Remit.read((await pods.settings(tx, each.pod_room_id)).remit)
        blank = Mandate(each.pod_room_id, each.name, remit=remit)
        await mandates.keep_pair(tx, proposal.id, each.pod_room_id, None)
        await ask(tx, now, proposal, blank, proposal.closes_at - BEFORE_THE_END)


async def sleeping(tx: Tx, proposal: Proposal) -> Text | None:
    """Name the pods of a proposal that are dormant, if there are any."""
    found = await mandates.of(tx, proposal.id) if proposal.of_pods else []
    return mandate_texts.dormant([each.name for each in found if each.dormant])


async def ask_silent(tx: Tx, now: datetime, proposal: Proposal) -> Text | None:
    """Ask the pods again that have said nothing when a round is extended; returns which pods are missing, if any."""
    found = await voices.of_pods(tx, proposal)
    silent = [each for each in found if each.stance is None]
    for each in silent:
        await _drop_mirror(tx, now, each)
        await ask(tx, now, proposal, each, proposal.closes_at - LAST_BEFORE_THE_END)
    return mandate_texts.missing(silent, [each for each in found if each.is_on_hold])


async def ask(tx: Tx, now: datetime, parent: Proposal, mandate: Mandate, closes_at: datetime) -> Proposal:
    """Put a proposal of the assembly to a pod."""
    settings = await pods.settings(tx, mandate.pod_room_id)
    members = await rooms.voices(tx, mandate.pod_room_id)
    entitled = frozenset(
        member.user_id for member in members if now - member.since >= parent.class_.member_for
    )
    threshold = read_threshold(settings.threshold, FEWEST_FOR_ALL_BUT_ONE)
    if threshold.missing and len(entitled) < FEWEST_FOR_ALL_BUT_ONE:
        threshold = CONSENSUS
    mirror = Proposal(
        await ids.next_id(tx, POLL),
        mandate.pod_room_id,
        parent.author,
        parent.text,
        Rule(threshold, POD.rule.quorum, Against(settings.of)),
        now,
        now,
        closes_at,
        parent=parent.id,
    )
    await proposals.add(tx, mirror, entitled)
    await mandates.save(tx, parent.id, replace(mandate, mirror_id=mirror.id))
    if entitled:
        await begin_round(tx, now, mirror)
    else:  # there is nobody to tap anything
        await set_end(tx, mirror)
    home = await pods.find_assembly(tx, parent.room_id)
    text = mandate_texts.asked(
        mirror, parent, home.name if home else "", mandate, len(entitled), len(members), settings.zone, now
    )
    await say(tx, now, mirror.room_id, text, about=mirror.id, aloud=True)
    return mirror


async def _drop_mirror(tx: Tx, now: datetime, mandate: Mandate) -> None:
    """End the deciding of a pod without a word: it is asked anew, or has left."""
    mirror = await proposals.find(tx, mandate.mirror_id) if mandate.mirror_id else None
    if mirror is None or mirror.state.is_over:
        return
    await timers.drop(tx, f"proposal.{mirror.id}")
    await end_native(tx, now, mirror)
    await proposals.save(tx, replace(mirror, state=State.WITHDRAWN))
    await proposals.erase(tx, mirror.id)


async def drop_mirrors(tx: Tx, now: datetime, proposal: Proposal) -> None:
    """End all deciding in the pods: the proposal is over."""
    for each in await mandates.of(tx, proposal.id):
        await _drop_mirror(tx, now, each)


async def pod_left(tx: Tx, now: datetime, assembly_room_id: str, pod_room_id: str) -> None:
    """Let a pod that left the assembly drop out, and say the number that is needed now."""
    for proposal in await proposals.open_in(tx, assembly_room_id):
        mandate = next(
            (each for each in await mandates.of(tx, proposal.id) if each.pod_room_id == pod_room_id), None
        )
        if mandate is None:
            continue
        await _drop_mirror(tx, now, mandate)
        await mandates.drop(tx, proposal.id, pod_room_id)
        await hold_ends.end(tx, now, proposal, pod_room_id, Text("{pod} left.", pod=mandate.name))
        standing = await stand(tx, proposal)
        left = replace(proposal, tally=standing.tally)
        text = Text(
            "{pod} left, and has no voice in {id} any more. {needed}",
            pod=mandate.name,
            id=proposal.id,
            needed=proposal_texts.needed(left, len(standing.voices)),
        )
        await say(tx, now, assembly_room_id, text, about=proposal.id)
        if proposal.state is State.BLOCKED and not standing.blocks:
            await settle_soon(tx, now, proposal)


async def settle_soon(tx: Tx, now: datetime, proposal: Proposal) -> None:
    """Have it looked at, at once, whether a pod still blocks."""
    await timers.put(tx, "proposal.settle", f"proposal.{proposal.id}.settle", now, id=proposal.id)


async def lines(tx: Tx, proposal: Proposal, *, named: bool = False) -> list[Text]:
    """Say of each pod what it says, and by which sum.

    Args:
        tx: The open transaction.
        proposal: Of an assembly.
        named: Whether it is said in the assembly only, where spokes said what they said: then they are named.
    """
    found = await voices.of_pods(tx, proposal)
    people = {
        said.user_id: await rooms.person(tx, proposal.room_id, said.user_id)
        for each in found
        for said in each.said
        if named
    }
    return [mandate_texts.line(each, people) for each in found]


async def tell_pods(tx: Tx, now: datetime, proposal: Proposal, text: Text) -> None:
    """Say what came of a proposal in every pod that had a voice."""
    for each in await mandates.of(tx, proposal.id):
        await say(tx, now, each.pod_room_id, text, aloud=True)
