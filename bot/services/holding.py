"""What people send from a device that their identity has not signed: kept, said once, and done when it is signed.

Rule: a server can add a device to one of its users, so such a device commands nothing; and a person's new phone is
such a device for a minute, so nothing it sent is lost.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from bot.domain.limits import Limit
from bot.ports import Event
from bot.services import limits
from bot.services.speech import say
from bot.store import held, identities, rooms, timers
from bot.store.database import Tx
from bot.text import Text

log = logging.getLogger(__name__)

HELD_FOR = timedelta(days=7)
"""A command older than that would surprise everybody."""
HELD_AT_ONCE = 50
"""Events of one person in one room."""
SIGNED_SOON = timedelta(seconds=10)
"""How long the signature of a device that was just added may take to reach us before anything is said."""
TELL_AGAIN = timedelta(days=1)
HELD_TOLD = Limit(1, TELL_AGAIN)


async def hold(tx: Tx, now: datetime, event: Event) -> bool:
    """Note an event that is to be handled once its device is signed; `False` if it is not to be kept."""
    await held.give_up(tx, now - HELD_FOR)
    room_id, user_id = event.room_id, event.sender
    if await held.count(tx, room_id, user_id) >= HELD_AT_ONCE:
        if await limits.take(tx, now, f"held of {user_id} in {room_id}", HELD_TOLD, now) == 1:
            log.warning("too much is held of %s; not kept", user_id, extra={"room_id": room_id})
        return False
    await held.add(tx, event.event_id, room_id, user_id, now)
    told = await held.told_at(tx, room_id, user_id)
    key = f"trust.held.{room_id}.{user_id}"
    if (told is None or now - told >= TELL_AGAIN) and await timers.find(tx, key) is None:
        await timers.put(tx, "trust.held", key, now + SIGNED_SOON, room=room_id, user=user_id)
    return True


async def tell(tx: Tx, now: datetime, due: datetime, payload: dict[str, Any]) -> None:
    """Tell somebody why nothing happened, unless the signature has come meanwhile."""
    room_id, user_id = payload["room"], payload["user"]
    event_id = await held.last(tx, room_id, user_id)
    if event_id is None:
        return
    await held.set_told(tx, room_id, user_id, now)
    who = await rooms.person(tx, room_id, user_id)
    found = await identities.find(tx, user_id)
    if found is not None and found.master is None:
        text = Text(
            "{who}, I take commands here only from verified devices, and nothing vouches for yours yet. In your app's"
            " settings, under encryption or security, set up recovery or cross-signing. Then I do what you"
            " sent; you need not send it again.",
            who=who,
        )
    else:
        text = Text(
            "{who}, you have not verified the app you sent this from, so I have not done it. Verify that app from"
            " one you already use, or with your recovery key. Then I do what you sent; you need not send it again."
            " If it was not you, log that app out.",
            who=who,
        )
    await say(tx, now, room_id, text, reply_to=event_id)
