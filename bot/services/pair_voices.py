"""What spokes say in the assembly: confirmed, not taken, or, where the pod left its pair room, counted.

Rule: no spoke says something else than their pod without the pod hearing it at once, in plain words and without blame. What
counts then is said with it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.domain.errors import Ambiguous, Conflict, UsageError
from bot.domain.mandates import Mandate
from bot.domain.pods import Room
from bot.domain.proposals import Proposal
from bot.domain.remits import FITTING, Remit, as_voice
from bot.domain.stances import Stance, Statement
from bot.domain.values import Code, Person
from bot.ports import Event
from bot.services import mandate_texts, pair_texts, voices
from bot.services.proposals import check_in_time
from bot.services.speech import say
from bot.services.stances import KEPT_OF_ONE, check_seen, correct_later, read_late, refusal
from bot.store import mandates, proposals, rooms, spoken, steps
from bot.store.database import Tx
from bot.text import Text, shorten

TOLD_OF_ONE = 10
"""Stances of one spoke since their pod decided of which the pod hears; who changes their mind more often is seen in the list."""


async def take(
    tx: Tx, now: datetime, proposal: Proposal, sender: Person, event: Event, stance: Stance | None, pod: str
) -> Text:
    """Take, or do not take, what a spoke says; returns what is now true.

    Args:
        tx: The open transaction.
        now: The moment.
        proposal: Of an assembly.
        sender: Who says it.
        event: The message.
        stance: `None` withdraws.
        pod: As typed: for which pod, where somebody is a spoke of several.

    Raises:
        Conflict: The sender is no spoke of a pod with a voice in it, it is too late, or there is nothing to withdraw.
        Ambiguous: The sender is a spoke of several pods.
        UsageError: The pod that is named is none of theirs.
    """
    verb = stance.value if stance else "withdraw"
    mandate = await own(tx, proposal, sender, f"{verb} {proposal.id}", pod)
    if (refused := await refusal(tx, proposal, event)) is not None:
        raise refused
    if stance is not None:
        await check_seen(tx, proposal, event)
    said = Statement(event.event_id, event.sender, event.sent_at, stance, typed=True)
    before = next((each for each in mandate.said if each.user_id == sender.user_id and each.stance), None)
    if stance is None and before is None:
        raise Conflict("You have no stance on {id} that you could withdraw.", id=proposal.id)
    fits = stance is None or _fits(mandate, stance)
    earlier = await _earlier(tx, proposal, mandate, said)
    tells = proposal.is_open and len(earlier) < TOLD_OF_ONE
    await spoken.drop(tx, [each.event_id for each in earlier[:-KEPT_OF_ONE]])
    await spoken.add(tx, proposal, mandate.pod_room_id, said, taken=fits and mandate.stance is not None)
    if fits:
        await steps.record(
            tx, proposal.room_id, said.user_id, now, "proposal.stance", id=proposal.id, pod=mandate.name
        )
    if not fits:
        if tells and [each.stance for each in earlier[-1:]] != [stance]:
            await _tell(tx, now, mandate, pair_texts.not_taken_at_home(proposal, mandate, sender, said))
        return pair_texts.not_taken(proposal, mandate, sender, said)
    if proposal.state.is_over:
        await correct_later(tx, now, proposal)
        return read_late(proposal, sender)
    if mandate.stance is None:
        return pair_texts.view(proposal, mandate, sender, said)
    return await _counted(tx, now, proposal, mandate, sender, said, tells=tells)


async def own(tx: Tx, proposal: Proposal, sender: Person, line: str, pod: str) -> Mandate:
    """Return the voice that somebody is a spoke of.

    Args:
        tx: The open transaction.
        proposal: Of an assembly, or of a pod, where nobody is a spoke.
        sender: The spoke.
        line: What they typed, to which the pod is added.
        pod: As typed: which one, where somebody is a spoke of several.

    Raises:
        Conflict: They are no spoke of a pod with a voice in it.
        Ambiguous: They are a spoke of several.
        UsageError: The pod that is named is none of theirs.
    """
    found = [each for each in await voices.of_pods(tx, proposal) if sender.user_id in each.pair]
    if not found:
        raise Conflict(
            "On {id} the pods decide, each in its own room. Say it in your pod's; what your pod decides is carried here."
            " {show} shows what they say.",
            id=proposal.id,
            show=Code(f"!proposal {proposal.id}"),
        )
    if not pod and len(found) == 1:
        return found[0]
    lines = [(each.name, f"{line} | pod={each.name}") for each in found]
    if not pod:
        raise Ambiguous("You are a spoke of several pods. For which one do you say that?", choices=lines)
    for each in found:
        if each.name.casefold() == " ".join(pod.split()).casefold():
            return each
    raise UsageError(
        "You are no spoke of {typed}. For example: {example}", typed=shorten(pod), example=Code(lines[0][1])
    )


def _fits(mandate: Mandate, stance: Stance) -> bool:
    """Tell whether a stance is what the pod decided, or its remit leaves room for it."""
    if mandate.stance is None:
        return True
    if mandate.is_loose and stance is not Stance.BLOCK:
        return True
    return stance in FITTING[mandate.stance]


async def _earlier(tx: Tx, proposal: Proposal, mandate: Mandate, said: Statement) -> list[Statement]:
    """Return what this spoke said for their pod before, since the pod decided, the first first."""
    return [
        each
        for pod, each, _taken in await spoken.of(tx, proposal)
        if (pod, each.user_id) == (mandate.pod_room_id, said.user_id)
        and (mandate.decided_at is None or each.sent_at >= mandate.decided_at)
    ]


async def _counted(
    tx: Tx,
    now: datetime,
    proposal: Proposal,
    before: Mandate,
    sender: Person,
    said: Statement,
    *,
    tells: bool = True,
) -> Text:
    """Say what a stance that fits makes of the pod's voice, here and, where it is new, to the pod."""
    after = await _find(tx, proposal, before.pod_room_id)
    differs = said.stance is not None and as_voice(said.stance) is not before.stance
    if tells and (differs or after.voice is not before.voice):
        await _tell(tx, now, after, pair_texts.moved_at_home(proposal, after, sender, said))
    return pair_texts.counted(proposal, after, sender, said)


async def _find(tx: Tx, proposal: Proposal, pod_room_id: str) -> Mandate:
    return next(each for each in await voices.of_pods(tx, proposal) if each.pod_room_id == pod_room_id)


async def _tell(tx: Tx, now: datetime, mandate: Mandate, text: Text) -> None:
    await say(tx, now, mandate.pod_room_id, text, about=mandate.mirror_id, aloud=True)


async def deleted(tx: Tx, now: datetime, room: Room, event: Event, event_id: str) -> None:
    """Withdraw what a spoke said in a message that was deleted before the end; no earlier word comes back."""
    found = await spoken.find(tx, event_id)
    if found is None:
        return
    proposal = await proposals.find(tx, found[0])
    if proposal is None or proposal.room_id != room.room_id or found[1] != proposal.round:
        return
    if not proposal.is_open or event.sent_at >= proposal.end:
        return
    before = await _find_any(tx, proposal, found[3])
    await spoken.empty(tx, event_id)
    if before is None or found[2] not in before.said:
        return
    who = await rooms.person(tx, room.room_id, found[2].user_id)
    said = replace(found[2], stance=None)
    if before.stance is not None:
        text = await _counted(tx, now, proposal, before, who, said)
    else:
        text = pair_texts.view(proposal, before, who, said)
    await say(tx, now, room.room_id, text, about=proposal.id)


async def _find_any(tx: Tx, proposal: Proposal, pod_room_id: str) -> Mandate | None:
    found = await voices.of_pods(tx, proposal)
    return next((each for each in found if each.pod_room_id == pod_room_id), None)


# -- what a member of the pod can do about it --------------------------------------------------------


async def hold_back(
    tx: Tx, now: datetime, room: Room, sender: Person, event: Event, mirror: Proposal
) -> Text:
    """Let what the pod decided count, whatever its spokes say: any member with a voice can ask for it.

    Raises:
        Conflict: The pod has decided nothing, its pair has no room, or it is held back already.
    """
    parent, mandate = await open_voice(tx, room, mirror)
    await check_in_time(tx, parent, event.sent_at)
    if mandate.stance is None:
        raise Conflict(
            "Your pod has decided nothing about {parent} yet, so nothing is said for it.", parent=parent.id
        )
    if mandate.objector is not None or not mandate.remit.kind.leaves_room or mandate.stance is Stance.BLOCK:
        raise Conflict(
            "What your pod decided about {parent} counts already: {decided}. To decide it anew: {renew}",
            parent=parent.id,
            decided=mandate_texts.decided(mandate),
            renew=Code(f"!renew {mirror.id}"),
        )
    await mandates.save(tx, parent.id, replace(mandate, objector=sender.user_id))
    await steps.record(tx, room.room_id, sender.user_id, now, "remit.hold", id=mirror.id)
    await _tell_assembly(tx, now, parent, mandate)
    return Text(
        "{who} holds back what your spokes say to {parent}: what you decided counts, {decided}. {off} lets it go again.",
        who=sender,
        parent=parent.id,
        decided=mandate_texts.decided(mandate),
        off=Code(f"hold off {mirror.id}"),
    )


async def let_go(tx: Tx, now: datetime, room: Room, sender: Person, event: Event, mirror: Proposal) -> Text:
    """Let what the spokes say count again: who held it back can.

    Raises:
        Conflict: Nobody, or somebody else, holds it back.
    """
    parent, mandate = await open_voice(tx, room, mirror)
    await check_in_time(tx, parent, event.sent_at)
    if mandate.objector is None:
        raise Conflict("Nobody holds back what your spokes say to {parent}.", parent=parent.id)
    if mandate.objector != sender.user_id:
        raise Conflict(
            "{who} holds it back and can let it go. To decide it anew: {renew}",
            who=await rooms.person(tx, room.room_id, mandate.objector),
            renew=Code(f"!renew {mirror.id}"),
        )
    await mandates.save(tx, parent.id, replace(mandate, objector=None))
    await _tell_assembly(tx, now, parent, mandate)
    return Text(
        "{who} lets it go: what both your spokes say to {parent} counts again.", who=sender, parent=parent.id
    )


def check_loosens(mirror: Proposal, mandate: Mandate, remit: Remit) -> None:
    """Check that room is given to a pair only while its pod is deciding, so that everybody decides knowing it.

    Raises:
        Conflict: The pod has decided.
    """
    if remit.loosens(mandate.remit) and not mirror.is_open:
        raise Conflict(
            "{id} is decided; you decided it knowing the remit {remit}. To give your pair room, decide anew: {renew}",
            id=mirror.id,
            remit=str(mandate.remit),
            renew=Code(f"!renew {mirror.id}"),
        )


async def set_remit(tx: Tx, now: datetime, room: Room, mirror: Proposal, remit: Remit) -> Text:
    """Give a pair another remit for one proposal.

    Raises:
        Conflict: The proposal is over, or room is to be given after the pod has decided.
    """
    parent, mandate = await open_voice(tx, room, mirror)
    check_loosens(mirror, mandate, remit)
    await mandates.save(tx, parent.id, replace(mandate, remit=remit))
    if mandate.stance is not None:
        await _tell_assembly(tx, now, parent, mandate)
    left = mandate_texts.room_left(remit)
    return Text(
        "The remit of your pair for {id} is now {remit}. {left}",
        id=mirror.id,
        remit=str(remit),
        left=left or Text("In the assembly your spokes can confirm what you decide, and say nothing else."),
    )


async def open_voice(tx: Tx, room: Room, mirror: Proposal) -> tuple[Proposal, Mandate]:
    """Return the assembly's proposal and the pod's voice that a proposal of the pod decides.

    Raises:
        Conflict: It is the pod's own, or the assembly's is not open any more.
    """
    parent = await proposals.find(tx, mirror.parent) if mirror.parent else None
    if parent is None:
        raise Conflict(
            "{id} is your pod's own proposal. To stop it: {block}",
            id=mirror.id,
            block=Code(f"block {mirror.id} WHY | ground=harm"),
        )
    mandate = await _find_any(tx, parent, room.room_id)
    if mandate is None or not parent.is_open:
        raise Conflict("{id} of the assembly is not open any more.", id=parent.id)
    return parent, mandate


async def _tell_assembly(tx: Tx, now: datetime, parent: Proposal, before: Mandate) -> None:
    """Say in the assembly what a pod says now, if that is something else than before."""
    after = await _find(tx, parent, before.pod_room_id)
    if after.voice is not before.voice:
        text = pair_texts.now_says(parent, after)
        await say(tx, now, parent.room_id, text, about=parent.id)
