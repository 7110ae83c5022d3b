"""Carries an approved summary: a letter to each room, an edit of each copy, or the deletion of all of them.

Rule: each room that was shown gets one row, whose transaction id says what it is (`S4.v2.<room>`); what a room has
already is changed in place, and what has not left yet is taken back rather than followed by its correction. A pod that
takes digests gets its letters there (`digests`).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.domain.pods import Room
from bot.domain.summaries import Summary
from bot.domain.summary_parts import Kind
from bot.domain.values import Code
from bot.ports import Edit, Redact, Say
from bot.services import delivery_words, digests, summary_files
from bot.services import summary_words as wording
from bot.store import deliveries, outbox, pods, seen, summaries, timers
from bot.store import digests as collected
from bot.store.database import Tx
from bot.store.deliveries import Delivery
from bot.text import Text


async def release(tx: Tx, now: datetime, room: Room, summary: Summary) -> Text:
    """Send an approved summary and say so in the room it comes from."""
    await stop_timers(tx, summary)
    await send(tx, now, summary)
    values: dict[str, Any] = {
        "id": summary.id,
        "who": await wording.approvers(tx, room, summary),
        "status": Code(f"!summary status {summary.id}"),
    }
    later = [item for item in await deliveries.of(tx, summary.id, summary.version) if item.state == "held"]
    put_aside = {item.room_id for item in later}
    now_to = tuple(place for place in summary.terms.destinations if place.room_id not in put_aside)
    zone = (await pods.settings(tx, room.room_id)).zone
    if summary.retracting:
        return await _retraction_goes(tx, summary, values)
    if now_to:
        lead = Text("{id} is approved by {who} and goes to {rooms} now. {status} shows how far it is.",
                    rooms=wording.names(now_to), **values)  # fmt: skip
    else:
        lead = Text("{id} is approved by {who}. {status} shows how far it is.", **values)
    return Text.lines([lead, *delivery_words.in_digests(later, zone, now)])


async def _retraction_goes(tx: Tx, summary: Summary, values: dict[str, Any]) -> Text:
    """Say where a retraction deletes what was said, and where that had not gone yet."""
    had = {item.room_id for item in await deliveries.of(tx, summary.id, summary.version)}
    places = summary.terms.destinations
    there = tuple(place for place in places if place.room_id in had)
    never = tuple(place for place in places if place.room_id not in had)
    return Text.lines(
        [
            Text("{id} is approved by {who} and is deleted in {rooms} now. {status} shows how far it is.",
                 rooms=wording.names(there), **values) if there else
            Text("The retraction of {id} is approved by {who}.", **values),
            Text("It had not gone to {rooms} yet, and does not go there.", rooms=wording.names(never))
            if never else None,
            *await delivery_words.left_behind(tx, summary),
        ]
    )  # fmt: skip


async def send(tx: Tx, now: datetime, summary: Summary) -> None:
    """Queue what was approved for every room that was shown, each once."""
    copies = await deliveries.copies(tx, summary.id)
    await seen.stop_watching(tx, summary.id)
    for room_id in (destination.room_id for destination in summary.terms.destinations):
        had = copies.get(room_id, [])
        kept = [copy for copy in had if not await _taken_back(tx, summary, copy)]
        if kept and kept[0].held_at and kept[0].is_reachable:
            await _change_digest(tx, now, summary, room_id, kept[0])
        elif summary.retracting:
            await _retract(tx, now, summary, room_id, kept)
        else:
            await _deliver(tx, now, summary, room_id, had, kept)
    if summary.retracting:
        await summary_files.delete_previews(tx, now, summary)


async def _taken_back(tx: Tx, summary: Summary, copy: Delivery) -> bool:
    if copy.state == "held":
        await collected.drop(tx, summary.id, copy.version, copy.room_id)
        return True
    # a digest's message holds what others have said too; whoever changes it sees to it as a whole
    return (
        copy.state == "waiting"
        and copy.txn_id is not None
        and copy.held_at is None
        and await outbox.cancel(tx, copy.txn_id)
    )


def _can_wait(summary: Summary) -> bool:
    """Tell whether a letter may go in a digest: questions need an answer, and what is urgent passes."""
    return summary.kind is Kind.SUMMARY and not summary.terms.urgent


async def _change_digest(tx: Tx, now: datetime, summary: Summary, room_id: str, copy: Delivery) -> None:
    message = copy.edits or copy.txn_id
    assert message is not None  # noqa: S101 - it is not held any more
    await digests.change(tx, now, summary, room_id, message, txn_id=_txn_id(summary, room_id))
    if not summary.retracting:
        await seen.watch(tx, summary.id, summary.version, room_id, None)


async def _deliver(
    tx: Tx, now: datetime, summary: Summary, room_id: str, had: list[Delivery], kept: list[Delivery]
) -> None:
    """Put a letter aside for the room's digest, or edit what the room has, or say it."""
    settings = await pods.settings(tx, room_id)
    if not kept and settings.takes_digests and _can_wait(summary):
        held_at = next((copy.held_at for copy in had if copy.state == "held"), None)
        await digests.hold(tx, now, summary, room_id, held_at)
        await seen.watch(tx, summary.id, summary.version, room_id, None)
        return
    txn_id = _txn_id(summary, room_id)
    markdown = wording.letter(summary).render(settings.language)
    thread = await thread_in(tx, summary, room_id)
    edited = kept[0].edits or kept[0].txn_id if kept and kept[0].is_reachable else None
    aloud = not settings.is_quiet(now)
    message = Edit(edited, markdown, aloud=True) if edited else Say(markdown, (), None, thread, aloud)
    await deliveries.add(tx, summary, room_id, txn_id, edits=edited)
    await seen.watch(tx, summary.id, summary.version, room_id, thread)
    await outbox.queue(tx, now, room_id, message, about=summary.id, txn_id=txn_id)
    await summary_files.send(tx, now, summary, room_id, thread, with_letter=edited is None)


async def _retract(tx: Tx, now: datetime, summary: Summary, room_id: str, kept: list[Delivery]) -> None:
    """Delete the message, its file and all its edits, which an app keeps beside it, and say so in one line."""
    await summary_files.send(tx, now, summary, room_id, None, with_letter=False)
    if not kept:
        return  # it never left
    txn_id = _txn_id(summary, room_id)
    for copy in kept:
        if copy.is_reachable and copy.txn_id is not None:
            await outbox.queue(tx, now, room_id, Redact(copy.txn_id), txn_id=f"{copy.txn_id}.deleted")
    await deliveries.add(tx, summary, room_id, txn_id)
    line = wording.letter(summary).render((await pods.settings(tx, room_id)).language)
    thread = await thread_in(tx, summary, room_id)
    await outbox.queue(tx, now, room_id, Say(line, (), None, thread), about=summary.id, txn_id=txn_id)


def _txn_id(summary: Summary, room_id: str) -> str:
    return f"{summary.id}.v{summary.version}.{room_id}"


async def thread_in(tx: Tx, summary: Summary, room_id: str) -> str | None:
    """Return the root of the thread that an answer belongs to in a room: its question there."""
    if summary.kind is not Kind.ANSWER or summary.answers is None:
        return None
    return await summaries.thread_root(tx, summary.answers, room_id)


async def stop_timers(tx: Tx, summary: Summary) -> None:
    """Let neither its time for oks nor its time for objections run."""
    await timers.drop(tx, f"summary.{summary.id}")
    await timers.drop(tx, f"summary.release.{summary.id}")
