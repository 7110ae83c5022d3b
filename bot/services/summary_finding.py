"""Finding a summary: a room knows its own, and what was sent to it, and nothing else."""

from __future__ import annotations

from bot.domain.errors import Conflict, NotFound
from bot.domain.ids import SUMMARY
from bot.domain.pods import Room
from bot.domain.summaries import Summary
from bot.domain.values import Code
from bot.ports import Said
from bot.store import deliveries, digests, summaries
from bot.store.database import Tx


async def find(tx: Tx, room: Room, summary_id: str) -> Summary:
    """Return a summary that a room may know of: its own, or one that was sent to it.

    Raises:
        NotFound: There is none.
    """
    summary = await summaries.find(tx, summary_id)
    if summary is None or (
        summary.room_id != room.room_id
        and not await deliveries.was_delivered_to(tx, summary_id, room.room_id)
    ):
        raise NotFound(
            "There is no summary {id} in this room. {show} lists the drafts.",
            id=summary_id,
            show=Code("!summary"),
        )
    return summary


async def own(tx: Tx, room: Room, summary_id: str) -> Summary:
    """Return a summary drafted in a room.

    Raises:
        NotFound: There is none.
        Conflict: It was sent here by others.
    """
    summary = await find(tx, room, summary_id)
    if summary.room_id != room.room_id:
        raise Conflict(
            "{id} came here from {pod}; only they decide on it.", id=summary.id, pod=summary.terms.signed_by
        )
    return summary


async def came_from_elsewhere(tx: Tx, room: Room, summary_id: str) -> bool:
    """Tell whether a summary was sent to this room by another."""
    summary = await summaries.find(tx, summary_id)
    return summary is not None and summary.room_id != room.room_id


async def spoken_of(tx: Tx, room: Room, said: Said, about: str | None) -> str | None:
    """Return the summary that a reply speaks of: of a digest, which holds several, the first.

    Args:
        tx: The open transaction.
        room: Where.
        said: The reply.
        about: What the message it replies to is about, as far as that is one thing.
    """
    if about is None and said.reply_to is not None:
        return await digests.source_of(tx, room.room_id, said.reply_to)
    return about if about is not None and about.startswith(SUMMARY) else None
