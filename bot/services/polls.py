"""Quick polls: opening, voting, closing, telling the result."""

from __future__ import annotations

from datetime import datetime

from bot.store.database import Tx
from bot.text import Text


async def member_joined(tx: Tx, now: datetime, room_id: str, user_id: str) -> None:
    """Tell somebody who joined about open polls: they cannot read what was said before."""


async def records(tx: Tx, room_id: str) -> Text:
    """List the polls of a room with their results."""
    return Text("No polls.")
