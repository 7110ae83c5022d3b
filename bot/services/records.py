"""The records a pod takes with it when it leaves, as one text file."""

from __future__ import annotations

from datetime import datetime

from bot.domain.pods import Room
from bot.ports import SendFile
from bot.services import decisions, polls, proposal_views, spokes, summaries
from bot.store.database import Tx
from bot.text import Text


async def of_pod(tx: Tx, now: datetime, room: Room, roster: Text) -> SendFile:
    """Return what is kept of a pod: its people, its pair's history, its summaries, polls, decisions and proposals."""
    parts = [
        Text("# Records of {pod}, {date}", pod=room.name or "", date=f"{now:%Y-%m-%d}"),
        roster,
        Text("## Spokes"),
        await spokes.history(tx, room.room_id),
        Text("## Summaries"),
        await summaries.records(tx, room.room_id),
        Text("## Polls"),
        await polls.records(tx, room.room_id),
        Text("## Decisions"),
        await decisions.records(tx, room.room_id, now),
        Text("## Proposals"),
        await proposal_views.records(tx, room.room_id),
    ]
    text = "\n\n".join(str(part) for part in parts)
    name = "".join(letter if letter.isalnum() else "-" for letter in room.name or "pod").strip("-").lower()
    return SendFile(f"{name}-records.txt", text)
