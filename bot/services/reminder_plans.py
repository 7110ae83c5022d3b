"""Sets, or moves, the next reminder of a proposal or a poll. Rule: there is one timer for each, so none comes twice."""

from __future__ import annotations

from datetime import datetime

from bot.domain.reminders import upcoming
from bot.store import timers
from bot.store.database import Tx


async def plan(tx: Tx, now: datetime, object_id: str, begin: datetime, end: datetime) -> None:
    """Set the next reminder after now, if there is one.

    Args:
        tx: The open transaction.
        now: The moment; with a reminder just sent, the earliest moment for another.
        object_id: The poll's or the proposal's.
        begin: When it was opened, or its present round began.
        end: When it closes.
    """
    key = f"remind.{object_id}"
    due = upcoming(begin, end, now)
    if due is None:
        await timers.drop(tx, key)
    else:
        await timers.put(tx, "remind", key, due, id=object_id)
