"""Turns nio's events into the plain values the rest of the program understands.

Rule: words are taken only when they were decrypted and the key belongs to a device of the person they are
from. A server can show anybody's ciphertext under any name, and anything at all without encryption. It can also add
a device to one of its users, so a device must be signed by that person's identity, where there is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from enum import Enum
from typing import Any

from nio.events import (
    BadEvent,
    Event,
    MegolmEvent,
    PowerLevelsEvent,
    RedactionEvent,
    RoomCreateEvent,
    RoomEncryptionEvent,
    RoomMemberEvent,
    RoomMessageText,
    RoomUpgradeEvent,
    UnknownEvent,
)

from bot.domain.names import clean
from bot.matrix import polls
from bot.matrix.client import BotClient
from bot.matrix.files import attached
from bot.ports import (
    Incoming,
    MemberSeen,
    PollAnswered,
    PollChanged,
    PollEnded,
    PollMade,
    Redacted,
    RoomSeen,
    Said,
    Unencrypted,
)
from bot.text import utc

MEGOLM = "m.megolm.v1.aes-sha2"
ENDLESS_POWER = 2**53
_FALLBACK = re.compile(r"\A(?:> .*\n?)+\n?")


class Readable(Enum):
    """Whether an event can be handled now."""

    YES = "yes"
    LATER = "its key, or its sender's device list, has not come"
    NEVER = "it is not from a device of its sender"
    UNSIGNED = "its sender's identity has not signed the device it is from"


def readable(client: BotClient, event: Event | BadEvent) -> Readable:
    """Tell whether an encrypted event's words can be taken as its sender's."""
    if isinstance(event, MegolmEvent):
        return Readable.LATER
    if not event.decrypted:
        return Readable.YES
    if client.is_bound_to_device(event):
        if client.is_key_trusted(event.sender, event.sender_key):
            return Readable.YES
        told = client.is_identity_known(event.sender) and not client.is_unknown(event.sender)
        return Readable.UNSIGNED if told else Readable.LATER
    known = any(True for _ in client.olm.device_store.active_user_devices(event.sender))
    asked = not client.is_unknown(event.sender)
    return Readable.NEVER if known and asked else Readable.LATER


def incoming(
    event: Event | BadEvent, room_id: str, prefix: str, quoted: Said | PollMade | None = None
) -> Incoming | None:
    """Return what an event means to us, or `None` if it is nothing of ours.

    Args:
        event: A readable event.
        room_id: Where.
        prefix: What commands start with; unencrypted talk without it is none of our business.
        quoted: The message it replies to, where that was fetched.
    """
    content = event.source.get("content")
    if not isinstance(content, dict):
        return None
    common = common_of(event, room_id)
    if isinstance(event, RedactionEvent):
        return Redacted(**common, redacts=event.redacts)
    if isinstance(event, RoomMessageText) and not event.decrypted:
        return Unencrypted(**common) if event.body.lstrip().startswith(prefix) else None
    if not event.decrypted:
        return None
    if isinstance(event, RoomMessageText):
        return _said(common, content, clean(event.body), quoted)
    if (said := _with_file(common, content, quoted)) is not None:
        # a file is none of our business, unless its caption is a command or what it edits may be a draft's
        return said if said.replaces or said.body.lstrip().startswith(prefix) else None
    if isinstance(event, UnknownEvent) and event.type in polls.RESPONSES:
        response = polls.read_response(content)
        return (
            PollAnswered(**common, poll_event_id=clean(response[0]), answers=tuple(map(clean, response[1])))
            if response
            else None
        )
    if isinstance(event, UnknownEvent) and event.type in polls.ENDS:
        ended = _event_id(polls.related(content, "m.reference"))
        return PollEnded(**common, poll_event_id=ended) if ended else None
    if isinstance(event, UnknownEvent) and event.type in polls.STARTS:
        changed = _event_id(polls.related(content, "m.replace"))
        return PollChanged(**common, poll_event_id=changed) if changed else None
    return None


def common_of(event: Event | BadEvent, room_id: str) -> dict[str, Any]:
    """Return what every incoming event has."""
    return {
        "event_id": event.event_id,
        "room_id": room_id,
        "sender": event.sender,
        "sent_at": utc(event.server_timestamp),
    }


def message(event: Event | BadEvent, room_id: str, prefix: str) -> Said | None:
    """Return a message that somebody replied to: what was said, or the file in it, which may be unencrypted."""
    said = incoming(event, room_id, prefix)
    if isinstance(said, Said):
        return said
    content = _dict(event.source.get("content"))
    return _with_file(common_of(event, room_id), content, None, decrypted=event.decrypted)


def _with_file(
    common: dict[str, Any], content: dict[str, Any], quoted: Said | PollMade | None, *, decrypted: bool = True
) -> Said | None:
    """Return a message that carries a file, or `None` if it carries none; what is said is the caption."""
    relation = _dict(content.get("m.relates_to"))
    replaces = _event_id(relation.get("event_id")) if relation.get("rel_type") == "m.replace" else None
    new = _dict(content.get("m.new_content")) if replaces else content
    file = attached(new, replaces or common["event_id"], common["sender"], decrypted=decrypted)
    if file is None:
        return None
    return replace(_said(common, content | {"m.new_content": {}}, file.caption or "", quoted), file=file)


def _said(common: dict[str, Any], content: dict[str, Any], body: str, quoted: Said | PollMade | None) -> Said:
    relation = _dict(content.get("m.relates_to"))
    kind, target = relation.get("rel_type"), _event_id(relation.get("event_id"))
    reply_to = _event_id(_dict(relation.get("m.in_reply_to")).get("event_id"))
    thread = target if kind == "m.thread" else None
    if thread and (relation.get("is_falling_back") or reply_to is None):
        reply_to = thread  # said in the thread, to nobody in particular: it is about the thread's root
    replaces = target if kind == "m.replace" else None
    if replaces:
        body = _text(_dict(content.get("m.new_content")).get("body")) or body
    elif reply_to:
        body = without_fallback(body)
    mentioned = _dict(content.get("m.mentions")).get("user_ids")
    return Said(
        **common,
        body=body,
        reply_to=reply_to,
        thread=thread,
        replaces=replaces,
        mentions=tuple(clean(item) for item in mentioned if isinstance(item, str))
        if isinstance(mentioned, list)
        else (),
        replied_body=quoted.body if isinstance(quoted, Said) and quoted.file is None else None,
        replied_sender=quoted.sender if quoted else None,
        replied_file=quoted.file if isinstance(quoted, Said) else None,
        replied_poll=quoted if isinstance(quoted, PollMade) else None,
    )


def without_fallback(body: str) -> str:
    """Return the text of a reply without the quotation that older apps put before it."""
    return _FALLBACK.sub("", body)


def reply_target(event: Event) -> str | None:
    """Return the event id that a message really replies to."""
    relation = _dict(_dict(event.source.get("content")).get("m.relates_to"))
    if relation.get("is_falling_back"):
        return None
    return _event_id(_dict(relation.get("m.in_reply_to")).get("event_id"))


def room_seen(client: BotClient, room_id: str, events: Iterable[Any], creators: set[str]) -> RoomSeen | None:
    """Return what state events say of a room, or `None` if they say nothing that matters.

    Args:
        client: Knows our own user id.
        room_id: The room.
        events: State events, in order.
        creators: Users whose power has no end (room version 12 and later); filled from the create event.
    """
    members: dict[str, MemberSeen] = {}
    values: dict[str, Any] = {}
    for event in events:
        content = _dict(event.source.get("content")) if isinstance(event, Event) else {}
        match event:
            case RoomMemberEvent():
                members[event.state_key] = MemberSeen(
                    event.state_key,
                    event.membership,
                    _text(content.get("displayname")),
                    utc(event.server_timestamp),
                )
            case RoomEncryptionEvent():
                values["encrypted"] = content.get("algorithm") == MEGOLM or None
            case RoomCreateEvent():
                creators |= _endless(event, content)
            case PowerLevelsEvent():
                values |= _power(client.user_id, content, creators)
            case RoomUpgradeEvent():
                values["successor"] = _text(content.get("replacement_room"))
            case _:
                pass
    if not members and not any(value is not None for value in values.values()):
        return None
    return RoomSeen(room_id, tuple(members.values()), **values)


def _endless(event: RoomCreateEvent, content: dict[str, Any]) -> set[str]:
    """Return the creators who stand above all power levels (Matrix specification, room version 12)."""
    version = str(content.get("room_version", "1"))
    if not re.fullmatch(r"[0-9]{1,6}", version) or int(version) < 12:
        return set()
    more = content.get("additional_creators")
    return {
        event.sender,
        *(item for item in (more if isinstance(more, list) else ()) if isinstance(item, str)),
    }


def _power(own: str, content: dict[str, Any], creators: set[str]) -> dict[str, Any]:
    """Read power levels (Matrix specification, `m.room.power_levels`) as far as they concern us."""
    users = {user: level for user, level in _dict(content.get("users")).items() if isinstance(level, int)}
    users |= dict.fromkeys(creators, ENDLESS_POWER)
    needed = _level(
        _dict(content.get("events")).get("m.room.power_levels"), _level(content.get("state_default"), 50)
    )
    return {
        "bot_power": _level(users.get(own), _level(content.get("users_default"), 0)),
        "invite_power": _level(content.get("invite"), 0),
        "kick_power": _level(content.get("kick"), 50),
        "admins": frozenset(user for user, level in users.items() if level >= needed and user != own),
    }


def _level(value: object, default: int) -> int:
    # SQLite keeps 64 bits, and canonical JSON says nothing beyond 2**53
    return min(max(value, -ENDLESS_POWER), ENDLESS_POWER) if isinstance(value, int) else default


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _event_id(value: object) -> str | None:
    """Return an event id that somebody wrote, if it can be one (Matrix specification, "Event IDs": 255 bytes)."""
    text = _text(value)
    return text if text is not None and text.startswith("$") and len(text.encode()) <= 255 else None


def _text(value: object) -> str | None:
    return clean(value) if isinstance(value, str) else None
