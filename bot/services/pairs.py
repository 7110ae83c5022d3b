"""Who the spokes are: of a pod, and in an assembly of all its pods."""

from __future__ import annotations

from bot.domain.pods import Room, RoomKind
from bot.domain.rotation import SEATS
from bot.store import pods, rooms, spokes
from bot.store.database import Tx
from bot.text import Text


async def is_spoke(tx: Tx, room: Room, user_id: str) -> bool:
    """Tell whether somebody is a spoke here: of this pod, or in an assembly of any of its pods."""
    if room.kind is RoomKind.ASSEMBLY:
        return any(user_id in pair for pair in (await pairs_of(tx, room.room_id)).values())
    return any(seat.user_id == user_id for seat in await spokes.seated(tx, room.room_id))


async def pairs_of(tx: Tx, assembly_room_id: str) -> dict[str, set[str]]:
    """Return the seated spokes of each pod of an assembly, by the pod's room id."""
    return {
        pod.room_id: {seat.user_id for seat in await spokes.seated(tx, pod.room_id)}
        for pod in await pods.pods_of(tx, assembly_room_id)
    }


async def seats_by_user(tx: Tx, room: Room) -> dict[str, str]:
    """Return the seat of each spoke in a room: `speak` or `note`, in an assembly with the pod's name."""
    if room.kind is RoomKind.POD:
        return {seat.user_id: seat.name for seat in await spokes.seated(tx, room.room_id)}
    found: dict[str, str] = {}
    for pod in await pods.pods_of(tx, room.room_id):
        for seat in await spokes.seated(tx, pod.room_id):
            found[seat.user_id] = f"{pod.name}, {seat.name}"
    return found


async def pair_text(tx: Tx, pod_room_id: str) -> Text:
    """Say who the pair of a pod is; empty seats are named."""
    names = {
        seat.name: await rooms.person(tx, pod_room_id, seat.user_id)
        for seat in await spokes.seated(tx, pod_room_id)
    }
    return Text.enumerated(
        [
            Text("{who} ({seat})", who=names[seat], seat=seat)
            if seat in names
            else Text("{seat} seat empty", seat=seat)
            for seat in SEATS
        ]
    )
