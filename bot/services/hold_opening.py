"""How a spoke pauses the closing of a proposal and asks their pod, and how they let it go.

Rule: the question goes to the spoke's own pod and nowhere else; what the pod answers is decided there as always.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.errors import Conflict, UsageError
from bot.domain.holds import LASTS_AT_MOST, Hold
from bot.domain.mandates import Mandate
from bot.domain.pods import Room
from bot.domain.polls import tidy
from bot.domain.proposals import REASON_LENGTH, Proposal
from bot.domain.values import Code, Person, Verbatim, When
from bot.ports import Event
from bot.services import hold_ends, mandate_texts, pair_voices
from bot.services.mandate_carrying import can_renew
from bot.services.speech import say
from bot.services.stances import refusal
from bot.store import holds, pods, steps
from bot.store.database import Tx
from bot.text import Text

EXAMPLE = "Does this hold for winter too?"


async def hold(
    tx: Tx, now: datetime, proposal: Proposal, sender: Person, event: Event, question: str, pod: str
) -> Text:
    """Pause the closing of a proposal for 72 hours at most, and ask the spoke's pod.

    Raises:
        Conflict: The sender is no spoke of a pod with a voice in it, it is not open, or the pod has held up this version.
        Ambiguous: The sender is a spoke of several pods.
        UsageError: There is no question, or too long a one.
    """
    mandate = await pair_voices.own(tx, proposal, sender, f"hold {proposal.id} {tidy(question)}".strip(), pod)
    words = _check_question(proposal, question)
    if not proposal.is_open:
        raise Conflict(
            "{id} is not open, so nothing is paused. {show} shows how it stands.",
            id=proposal.id,
            show=Code(f"!proposal {proposal.id}"),
        )
    if (refused := await refusal(tx, proposal, event)) is not None:
        raise refused
    until = now + LASTS_AT_MOST
    if not await holds.add(
        tx, proposal, Hold(mandate.pod_room_id, mandate.name, sender.user_id, words, until)
    ):
        raise Conflict(
            "{pod} has held up this version of {id} already; once is all there is. {show} shows how it stands.",
            pod=mandate.name,
            id=proposal.id,
            show=Code(f"!proposal {proposal.id}"),
        )
    changed = await hold_ends.move_end(tx, proposal)
    await steps.record(
        tx, proposal.room_id, sender.user_id, now, "proposal.hold", id=proposal.id, pod=mandate.pod_room_id
    )
    await _ask(tx, now, changed, mandate, sender, words, until)
    zone = (await pods.settings(tx, proposal.room_id)).zone
    return Text(
        "{who} asks {pod} before {id} closes. It waits until {until} at the latest, or until {pod} answers. {closes} {off} lets"
        " it go.",
        who=sender,
        pod=mandate.name,
        id=proposal.id,
        until=When(until, zone, now),
        closes=await hold_ends.closes(tx, now, changed),
        off=Code(f"hold off {proposal.id}"),
    )


def _check_question(proposal: Proposal, question: str) -> str:
    words = tidy(question)
    if not any(letter.isalnum() for letter in words) or len(words) > REASON_LENGTH:
        raise UsageError(
            "Ask your pod something, in at most {most} characters. For example: {example}",
            most=REASON_LENGTH,
            example=Code(f"hold {proposal.id} {EXAMPLE}"),
        )
    return words


async def _ask(
    tx: Tx, now: datetime, proposal: Proposal, mandate: Mandate, sender: Person, words: str, until: datetime
) -> None:
    zone = (await pods.settings(tx, mandate.pod_room_id)).zone
    text = Text.lines(
        [
            Text(
                "{who}, your spoke, asks you before {id} of the assembly closes:", who=sender, id=proposal.id
            ),
            Text("{question}", question=Verbatim(words)),
            Text("You decided {decided}.", decided=mandate_texts.decided(mandate))
            if mandate.stance
            else Text("You have decided nothing about it yet."),
            Text("To decide anew: {renew}", renew=Code(f"!renew {mandate.mirror_id}"))
            if mandate.decided_at and can_renew(proposal, now)
            else None,
            Text(
                "The assembly waits for you until {until}. If nothing changes, one of your spokes types {off}.",
                until=When(until, zone, now),
                off=Code(f"hold off {mandate.mirror_id}"),
            ),
        ]
    )
    await say(tx, now, mandate.pod_room_id, text, about=mandate.mirror_id, aloud=True)


async def let_go(tx: Tx, now: datetime, proposal: Proposal, sender: Person, pod: str) -> None:
    """End the hold of the pod that somebody is a spoke of; it is said in the assembly.

    Raises:
        Conflict: The sender is no spoke of a pod with a voice in it, or its pod is not asked.
        Ambiguous: The sender is a spoke of several pods.
    """
    mandate = await pair_voices.own(tx, proposal, sender, f"hold off {proposal.id}", pod)
    if not proposal.is_open or await hold_ends.current(tx, now, proposal, mandate.pod_room_id) is None:
        raise Conflict("{pod} does not hold up {id}.", pod=mandate.name, id=proposal.id)
    await hold_ends.end(
        tx,
        now,
        proposal,
        mandate.pod_room_id,
        Text("{who} lets the hold of {pod} go.", who=sender, pod=mandate.name),
    )


async def let_go_at_home(
    tx: Tx, now: datetime, room: Room, sender: Person, event: Event, mirror: Proposal
) -> Text:
    """End the hold of a pod in its own room, or let what its spokes say count again; returns what is now true.

    Raises:
        Conflict: There is neither, or others have to do it.
    """
    parent, mandate = await pair_voices.open_voice(tx, room, mirror)
    asked = await hold_ends.current(tx, now, parent, room.room_id)
    if asked is None or mandate.objector == sender.user_id:
        return await pair_voices.let_go(tx, now, room, sender, event, mirror)
    if sender.user_id not in mandate.pair:
        raise Conflict(
            "One of your spokes lets it go with {off}. To decide anew: {renew}",
            off=Code(f"hold off {mirror.id}"),
            renew=Code(f"!renew {mirror.id}"),
        )
    await hold_ends.end(tx, now, parent, room.room_id, Text("{pod} has answered.", pod=mandate.name))
    return Text("Your pod has answered; {id} waits for you no more.", id=parent.id)


async def undo(tx: Tx, now: datetime, proposal: Proposal, pod_room_id: str) -> Text:
    """Take a hold back, as if it had never been.

    Raises:
        Conflict: It is over.
    """
    if not proposal.is_open or await hold_ends.current(tx, now, proposal, pod_room_id) is None:
        raise Conflict("The hold on {id} is over already.", id=proposal.id)
    if proposal.planned_at is not None and now >= proposal.planned_at:
        await holds.end(tx, proposal, pod_room_id, now)  # what was said since was counted
    else:
        await holds.drop(tx, proposal, pod_room_id)
    changed = await hold_ends.move_end(tx, proposal)
    return Text("Nobody is asked any more. {closes}", closes=await hold_ends.closes(tx, now, changed))
