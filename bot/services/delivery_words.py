"""What people read of how far a summary is: in how many rooms it is, how many have seen it, and what waits and why.

Rule: rooms and counts, never people.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.summaries import Summary
from bot.domain.values import When
from bot.services.speech import plain_reason
from bot.store import deliveries
from bot.store import summary_files as files
from bot.store.database import Tx
from bot.store.deliveries import Delivery
from bot.store.summary_files import Copy
from bot.text import Text

FEW = 4
"""Rooms that are named one by one where a sentence about something else names them too."""


async def sent(tx: Tx, summary: Summary, zone: ZoneInfo, now: datetime) -> Text:
    """Say in how many rooms a version is, and what waits elsewhere and why."""
    items = await deliveries.of(tx, summary.id, summary.version)
    file = summary.file
    behind = {copy.room_id: copy for copy in await files.behind(tx, summary.id, file.since)} if file else {}
    there = [item for item in items if item.state == "sent" and item.room_id not in behind]
    waiting = [
        _file_behind(item.name, behind[item.room_id], zone)
        if item.state == "sent"
        else _delivery(item, zone, now)
        for item in items
        if item not in there
    ]
    values: dict[str, Any] = {
        "id": summary.id,
        "version": summary.version,
        "pod": summary.terms.signed_by,
        "at": When(summary.ended_at or summary.made_at, zone, now),
        "there": len(there),
        "n": len(items),
        "seen": sum(item.seen_at is not None for item in items),
    }
    lead = (
        Text(
            "{id} from {pod} was retracted {at}: deleted in {there} of {n} room that had it.",
            plural="{id} from {pod} was retracted {at}: deleted in {there} of {n} rooms that had it.",
            **values,
        )
        if summary.retracting and items
        else Text("{id} from {pod} was retracted {at}, before it went anywhere.", **values)
        if summary.retracting
        else Text(
            "{id} version {version} from {pod}, approved {at}: delivered to {there} of {n} room; seen by {seen} of {n}.",
            plural="{id} version {version} from {pod}, approved {at}: delivered to {there} of {n} rooms; seen by {seen} of {n}.",
            **values,
        )
    )
    if summary.retracting:
        waiting += await left_behind(tx, summary)
    return Text.lines([lead, Text.listed(waiting) if waiting else None])


async def left_behind(tx: Tx, summary: Summary) -> list[Text]:
    """Say where a retraction cannot delete what was said: in rooms that were upgraded since, and that we left."""
    items = await deliveries.of(tx, summary.id)
    deleted_in = {item.room_id: item.sent_in for item in items if item.version == summary.version}
    found = {
        item.name
        for item in items
        if item.state == "sent" and item.sent_in != deleted_in.get(item.room_id, item.sent_in)
    }
    return [
        Text("{room} was upgraded: what I said in its old room is still there, and I am not.", room=name)
        for name in sorted(found)
    ]


def in_digests(items: Sequence[Delivery], zone: ZoneInfo, now: datetime) -> list[Text]:
    """Say which rooms read a version in their digest, and when; by number where they are many."""
    if len(items) <= FEW:
        return [_in_digest(item, zone, now) for item in items]
    return [Text("{n} rooms read it in their digests.", n=len(items))]


def _in_digest(item: Delivery, zone: ZoneInfo, now: datetime) -> Text:
    return Text(
        "{room} reads it in its digest {at}.", room=item.name, at=When(item.digest_at or now, zone, now)
    )


def _delivery(item: Delivery, zone: ZoneInfo, now: datetime) -> Text:
    """Say why a version is not in a room yet."""
    since = When(item.queued_at, zone)
    match item.state:
        case "failed":
            return Text("{room} could not be reached: {why}", room=item.name, why=plain_reason(item.reason))
        case "held":
            return _in_digest(item, zone, now)
        case "cancelled":
            return Text("{room} left the assembly before it was sent.", room=item.name)
        case _ if item.reason:
            return Text(
                "{room} waiting since {at} because: {why}",
                room=item.name,
                at=since,
                why=plain_reason(item.reason),
            )
        case _:
            return Text("{room} waiting since {at}: it is next in turn there.", room=item.name, at=since)


def _file_behind(name: str, copy: Copy, zone: ZoneInfo) -> Text:
    if copy.state == "failed":
        return Text(
            "{room} has the words, but the file could not be sent: {why}",
            room=name,
            why=plain_reason(copy.reason),
        )
    return Text(
        "{room} has the words; the file waits since {at} because: {why}",
        room=name,
        at=When(copy.queued_at, zone),
        why=plain_reason(copy.reason),
    )
