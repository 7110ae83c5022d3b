"""Finding proposals: by id, the one that is meant where none is named, those that are open.

Rule: a proposal belongs to one room. An assembly's is also found in the rooms of the pods that have a voice in it.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.answers import sample
from bot.domain.errors import Ambiguous, Conflict, NotFound
from bot.domain.pods import Room
from bot.domain.proposals import (
    Proposal,
)
from bot.domain.values import Code, When
from bot.services import proposal_texts
from bot.store import mandates, pods, polls, proposals
from bot.store.database import Tx


async def find(tx: Tx, room: Room, proposal_id: str) -> Proposal:
    """Return a proposal of this room.

    Raises:
        NotFound: There is no such proposal here.
    """
    proposal = await proposals.find(tx, proposal_id)
    if proposal is None or proposal.room_id != room.room_id:
        other = await polls.find(tx, proposal_id)
        if other is not None and other.room_id == room.room_id and not other.of_pods:
            raise NotFound(
                "{id} is a poll. To answer it, for example: {vote}. {show} shows it.",
                id=proposal_id,
                vote=Code(f"!vote {proposal_id} {sample(other)}"),
                show=Code(f"!poll {proposal_id}"),
            )
        raise NotFound(
            "There is no proposal {id} in this room. {proposals} lists those there are.",
            id=proposal_id,
            proposals=Code("!proposals"),
        )
    return proposal


async def find_shown(tx: Tx, room: Room, proposal_id: str) -> Proposal:
    """Return a proposal of this room, or of the assembly where this room's pod has a voice in it.

    Raises:
        NotFound: There is no such proposal here.
    """
    proposal = await proposals.find(tx, proposal_id)
    asked = await mandates.of(tx, proposal_id)
    if proposal is not None and any(each.pod_room_id == room.room_id for each in asked):
        return proposal
    return await find(tx, room, proposal_id)


async def find_own(tx: Tx, room: Room, proposal_id: str) -> Proposal:
    """Return a proposal of this room; in a pod, the assembly's id means the pod's own part of it.

    Raises:
        NotFound: There is no such proposal here.
    """
    for each in await mandates.of(tx, proposal_id):
        if each.pod_room_id == room.room_id and each.mirror_id is not None:
            return await find(tx, room, each.mirror_id)
    return await find(tx, room, proposal_id)


async def is_one(tx: Tx, object_id: str | None) -> bool:
    """Tell whether an id is that of a proposal: polls share its letter."""
    return object_id is not None and await proposals.find(tx, object_id) is not None


async def only_open(tx: Tx, room: Room, verb: str, rest: str = "") -> Proposal:
    """Return the only open or blocked proposal of a room.

    Args:
        tx: The open transaction.
        room: The room.
        verb: What is to be done to it, such as `agree`.
        rest: What was typed after that.

    Raises:
        NotFound: None is open.
        Ambiguous: Several are.
    """
    found = await proposals.open_in(tx, room.room_id)
    if not found:
        raise NotFound(
            "No proposal is open here. For example: {example}",
            example=Code("!propose We buy a tent for the winter."),
        )
    if len(found) > 1:
        choices = [(proposal_texts.name(each), f"{verb} {each.id} {rest}".strip()) for each in found]
        raise Ambiguous("There are several open proposals. Which one?", choices=choices)
    return found[0]


async def open_here(tx: Tx, room: Room) -> list[Proposal]:
    """Return what is open or blocked in a room."""
    return await proposals.open_in(tx, room.room_id)


def check_own(proposal: Proposal) -> None:
    """Check that a proposal is the room's own: what an assembly asks a pod is changed and taken back there.

    Raises:
        Conflict: It is the pod's part of an assembly's.
    """
    if proposal.parent is not None:
        raise Conflict(
            "{id} is your pod's part of {parent}, a proposal of the assembly.",
            id=proposal.id,
            parent=proposal.parent,
        )


async def check_in_time(tx: Tx, proposal: Proposal, sent_at: datetime) -> None:
    """Check that a round had not ended when something was sent: after a time down it may not be counted yet.

    Raises:
        Conflict: It had.
    """
    if proposal.is_open and sent_at >= proposal.closes_at:
        raise Conflict(
            "{id} ended {at}, before you sent that. I count it in a moment and say what came of it.",
            id=proposal.id,
            at=When(proposal.closes_at, (await pods.settings(tx, proposal.room_id)).zone),
        )
