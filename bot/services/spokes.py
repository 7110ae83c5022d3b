"""The rotating pairs, as the rest of the program sees them: who they are, and what happens to a pod.

Rule: a pod that never drew a pair has no line, no dates and no timers; people come and go there unnoticed.
"""

from __future__ import annotations

from datetime import datetime

from bot.services.delegation import bring_in_pair, take_out_pair
from bot.services.handovers import move_dates, release_leavers
from bot.services.pairs import is_spoke, pair_text, pairs_of, seats_by_user
from bot.services.rota import history
from bot.services.turnover import Turnover, tell_moved
from bot.store import pods, spokes
from bot.store.database import Tx

__all__ = [
    "change_setting",
    "entered_assembly",
    "history",
    "is_spoke",
    "left_assembly",
    "member_joined",
    "member_left",
    "pair_text",
    "pairs_of",
    "seats_by_user",
]  # fmt: skip


async def member_left(tx: Tx, now: datetime, pod_room_id: str, user_id: str) -> None:
    """Empty the seat of somebody who left the pod's room and ask the next in line.

    Args:
        tx: The open transaction.
        now: The moment.
        pod_room_id: The pod.
        user_id: Who left; whoever left with them is released in the same step.
    """
    await release_leavers(tx, now, pod_room_id)


async def member_joined(tx: Tx, now: datetime, pod_room_id: str, user_id: str) -> None:
    """Take a new member of the pod into the line, at the average of the others."""
    if await spokes.rotation(tx, pod_room_id) is not None:
        await tell_moved(await Turnover.begin(tx, now, pod_room_id))


async def entered_assembly(tx: Tx, now: datetime, pod_room_id: str) -> None:
    """Invite the pair into the room of the assembly that the pod has just entered."""
    pod = await pods.find_pod(tx, pod_room_id)
    if pod is not None:
        await bring_in_pair(tx, now, pod)
        await _follow_assembly(tx, now, pod_room_id)


async def _follow_assembly(tx: Tx, now: datetime, pod_room_id: str) -> None:
    if (await pods.settings(tx, pod_room_id)).follows_assembly:
        await move_dates(tx, now, pod_room_id)


async def left_assembly(tx: Tx, now: datetime, pod_room_id: str) -> None:
    """Take the pair out of the room of the assembly that the pod is about to leave."""
    pod = await pods.find_pod(tx, pod_room_id)
    if pod is not None:
        await take_out_pair(tx, now, pod)


async def change_setting(tx: Tx, now: datetime, room_id: str, key: str, value: str) -> None:
    """Change a setting of a pod or an assembly; whose turn it moves is told."""
    is_drawn = await spokes.rotation(tx, room_id) is not None
    step = await Turnover.begin(tx, now, room_id) if is_drawn else None
    await pods.set_setting(tx, room_id, key, value)
    if await pods.find_assembly(tx, room_id) is not None:
        for pod in await pods.pods_of(tx, room_id):
            await _follow_assembly(tx, now, pod.room_id)
    elif key in ("term", "handover", "timezone", "quiet"):
        await move_dates(tx, now, room_id)
    elif step is not None:
        await tell_moved(step)
