"""Summaries: drafts, approvals, and carrying them between pods and assembly."""

from __future__ import annotations

from bot.store.database import Tx
from bot.text import Text


async def records(tx: Tx, room_id: str) -> Text:
    """List the summaries a pod sent."""
    return Text("No summaries.")
