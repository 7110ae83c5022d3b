"""Keeps count of what people and rooms ask for, and says once when it is too much.

Rule: over the limit nothing is done and one line says so, not one for each command. Votes are the exception: they
are cheap and must not be lost, so they count, without an answer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.limits import COMMANDS_IN_ROOM, COMMANDS_OF_ONE, Exceeded, Limit, counted_at
from bot.domain.values import Person, When
from bot.ports import Event, Said
from bot.services.speech import say
from bot.store import inbox, limits, pods
from bot.store.database import Tx, from_ms
from bot.text import Text

KEPT = timedelta(days=2)
"""How long a window is remembered, counted back from the last sync; the longest is a day."""

_PERSON = (
    "{who}, {most} commands a minute are the most I take from one person. What you typed beyond that was not done. "
    "I take commands from you again {again}. Please send it again then. Votes still count, without an answer."
)
_ROOM = (
    "{most} commands a minute are the most I take in one room, and more came here. What got no answer was not done. "
    "I take commands here again {again}. Please send yours again then. Votes still count, without an answer."
)


async def exceeded(tx: Tx, now: datetime, event: Event) -> Exceeded | None:
    """Return what to say if its sender, or its room, has used up the commands of a minute."""
    at = await _moment(tx, now, event)
    for template, key, limit in _limits_of(event):
        if await limits.taken(tx, key, limit.begins(at)) >= limit.most:
            return Exceeded(template, key=key, until=limit.ends(at), most=limit.most)
    return None


async def count(tx: Tx, now: datetime, event: Event) -> None:
    """Count one command of a person and a room."""
    at = await _moment(tx, now, event)
    for _, key, limit in _limits_of(event):
        await take(tx, now, key, limit, at)


async def take(tx: Tx, now: datetime, key: str, limit: Limit, at: datetime) -> int:
    """Count one more of something; returns how many that makes in its window."""
    number = await limits.take(tx, key, limit.begins(at))
    if number == 1:
        await limits.forget_before(tx, min(await _synced_at(tx) or now, now) - KEPT)
    return number


async def tell(tx: Tx, now: datetime, event: Event, sender: Person, over: Exceeded) -> None:
    """Say that it was too much: once for each window, in each room where it was."""
    if await limits.take(tx, f"told.{over.key}.{event.room_id}", over.until) > 1:
        return
    zone = (await pods.settings(tx, event.room_id)).zone
    again = Text("from {at}", at=When(over.until, zone, now)) if over.until > now else Text("now")
    text = Text(over.template, **over.values, who=sender, again=again)
    thread = event.thread if isinstance(event, Said) else None
    await say(tx, now, event.room_id, text, reply_to=event.event_id, thread=thread)


def _limits_of(event: Event) -> tuple[tuple[str, str, Limit], ...]:
    return (
        (_PERSON, f"commands.{event.sender}", COMMANDS_OF_ONE),
        (_ROOM, f"commands.{event.room_id}", COMMANDS_IN_ROOM),
    )


async def _moment(tx: Tx, now: datetime, event: Event) -> datetime:
    if event.shown_at is not None:
        return event.shown_at
    return counted_at(event.sent_at, await _synced_at(tx) or event.sent_at, now)


async def _synced_at(tx: Tx) -> datetime | None:
    saved = await inbox.load_meta(tx, inbox.SYNCED_AT)
    return from_ms(int(saved)) if saved else None
