"""Takes out of a server's answer what the library stumbles over, so that the rest is read.

Rule: one malformed event costs nobody anything but itself. The library answers most malformed events with a bad
event of its own, and raises at some; then it is the one event, or at most the one room, that is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from nio.events import EphemeralEvent, Event, InviteEvent, ToDeviceEvent
from nio.responses import SyncResponse

from bot.matrix.machine import MALFORMED

log = logging.getLogger(__name__)


def without_unreadable(answer: dict[str, Any]) -> dict[str, Any]:
    """Return a server's answer less the events, and then the rooms of a sync, that cannot be taken in."""
    kept = {name: _readable(name, part) for name, part in answer.items()}
    rooms = kept.get("rooms")
    if isinstance(rooms, dict):
        kept["rooms"] = {
            section: {
                room_id: room for room_id, room in found.items() if _is_readable(section, room_id, room)
            }
            for section, found in rooms.items()
            if isinstance(found, dict)
        }
    return kept


def _readable(name: str, thing: Any) -> Any:
    if isinstance(thing, dict):
        return {key: _readable(key, part) for key, part in thing.items()}
    if not isinstance(thing, list) or name not in ("events", "chunk"):
        return thing
    kept = [event for event in thing if all(_stands(parse, event) for parse in _PARSERS)]
    if len(kept) < len(thing):
        log.error("%d malformed events are left out of an answer", len(thing) - len(kept))
    return kept


def _is_readable(section: str, room_id: str, room: Any) -> bool:
    if _stands(SyncResponse._get_room_info, {section: {room_id: room}}):
        return True
    log.error("what an answer says of a room is malformed and left out", extra={"room_id": room_id})
    return False


def _stands(parse: Callable[[Any], object], thing: Any) -> bool:
    try:
        parse(thing)
    except MALFORMED:
        return False
    return True


_PARSERS: tuple[Callable[[Any], object], ...] = (
    Event.parse_event,
    InviteEvent.parse_event,
    ToDeviceEvent.parse_event,
    EphemeralEvent.parse_event,
)
