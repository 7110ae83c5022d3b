"""What the homeserver answers to `/sync` and `/messages`, as Synapse does."""

from __future__ import annotations

from tests.homeserver.world import SIGNED, Device, Json, Room, Stored, World

TO_DEVICE_AT_ONCE = 100
STRIPPED = ("m.room.create", "m.room.encryption", "m.room.name")


def sync(world: World, device: Device, since: int | None, wanted: Json, full: bool) -> tuple[Json, bool]:
    """Return an answer, and whether there is anything in it."""
    limit = wanted["room"]["timeline"]["limit"]
    me = device.user_id
    rooms: dict[str, Json] = {"join": {}, "invite": {}, "leave": {}}
    for room in world.rooms.values():
        own = room.state().get(("m.room.member", me))
        if own is None:
            continue
        membership = own.event["content"]["membership"]
        is_news = since is None or own.at > since
        if membership == "join":
            section = _joined(world, room, device, since, limit, full)
            receipts = _receipts(room, since, wanted["room"]["ephemeral"])
            if section is not None or receipts:
                nothing = {"state": {"events": []}, "timeline": _timeline([], device)}
                rooms["join"][room.room_id] = (section or nothing) | {"ephemeral": {"events": receipts}}
        elif membership == "invite" and is_news:
            shown = [own, *(stored for key, stored in room.state().items() if key[0] in STRIPPED)]
            events = [_stripped(stored) for stored in shown]
            rooms["invite"][room.room_id] = {"invite_state": {"events": events}}
        elif since is not None and is_news:
            last = room.between(since, own.at)
            rooms["leave"][room.room_id] = {
                "state": {"events": []},
                "timeline": _timeline(last[-limit:], device),
            }
    if since is not None and not world.late_keys:
        device.inbox = [(at, event) for at, event in device.inbox if at > since]
    waiting = [] if world.late_keys else device.inbox[:TO_DEVICE_AT_ONCE]
    changed, left = _device_lists(world, me, since)
    answer = {
        "next_batch": f"s{world.now}",
        "rooms": rooms,
        "to_device": {"events": [event for _, event in waiting]},
        "device_lists": {"changed": sorted(changed), "left": sorted(left)},
        "device_one_time_keys_count": {SIGNED: len(device.one_time)},
        "device_unused_fallback_key_types": [SIGNED] if device.fallback and not device.fallback_used else [],
    }
    return answer, bool(any(rooms.values()) or waiting or changed or left)


def _joined(
    world: World, room: Room, device: Device, since: int | None, limit: int, full: bool
) -> Json | None:
    came = room.entered(device.user_id)
    fresh = since is None or came > since
    events = room.events if fresh else room.between(since or 0)
    if not events and not full:
        return None
    shown = events[-limit:]
    start = shown[0].at - 1 if shown else world.now
    state: list[Stored] = []
    if fresh or full:
        state = list(room.state(start).values())
    elif len(events) > limit:
        state = list(room.state(start, since or 0).values())
    timeline = _timeline(shown, device) | {"limited": len(events) > limit, "prev_batch": f"s{start}"}
    return {
        "state": {"events": [_shown(stored, device) for stored in state]},
        "timeline": timeline,
        "unread_notifications": {},
        "summary": {},
    }


def _receipts(room: Room, since: int | None, wanted: Json) -> list[Json]:
    """Return what people have read, as one event, where the filter asks for it."""
    if "m.receipt" not in wanted.get("types", ["m.receipt"]):
        return []
    if room.room_id not in wanted.get("rooms", [room.room_id]):
        return []
    content: Json = {}
    for at, said in room.receipts:
        if at > (since or 0):
            for event_id, kinds in said.items():
                for kind, users in kinds.items():
                    content.setdefault(event_id, {}).setdefault(kind, {}).update(users)
    return [{"type": "m.receipt", "content": content}] if content else []


def _device_lists(world: World, me: str, since: int | None) -> tuple[set[str], set[str]]:
    if since is None:
        return set(), set()
    near: set[str] = set()
    changed = {user for at, user in world.device_changes if at > since}
    left: set[str] = set()
    for room in world.rooms.values():
        is_in = room.membership(me) == "join"
        moved = {key for kind, key in room.state(since=since) if kind == "m.room.member"}
        if is_in:
            near |= room.members()
            if room.entered(me) > since:
                changed |= room.members()
            changed |= {key for key in moved if room.membership(key) == "join"}
        if moved and (is_in or room.membership(me, since) == "join"):
            left |= moved - room.members()
    return (changed & near) | (changed & {me}), left - near - {me}


def messages(world: World, device: Device, room_id: str, start: str, to: str, limit: int) -> Json:
    """Return a page of a room's past, newest first."""
    upper = int(start[1:]) if start else world.now
    lower = int(to[1:]) if to else 0
    older = world.rooms[room_id].between(lower, upper)[::-1]
    page = older[:limit]
    answer: Json = {"start": f"s{upper}", "chunk": [_shown(stored, device) for stored in page]}
    if len(older) > limit:
        answer["end"] = f"s{page[-1].at - 1}"
    return answer


def _timeline(events: list[Stored], device: Device) -> Json:
    shown = [_shown(stored, device) for stored in events]
    return {"events": shown, "limited": False, "prev_batch": f"s{events[0].at - 1 if events else 0}"}


def _shown(stored: Stored, device: Device) -> Json:
    """Return an event as a device sees it: its own transaction ids are shown only to itself."""
    event = {**stored.event, "unsigned": dict(stored.event["unsigned"])}
    if stored.by is not None and stored.by[0] == device.token:
        event["unsigned"]["transaction_id"] = stored.by[1]
    return event


def _stripped(stored: Stored) -> Json:
    return {key: stored.event[key] for key in ("type", "sender", "state_key", "content")}
