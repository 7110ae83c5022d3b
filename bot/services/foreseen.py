"""Whose turn has moved: what people could expect before a step is compared with what they can expect after it.

Rule: exactly those whose turn moved are told, once, and not in the pod's quiet hours.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from bot.domain.forecast import Likely, first_turns, foresee, moved
from bot.domain.pods import Settings
from bot.domain.rhythm import Rhythm
from bot.domain.rotation import is_agreed
from bot.domain.values import Code, When
from bot.services.line import tagged
from bot.services.quiet import until_morning
from bot.services.rhythm import rhythm_of
from bot.services.speech import say
from bot.store import absences, pods, rooms, rounds, spokes, timers
from bot.store.database import Tx
from bot.text import Text

AHEAD = 4
"""How many handovers `!spokes next` shows (behaviour.md, section 2)."""
LOOKED_AT = 40
"""Handovers that are looked at beyond those: in a crowd of hundreds the work would grow with its square."""

Turns = dict[str, tuple[int, datetime]]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What people can expect: their first turn, by the seed the next draw has."""

    seed_event: str
    turns: Turns


async def likely(
    tx: Tx, pod_room_id: str, rhythm: Rhythm, count: int, seed_event: str | None = None
) -> list[Likely]:
    """Return the handovers to come, those who are being asked now counted as if they had accepted.

    Args:
        tx: The open transaction.
        pod_room_id: The pod; its first pair was drawn.
        rhythm: When its handovers come.
        count: How many.
        seed_event: The last message that changed the pair, where it is to be another one than today's.
    """
    rotation = await spokes.rotation(tx, pod_room_id)
    assert rotation is not None  # noqa: S101 - the caller knows that a pair was drawn
    pair = await spokes.pair(tx, pod_room_id)
    away = await absences.of_pod(tx, pod_room_id)
    counted = {record.user_id: record for record in await spokes.records(tx, pod_room_id)}
    # who is away until a day is counted on from then
    for record in await spokes.records_of(tx, pod_room_id, {item.user_id for item in away}):
        back = [item.ends_at for item in away if item.user_id == record.user_id]
        if record.user_id not in counted and None not in back:
            latest = max(at for at in back if at is not None)
            counted[record.user_id] = replace(record, since=latest, drawn_from=max(latest, record.drawn_from))
    for ask in await rounds.pending(tx, pod_room_id):
        pair = pair.with_(ask.seat, ask.user_id)
        if ask.user_id in counted:
            taken = counted[ask.user_id]
            counted[ask.user_id] = replace(
                taken, turns=taken.turns + 1, last_turn_at=None, volunteered_at=None
            )
    stays = is_agreed(await spokes.pair(tx, pod_room_id), await absences.stays(tx, pod_room_id))
    dates = [rhythm.after(rotation.next_at) if stays else rotation.next_at]
    while len(dates) < count:
        dates.append(rhythm.after(dates[-1]))
    return foresee(
        pair,
        list(counted.values()),
        dates,
        seed_event or rotation.last_event,
        away,
        await tagged(tx, pod_room_id),
    )


async def look(tx: Tx, pod_room_id: str, rhythm: Rhythm, seed_event: str | None = None) -> Foreseen | None:
    """Return what people can expect now, or `None` before the first draw."""
    rotation = await spokes.rotation(tx, pod_room_id)
    if rotation is None:
        return None
    seed = seed_event or rotation.last_event
    # far enough that everybody has a turn in it, where a pod has the size of one
    count = AHEAD + min(len(await spokes.records(tx, pod_room_id)), LOOKED_AT) + 1
    return Foreseen(seed, first_turns(await likely(tx, pod_room_id, rhythm, count, seed), count))


async def tell_moved(
    tx: Tx, now: datetime, pod_room_id: str, rhythm: Rhythm, before: Foreseen, known: Collection[str]
) -> None:
    """Tell those whose turn has moved.

    Args:
        tx: The open transaction.
        now: The moment.
        pod_room_id: The pod.
        rhythm: When its handovers come.
        before: What people could expect before.
        known: Who hears of it in another way: by being asked, or because it is their own step.
    """
    rotation = await spokes.rotation(tx, pod_room_id)
    after = await look(tx, pod_room_id, rhythm, before.seed_event)
    # a handover that is overdue comes in a moment, and moves them all again
    if rotation is None or after is None or rotation.next_at <= now:
        return
    seated = {
        *(await spokes.pair(tx, pod_room_id)).people,
        *(ask.user_id for ask in await rounds.pending(tx, pod_room_id)),
    }
    voices = {member.user_id for member in await rooms.voices(tx, pod_room_id)}
    out = {item.user_id for item in await absences.of_pod(tx, pod_room_id) if item.ends_at is None}
    news = {
        user_id: at
        for user_id, at in moved(before.turns, after.turns, AHEAD).items()
        if user_id in voices - out and user_id not in known and (at is not None or user_id not in seated)
    }
    if not news:
        return
    settings = await pods.settings(tx, pod_room_id)
    wake = settings.quiet_hours.wake(now, settings.zone)
    if wake == now:
        await _tell(tx, now, pod_room_id, settings, news)
        return
    key = f"spokes.moved.{rotation.id}"
    waiting = await timers.find(tx, key)
    people = {**(waiting.payload["people"] if waiting else {})}
    for user_id in news:
        # what they last heard is what counts in the morning, whatever happens in the night
        was = before.turns.get(user_id)
        people.setdefault(user_id, was[1].isoformat() if was else None)
    await timers.put(tx, "spokes.moved", key, wake, rotation=rotation.id, people=people)


async def tell_waiting(tx: Tx, now: datetime, _due: datetime, payload: dict[str, Any]) -> None:
    """Tell in the morning whose turn has moved in the night, as it is now."""
    rotation = await spokes.rotation_by_id(tx, payload["rotation"])
    pod = await pods.find_pod(tx, rotation.pod_room_id) if rotation is not None else None
    if pod is None:
        return
    if await until_morning(
        tx, now, pod.room_id, "spokes.moved", f"spokes.moved.{payload['rotation']}", payload
    ):
        return
    settings = await pods.settings(tx, pod.room_id)
    found = await look(tx, pod.room_id, await rhythm_of(tx, pod, settings))
    turns = found.turns if found else {}
    voices = {member.user_id for member in await rooms.voices(tx, pod.room_id)}
    now_ = {user_id: turns[user_id][1] if user_id in turns else None for user_id in payload["people"]}
    news = {
        user_id: at
        for user_id, at in now_.items()
        if user_id in voices and (at.isoformat() if at else None) != payload["people"][user_id]
    }
    if news:
        await _tell(tx, now, pod.room_id, settings, news)


async def _tell(
    tx: Tx, now: datetime, pod_room_id: str, settings: Settings, news: dict[str, datetime | None]
) -> None:
    lines = []
    for user_id, at in sorted(news.items(), key=lambda item: (item[1] is None, item[1], item[0])):
        who = (await rooms.person(tx, pod_room_id, user_id)).mentioned()
        lines.append(
            Text("{who}: likely on {at}", who=who, at=When(at, settings.zone, now))
            if at is not None
            else Text("{who}: not among the handovers to come", who=who)
        )
    text = Text(
        "This moves turns:\n{lines}\n\n{next} shows them all.",
        lines=Text.listed(lines),
        next=Code("!spokes next"),
    )
    await say(tx, now, pod_room_id, text)
