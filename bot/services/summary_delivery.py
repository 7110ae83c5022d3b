"""Carries an approved summary: a letter to each room, an edit of each copy, or the deletion of all of them.

Rule: each room that was shown gets one row, whose transaction id says what it is (`S4.v2.<room>`); what a room has
already is changed in place, and what has not left yet is taken back rather than followed by its correction.
"""

from __future__ import annotations

from datetime import datetime

from bot.domain.pods import Room
from bot.domain.summaries import Summary
from bot.domain.summary_parts import Destination, Kind
from bot.domain.values import Code
from bot.ports import Edit, Redact, Say
from bot.services import summary_files
from bot.services import summary_words as wording
from bot.store import deliveries, outbox, pods, seen, summaries, timers
from bot.store.database import Tx
from bot.store.deliveries import Delivery
from bot.text import Text


async def release(tx: Tx, now: datetime, room: Room, summary: Summary) -> Text:
    """Send an approved summary and say so in the room it comes from."""
    await stop_timers(tx, summary)
    await send(tx, now, summary)
    return Text(
        "{id} is approved by {who} and is deleted in {rooms} now. {status} shows how far it is."
        if summary.retracting
        else "{id} is approved by {who} and goes to {rooms} now. {status} shows how far it is.",
        id=summary.id,
        who=await wording.approvers(tx, room, summary),
        rooms=wording.names(summary.terms.destinations),
        status=Code(f"!summary status {summary.id}"),
    )


async def send(tx: Tx, now: datetime, summary: Summary) -> None:
    """Queue what was approved for every room that was shown, each once."""
    copies = await deliveries.copies(tx, summary.id)
    await seen.stop_watching(tx, summary.id)
    for destination in summary.terms.destinations:
        kept = [copy for copy in copies.get(destination.room_id, []) if not await _taken_back(tx, copy)]
        if summary.retracting:
            await _retract(tx, now, summary, destination, kept)
        else:
            await _deliver(tx, now, summary, destination, kept)
    if summary.retracting:
        await summary_files.delete_previews(tx, now, summary)


async def _taken_back(tx: Tx, copy: Delivery) -> bool:
    return copy.state == "waiting" and await outbox.cancel(tx, copy.txn_id)


async def _deliver(
    tx: Tx, now: datetime, summary: Summary, destination: Destination, kept: list[Delivery]
) -> None:
    room_id = destination.room_id
    txn_id = f"{summary.id}.v{summary.version}.{room_id}"
    markdown = wording.letter(summary).render((await pods.settings(tx, room_id)).language)
    thread = await thread_in(tx, summary, room_id)
    edited = kept[0].edits or kept[0].txn_id if kept and kept[0].is_reachable else None
    message = Edit(edited, markdown, aloud=True) if edited else Say(markdown, (), None, thread, aloud=True)
    await deliveries.add(tx, summary, room_id, txn_id, edits=edited)
    await seen.watch(tx, summary.id, summary.version, room_id, thread)
    await outbox.queue(tx, now, room_id, message, about=summary.id, txn_id=txn_id)
    await summary_files.send(tx, now, summary, room_id, thread, with_letter=edited is None)


async def _retract(
    tx: Tx, now: datetime, summary: Summary, destination: Destination, kept: list[Delivery]
) -> None:
    """Delete the message, its file and all its edits, which an app keeps beside it, and say so in one line."""
    room_id = destination.room_id
    await summary_files.send(tx, now, summary, room_id, None, with_letter=False)
    if not kept:
        return  # it never left
    txn_id = f"{summary.id}.v{summary.version}.{room_id}"
    for copy in kept:
        if copy.is_reachable:
            await outbox.queue(tx, now, room_id, Redact(copy.txn_id), txn_id=f"{copy.txn_id}.deleted")
    await deliveries.add(tx, summary, room_id, txn_id)
    line = wording.letter(summary).render((await pods.settings(tx, room_id)).language)
    thread = await thread_in(tx, summary, room_id)
    await outbox.queue(tx, now, room_id, Say(line, (), None, thread), about=summary.id, txn_id=txn_id)


async def thread_in(tx: Tx, summary: Summary, room_id: str) -> str | None:
    """Return the root of the thread that an answer belongs to in a room: its question there."""
    if summary.kind is not Kind.ANSWER or summary.answers is None:
        return None
    return await summaries.thread_root(tx, summary.answers, room_id)


async def stop_timers(tx: Tx, summary: Summary) -> None:
    """Let neither its time for oks nor its time for objections run."""
    await timers.drop(tx, f"summary.{summary.id}")
    await timers.drop(tx, f"summary.release.{summary.id}")
