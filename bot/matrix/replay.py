"""Notice words that the server shows a second time as another event.

Rule: a place in a Megolm session is taken once, by the event that was shown first; over restarts too.
"""

from __future__ import annotations

import logging
from datetime import datetime

from nio.events import Event
from vodozemac import MegolmMessage

from bot.store import inbox
from bot.store.database import Tx

log = logging.getLogger(__name__)


async def was_shown(tx: Tx, event: Event) -> bool:
    """Tell whether the words of an event that cannot be read were shown before as another event."""
    place = _place(event)
    return place is not None and await inbox.is_ciphertext_claimed(tx, *place)


async def is_replay(tx: Tx, event: Event, now: datetime) -> bool:
    """Tell whether the server shows words again that it showed before as another event; else they are its own."""
    place = _place(event) if hasattr(event, "encrypted_source") else None
    if place is None:
        return False
    first = await inbox.claim_ciphertext(tx, *place, event.event_id, now)
    if not first:
        log.warning("an event repeats another one's words", extra={"event_id": event.event_id})
    return not first


def _place(event: Event) -> tuple[str, int] | None:
    """Return the megolm session of an encrypted event and its index there, or `None` if it is malformed."""
    source = getattr(event, "encrypted_source", event.source)
    try:
        index = MegolmMessage.from_base64(source["content"]["ciphertext"]).message_index()
    except (KeyError, TypeError, ValueError):
        return None
    return event.session_id or "", index
