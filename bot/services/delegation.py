"""The way of spokes into the assembly's room and out of it.

Rule: who speaks for a pod is invited at once; who no longer does is removed only after a grace of 7 days, so
that they can hand over there. Where the bot lacks the power it says exactly who is to be invited or removed
by hand. An admin of the assembly's room is never removed from it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.pods import Pod
from bot.domain.rotation import STAYS_FOR
from bot.domain.values import Code
from bot.ports import InviteUser, RemoveUser
from bot.services.pairs import pairs_of
from bot.services.speech import say
from bot.store import departures, outbox, pods, rooms, spokes, timers
from bot.store.database import Tx
from bot.text import Text

_REASON = "Your turn as a spoke is over. Thank you."


async def bring_in(tx: Tx, now: datetime, pod: Pod, user_id: str, turn_id: int | None = None) -> Text | None:
    """Invite a spoke into the assembly's room, unless they are there; returns what to tell the pod.

    Args:
        tx: The open transaction.
        now: The moment.
        pod: The pod they speak for.
        user_id: The spoke.
        turn_id: The turn that has just begun, so that taking it back finds the invitation.
    """
    if pod.assembly_room_id is None:
        return None
    there = await spokes.membership(tx, pod.assembly_room_id, user_id)
    if there in ("join", "invite"):
        return None
    room = await rooms.find(tx, pod.assembly_room_id)
    assembly = await pods.find_assembly(tx, pod.assembly_room_id)
    assert room is not None and assembly is not None  # noqa: S101 - foreign keys keep them
    who = await rooms.person(tx, pod.room_id, user_id)
    if room.can_invite:
        txn_id = _invitation(turn_id) if turn_id is not None else None
        await outbox.queue(tx, now, room.room_id, InviteUser(user_id), txn_id=txn_id)
        return Text(
            "{who} is invited into the room of the assembly {assembly}.", who=who, assembly=assembly.name
        )
    await say(
        tx,
        now,
        room.room_id,
        Text(
            "{who} ({id}) is now a spoke of {pod}. I lack the power to invite people here: "
            "please invite {id} by hand.",
            who=who,
            id=Code(user_id),
            pod=pod.name,
        ),
        aloud=True,
    )
    return Text(
        "I lack the power to invite {who} into the room of the assembly {assembly}; "
        "I have asked there that somebody does it by hand.",
        who=who,
        assembly=assembly.name,
    )


async def take_back_invitation(tx: Tx, now: datetime, pod: Pod, user_id: str, turn_id: int) -> None:
    """Undo the invitation that a turn began with, or remove whom it has let in."""
    invited = await outbox.find(tx, _invitation(turn_id))
    if invited is None or await outbox.cancel(tx, invited.txn_id):
        return
    if pod.assembly_room_id == invited.room_id:
        await _take_out(tx, now, pod, invited.room_id, user_id)


def _invitation(turn_id: int) -> str:
    return f"turn.{turn_id}.invite"


async def let_go(tx: Tx, now: datetime, pod: Pod, user_id: str) -> None:
    """Begin the days of grace of somebody whose turn is over."""
    if pod.assembly_room_id is None:
        return
    departure_id = await departures.add(tx, pod.room_id, pod.assembly_room_id, user_id)
    await timers.put(
        tx, "spokes.depart", f"spokes.depart.{departure_id}", now + STAYS_FOR, departure=departure_id
    )


async def stay(tx: Tx, pod: Pod, user_id: str) -> None:
    """Let somebody stay whose turn goes on after all."""
    for departure in await departures.of_pod(tx, pod.room_id):
        if departure.user_id == user_id:
            await departures.drop(tx, departure.id)
            await timers.drop(tx, f"spokes.depart.{departure.id}")


async def let_go_at_once(tx: Tx, now: datetime, pod: Pod, user_id: str) -> None:
    """Take somebody out of the assembly's room without days of grace, because their pod has recalled them."""
    if pod.assembly_room_id is not None:
        await _take_out(tx, now, pod, pod.assembly_room_id, user_id)


async def depart(tx: Tx, now: datetime, _due: datetime, payload: dict[str, Any]) -> None:
    """End somebody's days of grace; late or not, it is done once."""
    departure = await departures.find(tx, payload["departure"])
    if departure is None:
        return
    await departures.drop(tx, departure.id)
    pod = await pods.find_pod(tx, departure.pod_room_id)
    if pod is not None:
        await _take_out(tx, now, pod, departure.assembly_room_id, departure.user_id)


async def bring_in_pair(tx: Tx, now: datetime, pod: Pod) -> None:
    """Invite a pod's pair into the room of the assembly it has just entered."""
    for seat in await spokes.seated(tx, pod.room_id):
        told = await bring_in(tx, now, pod, seat.user_id)
        if told is not None:
            await say(tx, now, pod.room_id, told)


async def take_out_pair(tx: Tx, now: datetime, pod: Pod) -> None:
    """Take everybody who speaks or spoke for a pod out of the assembly that the pod leaves, without grace."""
    if pod.assembly_room_id is None:
        return
    people = [seat.user_id for seat in await spokes.seated(tx, pod.room_id)]
    for departure in await departures.of_pod(tx, pod.room_id):
        people.append(departure.user_id)
        await departures.drop(tx, departure.id)
        await timers.drop(tx, f"spokes.depart.{departure.id}")
    for user_id in dict.fromkeys(people):
        await _take_out(tx, now, pod, pod.assembly_room_id, user_id, leaving=True)


async def _take_out(
    tx: Tx, now: datetime, pod: Pod, assembly_room_id: str, user_id: str, *, leaving: bool = False
) -> None:
    """Remove somebody from an assembly's room, unless they are still a spoke there."""
    pairs = await pairs_of(tx, assembly_room_id)
    if leaving:
        pairs.pop(pod.room_id, None)
    if any(user_id in pair for pair in pairs.values()):
        return
    if await spokes.membership(tx, assembly_room_id, user_id) not in ("join", "invite"):
        return
    members = await rooms.members(tx, assembly_room_id)
    if any(member.admin for member in members if member.user_id == user_id):
        return
    room = await rooms.find(tx, assembly_room_id)
    if room is not None and room.can_remove:
        await outbox.queue(tx, now, assembly_room_id, RemoveUser(user_id, _REASON))
        return
    await say(
        tx,
        now,
        assembly_room_id,
        Text(
            "{who} ({id}) is no longer a spoke of {pod}. I lack the power to remove people here: "
            "please remove {id} by hand.",
            who=await rooms.person(tx, pod.room_id, user_id),
            id=Code(user_id),
            pod=pod.name,
        ),
        aloud=True,
    )
