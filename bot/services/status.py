"""How a room stands: what it is, what waits to be said and why, and the last step each person took."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.domain.errors import Conflict, NotFound
from bot.domain.pods import Room, RoomKind, Settings
from bot.domain.values import Code, Person, When
from bot.services.speech import plain_reason
from bot.store import outbox, pods, steps
from bot.store.database import Tx
from bot.store.steps import Step
from bot.text import Text

UNDO_WITHIN = timedelta(minutes=10)
"""How long a step can be taken back (behaviour.md, section 0)."""


async def describe(tx: Tx, now: datetime, room: Room, settings: Settings) -> Text:
    """Return a few lines on a room."""
    return Text.lines(
        [
            await _identity(tx, room),
            Text("Times are written in {zone}.", zone=settings.timezone),
            _power(room),
            await _waiting(tx, now, room, settings),
        ]
    )


async def _identity(tx: Tx, room: Room) -> Text:
    if room.kind is RoomKind.ASSEMBLY:
        count = len(await pods.pods_of(tx, room.room_id))
        return Text(
            "This is the assembly {name}, {n} pod.",
            plural="This is the assembly {name}, {n} pods.",
            name=room.name,
            n=count,
        )
    if room.kind is RoomKind.NONE:
        return Text(
            "This room is not set up. {pod} or {assembly} begins.",
            pod=Code("!pod create NAME"),
            assembly=Code("!assembly create NAME"),
        )
    assembly = await pods.find_assembly(tx, room.assembly_room_id) if room.assembly_room_id else None
    if assembly is None:
        return Text("This is the pod {name}, in no assembly.", name=room.name)
    return Text("This is the pod {name}, in the assembly {assembly}.", name=room.name, assembly=assembly.name)


def _power(room: Room) -> Text | None:
    if room.kind is not RoomKind.ASSEMBLY:
        return None
    if room.can_invite and room.can_remove:
        return Text("I can invite and remove people here.")
    return Text("I cannot invite or remove people here; make me a moderator to change that.")


async def _waiting(tx: Tx, now: datetime, room: Room, settings: Settings) -> Text:
    stuck = await outbox.troubles(tx, room.room_id)
    if not stuck:
        return Text("Nothing waits to be said here.")
    return Text.listed(
        Text(
            "{what} since {at}: {reason}",
            what=Text("Could not be said") if row.state == "failed" else Text("Waits"),
            at=When(row.queued_at, settings.zone, now),
            reason=plain_reason(row.reason),
        )
        for row in stuck
    )


async def take_last_step(tx: Tx, now: datetime, room: Room, sender: Person, settings: Settings) -> Step:
    """Return somebody's last step in a room, to be taken back; it can be taken back once.

    Raises:
        NotFound: There is none.
        Conflict: It was more than 10 minutes ago.
    """
    step = await steps.last(tx, room.room_id, sender.user_id)
    if step is None:
        raise NotFound(
            "You have no step here that I could take back. {next} shows what needs you.", next=Code("!next")
        )
    if now - step.at > UNDO_WITHIN:
        raise Conflict(
            "Your last step here was {at}; a step can be taken back for 10 minutes.",
            at=When(step.at, settings.zone, now),
        )
    await steps.forget(tx, room.room_id, sender.user_id)
    return step
