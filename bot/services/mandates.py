"""Mandates: a proposal of an assembly is put to every pod, decided there, and what the pod says is carried back.

Rule: nobody speaks for a pod but the pod. What its own rule carries is its one voice, and only what was decided before
the assembly's end counts.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.classes import BINDING, POD
from bot.domain.errors import Conflict, NotAllowed, UsageError
from bot.domain.ids import POLL
from bot.domain.mandates import BEFORE_THE_END, LAST_BEFORE_THE_END, MEMBER_FOR, Mandate, carried
from bot.domain.pods import Room, Settings
from bot.domain.polls import brief, tidy
from bot.domain.proposals import (
    ERASED_AFTER,
    OPEN_AT_LEAST,
    Proposal,
    State,
    check_count,
    check_text,
    extension,
)
from bot.domain.thresholds import CONSENSUS, FEWEST_FOR_ALL_BUT_ONE, Rule, read_threshold
from bot.domain.values import Code, Person, When
from bot.services import mandate_texts, proposal_results, proposal_texts
from bot.services.deadlines import deadline, hours_later
from bot.services.pairs import is_spoke
from bot.services.proposal_counting import Standing, stand
from bot.services.proposal_rounds import begin_round, end_native, set_end
from bot.services.speech import say
from bot.store import ids, mandates, pods, proposals, rooms, steps, timers
from bot.store.database import Tx
from bot.text import Text


async def open_binding(
    tx: Tx, now: datetime, room: Room, settings: Settings, sender: Person, text: str, *, closes: str
) -> None:
    """Open a proposal that binds every pod, and put it to each.

    Args:
        tx: The open transaction.
        now: The moment.
        room: The assembly.
        settings: Its settings.
        sender: Who proposes: a spoke.
        text: As typed.
        closes: The end as typed; empty for 7 days.

    Raises:
        NotAllowed: The sender is no spoke.
        UsageError: It cannot be proposed like this.
        Conflict: There are too few pods, or too many open proposals.
    """
    if not await is_spoke(tx, room, sender.user_id):
        raise NotAllowed(
            "What binds every pod is proposed by a spoke. {show} shows who they are.", show=Code("!assembly")
        )
    words = check_text(text)
    found = await pods.pods_of(tx, room.room_id)
    if len(found) < BINDING.fewest:
        raise Conflict("There is {n} pod here; something that binds pods needs at least two.", n=len(found))
    check_count(await proposals.open_in(tx, room.room_id), sender.user_id)
    closes_at = deadline(
        closes,
        now,
        settings.zone,
        f"!propose {brief(tidy(words))} | class=binding",
        BINDING.open_at_least,
        BINDING.open_for,
    )
    proposal = Proposal(
        await ids.next_id(tx, POLL),
        room.room_id,
        sender.user_id,
        words,
        BINDING.rule,
        now,
        now,
        closes_at,
        class_=BINDING,
    )
    await proposals.add(tx, proposal, ())
    await mandates.add(tx, proposal.id, found)
    await steps.record(tx, room.room_id, sender.user_id, now, "proposal.open", id=proposal.id)
    await begin(tx, now, proposal)
    opened = proposal_texts.opened(proposal, sender, len(found), settings.zone, now)
    await say(tx, now, room.room_id, opened, about=proposal.id, aloud=True)


async def begin(tx: Tx, now: datetime, proposal: Proposal) -> None:
    """Begin a round: every pod is asked, and nothing is said yet."""
    await set_end(tx, proposal)
    for each in await mandates.of(tx, proposal.id):
        await _drop_mirror(tx, now, each)
        blank = Mandate(each.pod_room_id, each.name)
        await _ask(tx, now, proposal, blank, proposal.closes_at - BEFORE_THE_END)


async def ask_silent(tx: Tx, now: datetime, proposal: Proposal) -> list[str]:
    """Ask the pods again that have said nothing when a round is extended; returns their names."""
    silent = [each for each in await mandates.of(tx, proposal.id) if each.stance is None]
    for each in silent:
        await _drop_mirror(tx, now, each)
        await _ask(tx, now, proposal, each, proposal.closes_at - LAST_BEFORE_THE_END)
    return [each.name for each in silent]


async def _ask(tx: Tx, now: datetime, parent: Proposal, mandate: Mandate, closes_at: datetime) -> Proposal:
    """Put a proposal of the assembly to a pod."""
    settings = await pods.settings(tx, mandate.pod_room_id)
    members = await rooms.voices(tx, mandate.pod_room_id)
    voices = frozenset(member.user_id for member in members if now - member.since >= MEMBER_FOR)
    threshold = read_threshold(settings.threshold, FEWEST_FOR_ALL_BUT_ONE)
    if threshold.missing and len(voices) < FEWEST_FOR_ALL_BUT_ONE:
        threshold = CONSENSUS
    mirror = Proposal(
        await ids.next_id(tx, POLL),
        mandate.pod_room_id,
        parent.author,
        parent.text,
        Rule(threshold, POD.rule.quorum),
        now,
        now,
        closes_at,
        parent=parent.id,
    )
    await proposals.add(tx, mirror, voices)
    await mandates.save(tx, parent.id, replace(mandate, mirror_id=mirror.id))
    await begin_round(tx, now, mirror)
    home = await pods.find_assembly(tx, parent.room_id)
    text = mandate_texts.asked(
        mirror, parent, home.name if home else "", mandate.name, len(voices), len(members), settings.zone, now
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


# -- what a pod says ---------------------------------------------------------------------------------


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
        zone = (await pods.settings(tx, mirror.room_id)).zone
        text = proposal_results.extended(more, standing.count, zone, now, late)
        await say(tx, now, mirror.room_id, text, about=mirror.id, aloud=True)
        return
    await _carry(tx, now, mirror, parent, standing, late)


async def correct(tx: Tx, now: datetime, mirror: Proposal, standing: Standing) -> None:
    """Carry what a pod says anew, because something sent in time was read late."""
    parent = await proposals.find(tx, mirror.parent or "")
    mandate = await mandates.of_mirror(tx, mirror.id)
    if parent is None or mandate is None or mandate.stance == carried(mirror.rule, standing.count):
        await proposals.save(tx, replace(mirror, count=standing.count))
        return
    remark = Text("Corrected: something sent before the end reached me, or could be read, only after it.")
    await _carry(tx, now, mirror, parent, standing, remark)
    if parent.count is not None:
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
    mandate = await mandates.of_mirror(tx, mirror.id)
    # an earlier word of the pod stands where it agrees on nothing else
    takes = (
        mandate is not None
        and (said is not None or mirror.count is not None)
        and not _too_late(parent, ended_at)
    )
    if mandate is not None and takes:
        counted = standing.count if said else None
        mandate = replace(mandate, stance=said, count=counted, decided_at=ended_at if said else None)
        await mandates.save(tx, parent.id, mandate)
        if parent.state is State.BLOCKED:
            await _settle_soon(tx, now, parent)
    name = mandate.name if mandate else ""
    text = mandate_texts.said(
        over,
        parent,
        name,
        said,
        standing.count,
        remark,
        counted=bool(takes),
        renewable=_can_renew(parent, now),
    )
    await say(tx, now, mirror.room_id, text, about=mirror.id, aloud=True)


def _too_late(parent: Proposal, ended_at: datetime) -> bool:
    """Tell whether what a pod says comes after the assembly's end; a block can be let go until it is over."""
    if parent.state is State.BLOCKED:
        return False
    return parent.state is State.WITHDRAWN or ended_at >= parent.end


def _can_renew(parent: Proposal, now: datetime) -> bool:
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
    mandate = next(
        (each for each in await mandates.of(tx, parent.id) if each.pod_room_id == room.room_id), None
    )
    if mandate is None or parent.state.is_over:
        raise Conflict("{id} of the assembly is over.", id=parent.id)
    current = await proposals.find(tx, mandate.mirror_id or "")
    if current is not None and current.is_open:
        raise Conflict("Your pod is deciding it in {id} now.", id=current.id)
    if parent.state is State.BLOCKED and mandate.pod_room_id not in (await stand(tx, parent)).blocks:
        raise Conflict("{id} is blocked, so only a pod that blocks it can say something else.", id=parent.id)
    zone = (await pods.settings(tx, room.room_id)).zone
    closes_at = hours_later(now, POD.open_for, zone)
    if not _can_renew(parent, now):
        raise Conflict(
            "{id} ends {at}; that is too soon to decide anew.", id=parent.id, at=When(parent.closes_at, zone)
        )
    if parent.is_open:
        closes_at = min(closes_at, parent.closes_at - LAST_BEFORE_THE_END)
    await _ask(tx, now, parent, mandate, closes_at)


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
        standing = await stand(tx, proposal)
        text = Text(
            "{pod} left, and has no voice in {id} any more. {needed}",
            pod=mandate.name,
            id=proposal.id,
            needed=proposal_texts.needed(proposal, len(standing.voices)),
        )
        await say(tx, now, assembly_room_id, text, about=proposal.id)
        if proposal.state is State.BLOCKED and not standing.blocks:
            await _settle_soon(tx, now, proposal)


async def _settle_soon(tx: Tx, now: datetime, proposal: Proposal) -> None:
    """Have it looked at, at once, whether a pod still blocks."""
    await timers.put(tx, "proposal.settle", f"proposal.{proposal.id}.settle", now, id=proposal.id)


async def lines(tx: Tx, proposal: Proposal) -> list[Text]:
    """Say of each pod what it says, and by which sum."""
    return [mandate_texts.line(each) for each in await mandates.of(tx, proposal.id)]


async def tell_pods(tx: Tx, now: datetime, proposal: Proposal, text: Text) -> None:
    """Say what came of a proposal in every pod that had a voice."""
    for each in await mandates.of(tx, proposal.id):
        await say(tx, now, each.pod_room_id, text, aloud=True)
