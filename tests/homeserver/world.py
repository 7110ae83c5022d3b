"""A homeserver's memory: rooms, their events in one order, devices and their keys. No network, no disk.

It follows Synapse wherever the bot could tell the difference; a sync token is the number of things that had
happened, so any answer can be given again.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from bot.matrix.identity import MASTER, SELF_SIGNING, Identity
from bot.ports import FixedClock

Json = dict[str, Any]
BOT = "@spokesbot:test"
SIGNED = "signed_curve25519"
_at = attrgetter("at")


class MatrixError(Exception):
    """What the server answers instead of what was asked for."""

    def __init__(self, status: int, errcode: str, error: str = "", **more: Any) -> None:
        super().__init__(errcode)
        self.status = status
        self.body: Json = {"errcode": errcode, "error": error, **more}


class Bell:
    """Wakes everybody who waits for something to happen."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    async def heard(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        await future

    async def until(self, condition: Callable[[], object], what: str, seconds: float = 30) -> None:
        """Wait for something to become true; the time is only there so that a broken test ends."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await self.heard()
        except TimeoutError:
            raise AssertionError(f"never happened: {what}") from None


@dataclass
class Device:
    """A device with its keys and what waits for it."""

    user_id: str
    device_id: str
    token: str
    keys: Json = field(default_factory=dict)
    one_time: Json = field(default_factory=dict)
    fallback: Json = field(default_factory=dict)
    fallback_used: bool = False
    inbox: list[tuple[int, Json]] = field(default_factory=list)


@dataclass(frozen=True)
class Stored:
    """An event at its place in the stream, and by which request it came."""

    at: int
    event: Json
    by: tuple[str, str] | None = None


@dataclass
class Room:
    """A room; its state of this moment is kept, because to make it anew for every look took longer than the bot."""

    room_id: str
    public: bool = False
    events: list[Stored] = field(default_factory=list)
    receipts: list[tuple[int, Json]] = field(default_factory=list)
    _state: dict[tuple[str, str], Stored] = field(default_factory=dict)
    _entered: dict[str, int] = field(default_factory=dict)

    def add(self, stored: Stored) -> None:
        """Add an event at the end."""
        self.events.append(stored)
        if "state_key" not in stored.event:
            return
        kind, key = stored.event["type"], stored.event["state_key"]
        if kind == "m.room.member" and stored.event["content"]["membership"] == "join" != self.membership(
            key
        ):
            self._entered[key] = stored.at
        self._state[kind, key] = stored

    def leave_out(self, kind: str) -> None:
        """Show no event of a kind any more, as a server that lies does."""
        shown = [stored for stored in self.events if stored.event["type"] != kind]
        self.events, self._state, self._entered = [], {}, {}
        for stored in shown:
            self.add(stored)

    def between(self, since: int, at: float = float("inf")) -> list[Stored]:
        """Return a stretch of the stream, without its beginning and with its end."""
        first = bisect_right(self.events, since, key=_at)
        return self.events[first : bisect_right(self.events, at, lo=first, key=_at)]

    def state(self, at: float = float("inf"), since: int = 0) -> Mapping[tuple[str, str], Stored]:
        """Return the newest state events of a stretch of the stream."""
        if since == 0 and (not self.events or self.events[-1].at <= at):
            return self._state
        found = {}
        for stored in self.between(since, at):
            if "state_key" in stored.event:
                found[stored.event["type"], stored.event["state_key"]] = stored
        return found

    def membership(self, user: str, at: float = float("inf")) -> str:
        stored = self.state(at).get(("m.room.member", user))
        return stored.event["content"]["membership"] if stored else "leave"

    def entered(self, user: str) -> int:
        """Return when somebody last came in; 0 if never."""
        return self._entered.get(user, 0)

    def members(self, membership: str = "join") -> set[str]:
        return {
            key
            for (kind, key), stored in self.state().items()
            if kind == "m.room.member" and stored.event["content"]["membership"] == membership
        }

    def level(self, what: str, default: int) -> int:
        stored = self.state().get(("m.room.power_levels", ""))
        return int(stored.event["content"].get(what, default)) if stored else default

    def power(self, user: str) -> int:
        stored = self.state().get(("m.room.power_levels", ""))
        return int(stored.event["content"].get("users", {}).get(user, 0)) if stored else 0


class World:
    """Everything the homeserver knows."""

    def __init__(self, clock: FixedClock, bell: Bell) -> None:
        self.clock = clock
        self.bell = bell
        self.now = 0
        self.rooms: dict[str, Room] = {}
        self.devices: dict[str, Device] = {}
        self.media: dict[str, bytes] = {}
        self.device_changes: list[tuple[int, str]] = []
        self.late_keys = False
        self.identities: dict[str, Identity] = {}
        self.signed: set[tuple[str, str]] = set()
        self._transactions: dict[tuple[str, str, str], str] = {}

    def _tick(self) -> int:
        self.now += 1
        self.bell.ring()
        return self.now

    # -- rooms -----------------------------------------------------------------------------------

    def create(self, name: str, creator: str, *members: str, encrypted: bool = True, **power: Any) -> str:
        """Make a room that people are in already."""
        room = self.rooms[f"!{name}:test"] = Room(f"!{name}:test")
        self.put(room.room_id, creator, "m.room.create", {"room_version": "11"}, "")
        self.member(room.room_id, creator, "join")
        levels = {"users": {creator: 100, BOT: 50}, "kick": 50, "invite": 0} | power
        self.put(room.room_id, creator, "m.room.power_levels", levels, "")
        if encrypted:
            self.encrypt(room.room_id, creator)
        for user in members:
            self.member(room.room_id, user, "join")
        return room.room_id

    def encrypt(self, room_id: str, user: str) -> None:
        content = {"algorithm": "m.megolm.v1.aes-sha2"}
        self.put(room_id, user, "m.room.encryption", content, "")

    def member(
        self, room_id: str, user: str, membership: str, by: str | None = None, reason: str | None = None
    ) -> str:
        """Change somebody's membership."""
        content = {"membership": membership, "displayname": user[1:].partition(":")[0].title()}
        content |= {"reason": reason} if reason else {}
        return self.put(room_id, by or user, "m.room.member", content, user)

    def put(
        self,
        room_id: str,
        sender: str,
        kind: str,
        content: Json,
        state_key: str | None = None,
        by: tuple[str, str] | None = None,
        **more: Any,
    ) -> str:
        """Add an event to a room, whoever asks, and return its id."""
        room = self.rooms[room_id]
        at = self._tick()
        # a slash, as the ids of room version 3 have, must come through every address
        event = {
            "type": kind,
            "sender": sender,
            "content": content,
            "event_id": f"$event/{at}",
            "room_id": room_id,
            "origin_server_ts": round(self.clock.now().timestamp() * 1000) + at,
            "unsigned": {},
            **more,
        }
        if state_key is not None:
            event["state_key"] = state_key
            before = room.state().get((kind, state_key))
            if before:
                event["unsigned"] = {"prev_content": before.event["content"]}
        room.add(Stored(at, event, by))
        return str(event["event_id"])

    def read(
        self, room_id: str, user: str, event_id: str, *, thread: str | None = None, kind: str = "m.read"
    ) -> None:
        """Let somebody's app say up to where they have read; what is private is told to nobody else."""
        if kind == "m.read":
            said = {"ts": 1} | ({"thread_id": thread} if thread else {})
            content = {event_id: {kind: {user: said}}}
            self.rooms[room_id].receipts.append((self._tick(), content))

    def again(self, event_id: str) -> None:
        """Deliver an event a second time."""
        for room in self.rooms.values():
            for stored in list(room.events):
                if stored.event["event_id"] == event_id:
                    room.add(Stored(self._tick(), stored.event, stored.by))
                    return

    def send(
        self, device: Device, room_id: str, kind: str, content: Json, txn: str, redacts: str | None = None
    ) -> str:
        """Take an event from a device; the same transaction of a device and room is one event, as in Synapse."""
        known = self._transactions.get((device.token, room_id, txn))
        if known is not None:
            return known
        self.require(room_id, device.user_id, "events_default", 0)
        more = {} if redacts is None else {"redacts": redacts}
        event_id = self.put(room_id, device.user_id, kind, content, by=(device.token, txn), **more)
        self._transactions[device.token, room_id, txn] = event_id
        return event_id

    def forget_transactions(self) -> None:
        """Do what Synapse does after a day."""
        self._transactions.clear()

    def require(self, room_id: str, user: str, what: str, default: int) -> None:
        room = self.rooms.get(room_id)
        if room is None or room.membership(user) != "join":
            raise MatrixError(403, "M_FORBIDDEN", "User not in room")
        if room.power(user) < room.level(what, default):
            raise MatrixError(403, "M_FORBIDDEN", "You don't have permission")

    # -- devices ---------------------------------------------------------------------------------

    def register(self, user_id: str, device_id: str) -> Device:
        """Log in a device."""
        token = f"token.{user_id}.{device_id}"
        self.devices[token] = Device(user_id, device_id, token)
        return self.devices[token]

    def devices_of(self, user_id: str) -> Iterator[Device]:
        return (device for device in self.devices.values() if device.user_id == user_id and device.keys)

    def upload(self, device: Device, body: Json) -> Json:
        """Take keys of a device."""
        if body.get("device_keys") and body["device_keys"] != device.keys:
            device.keys = body["device_keys"]
            self.device_changes.append((self._tick(), device.user_id))
        for name, key in (body.get("one_time_keys") or {}).items():
            if device.one_time.get(name, key) != key:
                raise MatrixError(400, "M_UNKNOWN", f"One time key {name} already exists")
            device.one_time[name] = key
        if body.get("fallback_keys"):
            device.fallback, device.fallback_used = body["fallback_keys"], False
        return {"one_time_key_counts": {SIGNED: len(device.one_time)}}

    def vouch(self, identity: Identity, *devices: str) -> None:
        """Show an identity of its user, and these of their devices as signed by it and no others."""
        user = identity.user_id
        self.identities[user] = identity
        self.signed = {pair for pair in self.signed if pair[0] != user} | {(user, name) for name in devices}
        self.device_changes.append((self._tick(), user))

    def query(self, users: Json) -> Json:
        """Show people's devices and identities."""
        shown = {user: own for user, own in self.identities.items() if user in users}
        return {
            "device_keys": {
                user: {device.device_id: self._shown(device) for device in self.devices_of(user)}
                for user in users
            },
            "master_keys": {user: own.key_object(MASTER) for user, own in shown.items()},
            "self_signing_keys": {user: own.key_object(SELF_SIGNING) for user, own in shown.items()},
            "failures": {},
        }

    def _shown(self, device: Device) -> Json:
        if (device.user_id, device.device_id) not in self.signed:
            return device.keys
        return self.identities[device.user_id].sign(SELF_SIGNING, device.keys)

    def claim(self, wanted: Json) -> Json:
        """Give out a one-time key of each device, or its fallback key."""
        found: defaultdict[str, Json] = defaultdict(dict)
        for user, devices in wanted.items():
            for device in self.devices_of(user):
                if device.device_id not in devices:
                    continue
                if device.one_time:
                    name = next(iter(device.one_time))
                    found[user][device.device_id] = {name: device.one_time.pop(name)}
                elif device.fallback:
                    device.fallback_used = True
                    found[user][device.device_id] = dict(device.fallback)
        return {"one_time_keys": dict(found), "failures": {}}

    def to_device(self, sender: str, kind: str, messages: Json) -> None:
        """Put messages into devices' inboxes."""
        for user, contents in messages.items():
            for device in list(self.devices_of(user)):
                for name in {device.device_id, "*"} & contents.keys():
                    event = {"type": kind, "sender": sender, "content": contents[name]}
                    device.inbox.append((self._tick(), event))

    def release_keys(self) -> None:
        """Deliver what was held back."""
        self.late_keys = False
        for device in self.devices.values():
            device.inbox = [(self._tick(), event) for _, event in device.inbox]
