"""What the bot begins by itself waits for the end of a pod's quiet hours, also where it comes late."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.store import pods, timers
from bot.store.database import Tx


async def until_morning(
    tx: Tx, now: datetime, room_id: str, kind: str, key: str, payload: dict[str, Any]
) -> bool:
    """Set a timer anew for the end of the quiet hours, if it is in them; tells whether it did."""
    settings = await pods.settings(tx, room_id)
    wake = settings.quiet_hours.wake(now, settings.zone)
    if wake == now:
        return False
    await timers.put(tx, kind, key, wake, **payload)
    return True
