"""A living member: one device with real encryption that says what it is told to and reads what it can.

Rule: it asks the server only when somebody waits for something, so that fifty of them cost a fan-out nothing.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
import vodozemac
from unpaddedbase64 import decode_base64, encode_base64

from bench.people import PICKLE_KEY, SIGNED, Device
from sandbox.install import SandboxError

Json = dict[str, Any]

OLM = "m.olm.v1.curve25519-aes-sha2"
MEGOLM = "m.megolm.v1.aes-sha2"
FILTER = json.dumps(
    {
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {
            "ephemeral": {"types": []},
            "account_data": {"types": []},
            "state": {"types": []},
            "timeline": {"limit": 100},
        },
    }
)
POLL = "org.matrix.msc3381.poll.start"
LONG_POLL = 5_000  # milliseconds


@dataclass(frozen=True)
class Heard:
    """An event of the bot as this member's app sees it; without content where the key is missing."""

    event_id: str
    room: str
    kind: str
    content: Json | None
    sent_at: float

    @property
    def body(self) -> str:
        """Its words."""
        return str((self.content or {}).get("body", ""))

    @property
    def replies_to(self) -> str | None:
        """The event it answers."""
        found = (self.content or {}).get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id")
        return str(found) if found else None


class Peer:
    """Somebody.

    Args:
        session: What it talks over.
        url: The server.
        device: Who it is, with its keys.
        bot: The bot's user id.

    Attributes:
        bare: Whether the bot has no keys, so that what is said is for nobody to read.
    """

    def __init__(self, session: aiohttp.ClientSession, url: str, device: Device, bot: str) -> None:
        self._session = session
        self._url = f"{url}/_matrix/client/v3"
        self.device = device
        self._bot = bot
        self.bare = False
        self._account = vodozemac.Account.from_pickle(device.pickle, PICKLE_KEY)
        self._curve = self._account.curve25519_key.to_base64()
        self._ed = self._account.ed25519_key.to_base64()
        self._olm: dict[str, list[vodozemac.Session]] = {}
        self._outbound: dict[str, vodozemac.GroupSession] = {}
        self._inbound: dict[str, vodozemac.InboundGroupSession] = {}
        self._shared: set[tuple[str, str]] = set()
        self._bots_devices: dict[str, Json] = {}
        self._since: str | None = None
        self._unread: list[Json] = []
        self.heard: list[Heard] = []

    # -- speaking --------------------------------------------------------------------------------

    async def meet(self) -> None:
        """Learn which devices the bot has; wait until it has one with keys."""
        while True:
            found = await self._ask("POST", "/keys/query", {"device_keys": {self._bot: []}})
            self._bots_devices = found["device_keys"].get(self._bot, {})
            if self._bots_devices:
                return
            await self._sync(LONG_POLL)

    async def say(self, room: str, body: str, **more: Any) -> str:
        """Say something and return the event id."""
        return await self.send(room, "m.room.message", {"msgtype": "m.text", "body": body, **more})

    async def tap(self, room: str, poll: str, answer: str) -> str:
        """Answer a native poll as Element does, and return the event id."""
        kind = "org.matrix.msc3381.poll.response"
        relation = {"rel_type": "m.reference", "event_id": poll}
        return await self.send(room, kind, {"m.relates_to": relation, kind: {"answers": [answer]}})

    async def send(self, room: str, kind: str, content: Json) -> str:
        """Send an event that the bot can read, and return its id."""
        await self.share_key(room)
        session = self._outbound[room]
        payload = json.dumps({"type": kind, "content": content, "room_id": room})
        encrypted: Json = {
            "algorithm": MEGOLM,
            "sender_key": self._curve,
            "device_id": self.device.device_id,
            "session_id": session.session_id,
            "ciphertext": session.encrypt(payload.encode()).to_base64(),
        }
        if relation := content.get("m.relates_to"):
            encrypted["m.relates_to"] = relation
        path = f"/rooms/{quote(room)}/send/m.room.encrypted/{uuid.uuid4()}"
        return str((await self._ask("PUT", path, encrypted))["event_id"])

    async def share_key(self, room: str) -> None:
        """Give the bot's devices the key of what is said next, unless they have it."""
        if not self._bots_devices and not self.bare:
            await self.meet()
        if room not in self._outbound:
            session = self._outbound[room] = vodozemac.GroupSession()
            self._inbound[session.session_id] = vodozemac.InboundGroupSession(session.session_key)
        session = self._outbound[room]
        content = {
            "algorithm": MEGOLM,
            "room_id": room,
            "session_id": session.session_id,
            "session_key": session.session_key.to_base64(),
        }
        messages = {}
        for device_id in self._bots_devices:
            if (session.session_id, device_id) not in self._shared:
                messages[device_id] = await self._for_device(device_id, "m.room_key", content)
                self._shared.add((session.session_id, device_id))
        if messages:
            path = f"/sendToDevice/m.room.encrypted/{uuid.uuid4()}"
            await self._ask("PUT", path, {"messages": {self._bot: messages}})

    async def _for_device(self, device_id: str, kind: str, content: Json) -> Json:
        keys = self._bots_devices[device_id]["keys"]
        curve, ed = keys[f"curve25519:{device_id}"], keys[f"ed25519:{device_id}"]
        if curve not in self._olm:
            wanted = {"one_time_keys": {self._bot: {device_id: SIGNED}}}
            claimed: Json = {}
            while self._bot not in claimed:  # some say that they have started before they have uploaded any
                claimed = (await self._ask("POST", "/keys/claim", wanted))["one_time_keys"]
            (key,) = claimed[self._bot][device_id].values()
            public = vodozemac.Curve25519PublicKey.from_base64
            self._olm[curve] = [self._account.create_outbound_session(public(curve), public(key["key"]))]
        payload = {
            "sender": self.device.user_id,
            "sender_device": self.device.device_id,
            "keys": {"ed25519": self._ed},
            "recipient": self._bot,
            "recipient_keys": {"ed25519": ed},
            "type": kind,
            "content": content,
        }
        number, body = self._olm[curve][-1].encrypt(json.dumps(payload).encode()).to_parts()
        ciphertext = {curve: {"type": number, "body": encode_base64(body)}}
        return {"algorithm": OLM, "sender_key": self._curve, "ciphertext": ciphertext}

    # -- hearing ---------------------------------------------------------------------------------

    async def catch_up(self) -> None:
        """Take in everything that is there now."""
        before = None
        while self._since is None or self._since != before:
            before = self._since
            await self._sync(0)

    async def wait_for(self, is_it: Callable[[Heard], bool], within: float = 60) -> Heard:
        """Wait for something the bot says that has not been heard yet, or was; the last one that fits.

        Raises:
            SandboxError: It did not come within so many seconds.
        """
        try:
            async with asyncio.timeout(within):
                while True:
                    found = next((heard for heard in reversed(self.heard) if is_it(heard)), None)
                    if found is not None:
                        return found
                    await self._sync(LONG_POLL)
        except TimeoutError:
            last = self.heard[-1].body if self.heard else "nothing"
            raise SandboxError(
                f"the bot did not say it within {within:.0f} s; its last words: {last}"
            ) from None

    async def ask(self, room: str, body: str, within: float = 60) -> Heard:
        """Say something and wait for the answer to it."""
        sent = await self.say(room, body)
        return await self.wait_for(lambda heard: heard.replies_to == sent, within)

    async def _sync(self, patience: int) -> None:
        query = {"filter": FILTER, "timeout": str(patience)}
        if self._since is not None:
            query["since"] = self._since
        answer = await self._ask("GET", "/sync", None, query)
        self._since = answer["next_batch"]
        for event in answer.get("to_device", {}).get("events", ()):
            self._take(event)
        for room, found in answer.get("rooms", {}).get("join", {}).items():
            for event in found["timeline"]["events"]:
                if event["sender"] == self._bot and "state_key" not in event:
                    self._unread.append({**event, "room_id": room})
        self._unread = [event for event in self._unread if not self._read(event)]

    def _take(self, event: Json) -> None:
        content = event["content"]
        if event["type"] != "m.room.encrypted" or self._curve not in content.get("ciphertext", {}):
            return
        part, sender = content["ciphertext"][self._curve], content["sender_key"]
        message = vodozemac.AnyOlmMessage.from_parts(part["type"], decode_base64(part["body"]))
        first, known = message.to_pre_key(), self._olm.setdefault(sender, [])
        plain: bytes | None = None
        for session in known:
            if first is None or session.session_matches(first):
                try:
                    plain = session.decrypt(message)
                    break
                except vodozemac.OlmDecryptionException:
                    continue
        if plain is None:
            if first is None:
                return
            public = vodozemac.Curve25519PublicKey.from_base64(sender)
            session, plain = self._account.create_inbound_session(public, first)
            known.append(session)
        payload = json.loads(plain)
        if payload["type"] == "m.room_key":
            key = vodozemac.SessionKey(payload["content"]["session_key"])
            self._inbound.setdefault(payload["content"]["session_id"], vodozemac.InboundGroupSession(key))

    def _read(self, event: Json) -> bool:
        """Read an event, and say whether that could be done."""
        content, kind = event["content"], event["type"]
        if kind == "m.room.encrypted":
            session = self._inbound.get(content.get("session_id", ""))
            if session is None:
                return False
            try:
                message = vodozemac.MegolmMessage.from_base64(content["ciphertext"])
                plain = json.loads(session.decrypt(message).plaintext)
            except vodozemac.MegolmDecryptionException:
                return False
            relation = content.get("m.relates_to")
            kind, content = plain["type"], plain["content"] | ({"m.relates_to": relation} if relation else {})
        at = event["origin_server_ts"] / 1000
        self.heard.append(Heard(event["event_id"], event["room_id"], kind, content, at))
        return True

    async def _ask(
        self, method: str, path: str, body: Json | None, query: dict[str, str] | None = None
    ) -> Json:
        headers = {"Authorization": f"Bearer {self.device.token}"}
        async with self._session.request(
            method, self._url + path, json=body, params=query, headers=headers
        ) as answer:
            found: Json = await answer.json()
            if answer.status != 200:
                raise SandboxError(f"{path.partition('?')[0]}: {answer.status} {found}")
            return found
