"""Who signs a summary, where it goes, and who may approve it, as things are at this moment.

Rule: what this returns is shown with the words and approved with them; where it has changed meanwhile, the next version
is shown and no ok counts.
"""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from bot.domain.errors import Conflict, UsageError
from bot.domain.pods import Room, RoomKind
from bot.domain.summaries import Summary
from bot.domain.summary_parts import Destination, Kind, Terms
from bot.domain.values import Code
from bot.domain.voices import AssemblyVoices, PodVoices
from bot.services import spokes
from bot.store import deliveries, pods, voices
from bot.store import spokes as seats
from bot.store.database import Tx

Electorate = PodVoices | AssemblyVoices
"""Who may approve, in either kind of room."""


async def of(tx: Tx, room: Room, summary: Summary) -> Terms:
    """Return the terms of a summary: a change of it goes where it went, a question to whom it asks.

    Raises:
        Conflict: There is nowhere to go.
    """
    if summary.out is not None:
        return await of_copies(tx, room, summary)
    if summary.kind is Kind.SUMMARY:
        return replace(await for_all(tx, room), urgent=summary.terms.urgent)
    return await for_one(tx, room, summary.terms.destinations[0].room_id, with_us=summary.kind is Kind.ANSWER)


async def of_copies(tx: Tx, room: Room, summary: Summary) -> Terms:
    """Return the rooms that have a summary or will have it; also where the pod has left the assembly since.

    Raises:
        Conflict: None has.
    """
    signed_by = summary.out.terms.signed_by if summary.out else summary.terms.signed_by
    found = await deliveries.copies(tx, summary.id)
    if not found:
        raise Conflict("{id} reached no room, so there is nothing to change.", id=summary.id)
    return Terms(
        signed_by,
        tuple(Destination(room_id, copy[-1].name) for room_id, copy in found.items()),
        await _zone(tx, room),
        urgent=summary.terms.urgent,
    )


def check_mark(room: Room, words: str, *, urgent: bool) -> None:
    """Check that a room may call a summary urgent.

    Args:
        room: Where it is from.
        words: Those of the summary, for the example in a refusal.
        urgent: Whether it is called so.

    Raises:
        UsageError: One pod alone calls it urgent.
    """
    if urgent and room.kind is not RoomKind.ASSEMBLY:
        raise UsageError(
            "Urgent is what spokes of two pods call so, in the assembly. From here everything goes at once anyway: {example}",
            example=Code(f"!summary {' '.join(words[:60].split()) or 'We can host on Friday.'}"),
        )


async def for_one(tx: Tx, room: Room, other_room_id: str, *, with_us: bool) -> Terms:
    """Return the terms of what goes to one room of the federation.

    Args:
        tx: The open transaction.
        room: Where it is from.
        other_room_id: Where it goes.
        with_us: Whether it is said here too, in the thread that it belongs to.

    Raises:
        Conflict: The two are not in one federation any more.
    """
    here = Destination(room.room_id, room.name or "")
    reachable = (await for_all(tx, room)).destinations
    there = next((item for item in reachable if item.room_id == other_room_id), None)
    if there is None:
        raise Conflict(
            "It would go to a room that is not in the federation of {name} any more.", name=room.name
        )
    return Terms(signature(room), (there, here) if with_us else (there,), await _zone(tx, room))


def signature(room: Room) -> str:
    """Return the name that stands under what a room says."""
    return f"the assembly {room.name}" if room.kind is RoomKind.ASSEMBLY else room.name or ""


async def for_all(tx: Tx, room: Room) -> Terms:
    """Return who signs a summary of a room and where it goes now: an assembly's to its pods, a pod's to its assembly.

    Raises:
        Conflict: There is nowhere to go.
    """
    if room.kind is RoomKind.ASSEMBLY:
        found = await pods.pods_of(tx, room.room_id)
        if not found:
            raise Conflict(
                "{name} has no pods yet, so a summary has nowhere to go. {invite} makes a code for one.",
                name=room.name,
                invite=Code("!assembly invite"),
            )
        return Terms(
            signature(room), tuple(Destination(pod.room_id, pod.name) for pod in found), await _zone(tx, room)
        )
    assembly = await pods.find_assembly(tx, room.assembly_room_id) if room.assembly_room_id else None
    if assembly is None:
        raise Conflict(
            "{name} is in no assembly, so a summary has nowhere to go. {join} asks to enter one.",
            name=room.name,
            join=Code("!pod join CODE"),
        )
    return Terms(signature(room), (Destination(assembly.room_id, assembly.name),), await _zone(tx, room))


async def voices_of(tx: Tx, room: Room) -> Electorate:
    """Return who may approve a summary of a room at this moment."""
    here = await voices.ids(tx, room.room_id)
    if room.kind is RoomKind.POD:
        seated = await seats.seated(tx, room.room_id)
        return PodVoices(room.name or "", frozenset(seat.user_id for seat in seated), here)
    pairs = await spokes.pairs_of(tx, room.room_id)
    names = {pod.room_id: pod.name for pod in await pods.pods_of(tx, room.room_id)}
    return AssemblyVoices(
        {user: frozenset(names[pod] for pod, pair in pairs.items() if user in pair) for user in here}
    )


async def _zone(tx: Tx, room: Room) -> ZoneInfo:
    return (await pods.settings(tx, room.room_id)).zone
