"""Finds the steps of verifications among what a sync brings, in rooms and to this device.

Rule: a step is only read here. Who it is for and whether it fits is decided in `verification.py`. In a room without
encryption nothing is answered, so a request there is no more than a command there would be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.ports import Unencrypted
from bot.text import utc

PREFIX = "m.key.verification."


@dataclass(frozen=True)
class Heard:
    """One step of somebody's verification.

    Args:
        user_id: Who sent it.
        room_id: The room, or `None` if it was sent to this device.
        transaction: What all steps of one verification have in common: in a room the id of the request's event.
        kind: The event type behind `m.key.verification.`.
        content: Its content, as it was sent.
        at: When it was sent, where that is told: by the server in rooms, by a request to a device itself.
    """

    user_id: str
    room_id: str | None
    transaction: str
    kind: str
    content: Mapping[str, Any] = field(repr=False)
    at: datetime | None = None


def to_device(event: Any) -> Heard | None:
    """Return the step that a message to this device is, if it is one.

    Args:
        event: What nio made of it; anybody can send anything, and of a badly formed one nio keeps the source alone.
    """
    source = getattr(event, "source", None)
    content = source.get("content") if isinstance(source, dict) else None
    kind = source.get("type") if isinstance(source, dict) else None
    if not isinstance(source, dict) or not isinstance(content, dict):
        return None
    if not isinstance(kind, str) or not kind.startswith(PREFIX):
        return None
    sender, transaction, at = source.get("sender"), content.get("transaction_id"), content.get("timestamp")
    if not isinstance(sender, str) or not isinstance(transaction, str):
        return None
    return Heard(sender, None, transaction, kind.removeprefix(PREFIX), content, _moment(at))


def in_room(event: Any, room_id: str, own: str, *, encrypted: bool) -> Heard | Unencrypted | None:
    """Return the step that a room's event is, if it is one and can be meant for us.

    The others' steps of a verification between two members look the same as those meant for us; they belong to a
    request that was not. Element sends its steps without encryption into encrypted rooms too (seen with
    matrix-js-sdk 43); what is compared at the end proves that nobody changed them on the way.

    Args:
        event: A readable event.
        room_id: Where.
        own: Our user id, which a request must be for.
        encrypted: Whether the room is.
    """
    content = event.source.get("content")
    if not isinstance(content, dict):
        return None
    kind, at = event.source.get("type"), _moment(event.server_timestamp)
    if is_request_to(own, kind, content):
        if not encrypted:
            return Unencrypted(
                event_id=event.event_id,
                room_id=room_id,
                sender=event.sender,
                sent_at=utc(event.server_timestamp),
            )
        return Heard(event.sender, room_id, event.event_id, "request", content, at)
    relation = content.get("m.relates_to")
    transaction = relation.get("event_id") if isinstance(relation, dict) else None
    if not encrypted or not isinstance(kind, str) or not isinstance(transaction, str):
        return None
    if not kind.startswith(PREFIX):
        return None
    return Heard(event.sender, room_id, transaction, kind.removeprefix(PREFIX), content, at)


def is_request_to(own: str, kind: object, content: object) -> bool:
    """Tell whether an event of a room asks us to verify."""
    return (
        kind == "m.room.message"
        and isinstance(content, dict)
        and content.get("msgtype") == f"{PREFIX}request"
        and content.get("to") == own
    )


def _moment(milliseconds: object) -> datetime | None:
    if not isinstance(milliseconds, int) or isinstance(milliseconds, bool):
        return None
    try:
        return utc(milliseconds)
    except (OverflowError, ValueError, OSError):
        return None
