"""What waits to be sent, for tests that play the sender."""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime

from bot.store import outbox
from bot.store.database import Tx
from bot.store.outbox import Queued


async def due(tx: Tx, now: datetime, busy: Container[str] = ()) -> list[Queued]:
    """Return the first waiting row of every room that is not busy, if it is due, oldest first."""
    heads = [head for head in await outbox.heads(tx, now) if head.due_at <= now and head.room_id not in busy]
    rows = {row.id: row for row in await outbox.load(tx, [head.id for head in heads])}
    return [rows[head.id] for head in heads]
