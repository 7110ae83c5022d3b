"""Sets, or moves, the next reminder of a proposal or a poll, and takes back what is over.

Rule: there is one timer for each, and one transaction id for each reminder, so none comes twice.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.reminders import moments, upcoming
from bot.store import outbox, timers
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


def txn_of(object_id: str, moment: datetime) -> str:
    """Return the transaction id of the reminder that was due at a moment."""
    return f"remind.{object_id}.{int(moment.timestamp())}"


async def let_go(tx: Tx, object_id: str, begin: datetime, end: datetime) -> None:
    """Take back the reminders of something that is over, also those that wait for a room out of reach."""
    await timers.drop(tx, f"remind.{object_id}")
    for moment in moments(begin, end):
        await outbox.cancel(tx, txn_of(object_id, moment))
