"""Calendar files: handovers, assemblies and deadlines of a room, to be opened in any calendar.

Rule: the file is encrypted like every other one, and holds no person's name and nobody's words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from bot.domain.dates import Dated, Entry
from bot.domain.pods import Room, RoomKind
from bot.domain.recurrence import LASTS, Recurrence
from bot.ports import SendFile
from bot.services import foreseen
from bot.services.rhythm import rhythm_of
from bot.store import calendar_entries, outbox, pods, polls, recalls, spokes
from bot.store.database import Tx
from bot.text import Text

_HANDOVER_LASTS = timedelta(minutes=30)
_DEADLINE_LASTS = timedelta(minutes=15)


async def send(tx: Tx, now: datetime, room: Room) -> Text:
    """Send a room's calendar as an encrypted file and return what to say about it."""
    entries = [*await _handovers(tx, room), *await _assembly(tx, room), *await _deadlines(tx, room)]
    rotation = await spokes.rotation(tx, room.room_id)
    current = {entry.key for entry in entries}
    kept = await calendar_entries.keys(tx, room.room_id)
    over = [key for key in kept if key not in current and _is_over(key, rotation)]
    await calendar_entries.forget(tx, room.room_id, over)
    dated = await calendar_entries.update(tx, room.room_id, entries, lambda: f"{uuid4()}@spokesbot")
    name = re.sub(r"\W+", "-", room.name or "").strip("-").lower() or "calendar"
    file = SendFile(f"{name}.ics", write(room.name or "", dated, now), mimetype="text/calendar")
    await outbox.queue(tx, now, room.room_id, file)
    return Text(
        "{name}.ics holds {n} date of {room}: handovers, assemblies, deadlines. Open it in your calendar. After a "
        "change ask for it again: your calendar then moves what it has.",
        plural="{name}.ics holds {n} dates of {room}: handovers, assemblies, deadlines. Open it in your calendar. "
        "After a change ask for it again: your calendar then moves what it has.",
        name=name,
        n=len(entries),
        room=room.name or "",
    )


def _is_over(key: str, rotation: spokes.Rotation | None) -> bool:
    """Tell whether something is past, and not taken back; a deadline that is gone was met or is over."""
    kind, _, number = key.partition(".")
    if kind == "handover":
        return rotation is None or int(number) <= rotation.handovers
    return kind != "assembly"


async def _handovers(tx: Tx, room: Room) -> list[Entry]:
    rotation = await spokes.rotation(tx, room.room_id)
    pod = await pods.find_pod(tx, room.room_id)
    if rotation is None or pod is None:
        return []
    rhythm = await rhythm_of(tx, pod, await pods.settings(tx, room.room_id))
    likely = await foreseen.likely(tx, room.room_id, rhythm, foreseen.AHEAD)
    # one that is left out because the pair stays keeps its number
    skipped = 0 if likely[0].at == rotation.next_at else 1
    return [
        Entry(f"handover.{number}", f"Handover of {pod.name}", item.at, item.at + _HANDOVER_LASTS)
        for number, item in enumerate(likely, rotation.handovers + 1 + skipped)
    ]


async def _assembly(tx: Tx, room: Room) -> list[Entry]:
    home = room.room_id if room.kind is RoomKind.ASSEMBLY else room.assembly_room_id
    assembly = await pods.find_assembly(tx, home) if home else None
    if assembly is None:
        return []
    settings = await pods.settings(tx, assembly.room_id)
    if not settings.meets:
        return []
    dates = Recurrence.load(settings.meets)
    begins = dates.begins.replace(tzinfo=settings.zone)
    return [Entry("assembly", f"Assembly {assembly.name}", begins, begins + LASTS, dates.rule, settings.zone)]


async def _deadlines(tx: Tx, room: Room) -> list[Entry]:
    found = [
        (item.id, f"Poll {item.id} closes", item.closes_at) for item in await polls.open_in(tx, room.room_id)
    ]
    found += [
        (item.id, f"Recall {item.id} ends", item.closes_at)
        for item in await recalls.open_in(tx, room.room_id)
    ]
    return [Entry(key, title, at - _DEADLINE_LASTS, at) for key, title, at in found]


def write(name: str, dated: Sequence[Dated], now: datetime) -> str:
    """Return a calendar file as RFC 5545 has it.

    Args:
        name: What the calendar is called.
        dated: What is in it.
        now: When it was made.
    """
    from icalendar import Calendar, Event, vRecur  # noqa: PLC0415 - two megabytes that few bots are ever asked for

    calendar = Calendar()
    calendar.add("prodid", "-//Spokesbot//Spokesbot//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    for item in dated:
        event = Event()
        event.add("uid", item.uid)
        event.add("dtstamp", now.astimezone(UTC))
        event.add("sequence", item.sequence)
        if item.entry is None:
            event.add("status", "CANCELLED")
            event.add("summary", "-")
            event.add("dtstart", now.astimezone(UTC))
        else:
            event.add("summary", item.entry.title)
            event.add("dtstart", item.entry.begins)
            event.add("dtend", item.entry.ends)
            if item.entry.rule:
                event.add("rrule", vRecur.from_ical(item.entry.rule))
        calendar.add_component(event)
    calendar.add_missing_timezones()
    return str(calendar.to_ical(), "utf-8")
