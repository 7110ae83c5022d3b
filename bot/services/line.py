"""The line behind a pod's pair, kept up to date: who is in it, who is away, who may not be drawn now.

Rule: weeks count only while somebody could have been asked, so being away moves nobody forward or back.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.absences import Absence, available, covering, missing
from bot.domain.rotation import NEW_FOR, Record, average
from bot.domain.tags import OFF
from bot.store import absences, pods, rooms, spokes, tags
from bot.store.database import Tx


async def found_line(tx: Tx, now: datetime, pod_room_id: str) -> None:
    """Make everybody who has a voice now a founding member of the line."""
    nothing = average((), now)
    await spokes.enter_line(
        tx,
        pod_room_id,
        [Record(member.user_id, *nothing, now, None, now) for member in await rooms.voices(tx, pod_room_id)],
    )
    await refresh_line(tx, now, pod_room_id)


async def refresh_line(tx: Tx, now: datetime, pod_room_id: str) -> None:
    """Take into the line who has a voice and is here, and out of it who has left or is away."""
    present = {member.user_id: member for member in await rooms.voices(tx, pod_room_id)}
    known = await spokes.line_entries(tx, pod_room_id)
    away = await absences.of_pod(tx, pod_room_id)
    for user_id, (weeks, since) in known.items():
        own = [item for item in away if item.user_id == user_id]
        if user_id not in present:
            if since is not None:
                until, _ = available(weeks, since, [*own, Absence(user_id, now, None)], now)
                await spokes.set_available(tx, pod_room_id, user_id, until, None)
            continue
        weeks_now, since_now = available(weeks, since, own, now)
        if since_now is None and covering(own, user_id, now) is None:
            since_now = now
        if (weeks_now, since_now) != (weeks, since):
            await spokes.set_available(tx, pod_room_id, user_id, weeks_now, since_now)
    staying = await spokes.records(tx, pod_room_id)
    for user_id in present.keys() - known.keys():
        start = average(staying, now)
        drawn_from = present[user_id].since + NEW_FOR
        await spokes.enter_line(tx, pod_room_id, [Record(user_id, *start, now, None, drawn_from)])
    await absences.drop_past(tx, pod_room_id, now)
    await tags.keep_only(tx, pod_room_id, present)


async def tagged(tx: Tx, pod_room_id: str) -> set[str] | None:
    """Return who has the tag of a pod's rule for its pair, or `None` where it has no rule."""
    rule = (await pods.settings(tx, pod_room_id)).pair
    return None if rule == OFF else await tags.having(tx, pod_room_id, rule)


async def outside(
    tx: Tx, now: datetime, pod_room_id: str, following: datetime, handed_over_at: datetime | None
) -> dict[str, str]:
    """Return who is not to be drawn now, with why: `away`, `out` or `recalled`.

    Args:
        tx: The open transaction.
        now: The moment.
        pod_room_id: The pod.
        following: The handover that comes next.
        handed_over_at: When the last one began, if there was one.
    """
    away = await absences.of_pod(tx, pod_room_id)
    found: dict[str, str] = {}
    for turn in await spokes.turns(tx, pod_room_id):
        if (
            turn.end == "recalled"
            and turn.ended_at is not None
            and turn.ended_at >= (handed_over_at or turn.began_at)
        ):
            found[turn.user_id] = "recalled"
    for member in await rooms.voices(tx, pod_room_id):
        absence = missing(away, member.user_id, now, following)
        if absence is not None:
            found[member.user_id] = absence.word
    return found
