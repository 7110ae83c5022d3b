"""What could not be read is said: after a minute, quietly, by what is known of the cause, and little of it.

Rule: nobody is blamed, and a room is not filled with it: a line for each person and day, and where many are concerned
one line for all. What is kept is read when its key comes, so each line says what sending it again would do.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.domain.pods import Room, RoomKind
from bot.domain.values import Person
from bot.ports import Unread
from bot.services import poll_answers, stances_tapped
from bot.services.deadlines import SKEW
from bot.services.speech import say
from bot.store import inbox, rooms, timers, unread
from bot.store.database import Tx
from bot.text import Text

KEYS_COME_WITHIN = timedelta(minutes=1)
"""How long a key may take before anything is said."""
TELL_AGAIN = timedelta(days=1)
CHOSEN_AGAIN = timedelta(days=30)
"""When somebody is told again whose app was told to leave the bot out: that may be what they want."""
SAID_OF = timedelta(days=7)
"""What was sent longer ago than that is read if it can be, and not spoken of."""
ROOM = ""
"""Who was told, where it was the room as a whole."""
LINES_A_DAY = 3
"""Lines on single people in one room; where more people are concerned, the room is told once instead."""


async def see(tx: Tx, now: datetime, event: Unread) -> None:
    """Note an event that cannot be read yet, or could be read after all."""
    await poll_answers.recount(tx, now, event.room_id, event.sent_at)
    await stances_tapped.recount(tx, now, event.room_id, event.sent_at)
    room = await rooms.find(tx, event.room_id)
    if event.over or room is None or not await _is_served(tx, room):
        return
    key = _timer(room.room_id)
    if await timers.find(tx, key) is None:
        await timers.put(tx, "unread.tell", key, now + KEYS_COME_WITHIN, room=room.room_id)


def _timer(room_id: str) -> str:
    return f"unread.{room_id}"


async def _is_served(tx: Tx, room: Room) -> bool:
    """Tell whether the bot speaks up here: in pods, assemblies and direct chats."""
    if not (room.joined and room.encrypted):
        return False
    return room.kind is not RoomKind.NONE or len(await rooms.members(tx, room.room_id)) == 1


async def tell(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    """Say whose messages still cannot be read, if that was not said lately."""
    room = await rooms.find(tx, payload["room"])
    if room is None or not await _is_served(tx, room):
        return
    told = await unread.told(tx, room.room_id)
    untold = await _untold(tx, now, room, told)
    young = [event.parked_at for event, _ in untold if event.parked_at + KEYS_COME_WITHIN > now]
    if young:
        again = min(young) + KEYS_COME_WITHIN
        await timers.put(tx, "unread.tell", _timer(room.room_id), again, room=room.room_id)
    last = {
        event.sender: (event, code) for event, code in untold if event.parked_at + KEYS_COME_WITHIN <= now
    }
    lately = {user_id for user_id, at in told.items() if now - at < TELL_AGAIN}
    if not last or ROOM in lately:
        return
    if len(lately | last.keys()) > LINES_A_DAY:
        await unread.set_told(tx, room.room_id, [ROOM, *last], now)
        await say(tx, now, room.room_id, _of_many(len(lately | last.keys())))
        return
    await unread.set_told(tx, room.room_id, last, now)
    for user_id, (event, code) in last.items():
        who = await rooms.person(tx, room.room_id, user_id)
        await say(tx, now, room.room_id, _line(who, event, code), reply_to=event.event_id)


async def _untold(
    tx: Tx, now: datetime, room: Room, told: dict[str, datetime]
) -> list[tuple[inbox.Parked, str | None]]:
    """Return what waits in a room and its sender may be told of, in the order it came, each with its code."""
    people = {member.user_id for member in await rooms.members(tx, room.room_id)}
    came = await rooms.came_at(tx, room.room_id)
    # what was said before we came was not said to us
    since = max(now - SAID_OF, came - SKEW) if came else now - SAID_OF
    found = []
    for event in await unread.waiting_in(tx, room.room_id, since):
        before = told.get(event.sender)
        if event.sender not in people or (before is not None and event.parked_at <= before):
            continue
        code = await unread.why_withheld(tx, event)
        again = CHOSEN_AGAIN if code == "m.blacklisted" else TELL_AGAIN
        if before is None or now - before >= again:
            found.append((event, code))
    return found


# -- the lines -------------------------------------------------------------------------------------


def _line(who: Person, event: inbox.Parked, code: str | None) -> Text:
    if event.lacks == "devices":
        return Text(
            "{who}, your server has not told me yet which devices are yours, so I have not taken this. I ask it again"
            " and then do what you sent; you need not send it again.",
            who=who,
        )
    return Text("{cause} {again}", cause=Text(_CAUSES.get(code or "", _NO_KEY), who=who), again=_AGAIN)


_NO_KEY = "{who}, your app had not shared its key with me yet, so I cannot read this. I have asked for it."
_CAUSES = {
    "m.unverified": (
        "{who}, your app excludes this bot because it counts as not verified, so I cannot read this. Verify me in your"
        " app, or ask the person who runs me."
    ),
    "m.no_olm": (
        "{who}, your app could not reach me to share its key, so I cannot read this. It mostly succeeds with the next"
        " message."
    ),
    "m.blacklisted": (
        "{who}, your app is set to leave this bot out, so I cannot read this. If you want it so, all is well; else"
        " change it in your app, in my profile."
    ),
}
_AGAIN = Text(
    "If it was meant for me, send it again later and delete this one: if its key still comes, I do both."
)


def _of_many(people: int) -> Text:
    return Text(
        "I cannot read what {n} members sent: their apps have not shared their keys with me. I keep it and read it if"
        " the keys come. Whoever meant something for me can send it again and delete the first one, or else I may do"
        " both. If it stays like this, ask the person who runs me.",
        n=people,
    )
