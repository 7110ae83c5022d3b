"""A person with one device and real encryption, who does what a test says and nothing else.

It talks to the world directly, not over HTTP: only the bot's requests are to go wrong.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import vodozemac
from nio.api import Api
from nio.crypto.attachments import decrypt_attachment, encrypt_attachment
from unpaddedbase64 import decode_base64, encode_base64

from tests.homeserver.world import BOT, SIGNED, Device, Json, World

OLM = "m.olm.v1.curve25519-aes-sha2"
MEGOLM = "m.megolm.v1.aes-sha2"
POLL_START = "org.matrix.msc3381.poll.start"


@dataclass(frozen=True)
class Heard:
    """One event of the bot as this person's app sees it; without content where the key is missing."""

    event_id: str
    kind: str
    content: Json | None

    @property
    def text(self) -> str:
        return "(unreadable)" if self.content is None else str(self.content.get("body", self.kind))


class Peer:
    """Somebody.

    Args:
        world: The homeserver's memory.
        name: Such as `ana`.
        device_id: What the device is called.
    """

    def __init__(self, world: World, name: str, device_id: str = "PHONE") -> None:
        self.world = world
        self.user_id = f"@{name}:test"
        self.device: Device = world.register(self.user_id, device_id)
        self.account = vodozemac.Account()
        self.curve = self.account.curve25519_key.to_base64()
        self.ed = self.account.ed25519_key.to_base64()
        self.asked: list[Json] = []
        self._sessions: dict[str, list[vodozemac.Session]] = {}
        self._outbound: dict[str, vodozemac.GroupSession] = {}
        self._shared: set[tuple[str, str]] = set()
        self._inbound: dict[str, vodozemac.InboundGroupSession] = {}
        self.publish_keys()

    # -- keys ------------------------------------------------------------------------------------

    def publish_keys(self, one_time_keys: int = 20) -> None:
        """Upload the device's keys and some one-time keys."""
        device_id = self.device.device_id
        keys = {
            "algorithms": [OLM, MEGOLM],
            "device_id": device_id,
            "user_id": self.user_id,
            "keys": {f"curve25519:{device_id}": self.curve, f"ed25519:{device_id}": self.ed},
        }
        self.account.generate_one_time_keys(one_time_keys)
        made = {
            f"{SIGNED}:{name}": self._signed({"key": key.to_base64()})
            for name, key in self.account.one_time_keys.items()
        }
        self.account.mark_keys_as_published()
        self.world.upload(self.device, {"device_keys": self._signed(keys), "one_time_keys": made})

    def _signed(self, content: Json) -> Json:
        signature = self.account.sign(Api.to_canonical_json(content).encode()).to_base64()
        return content | {"signatures": {self.user_id: {f"ed25519:{self.device.device_id}": signature}}}

    def _olm(self, to: Device, kind: str, content: Json) -> None:
        """Send an encrypted message to a device, claiming a key of it where there is no session."""
        curve, ed = (to.keys["keys"][f"{key}:{to.device_id}"] for key in ("curve25519", "ed25519"))
        if curve not in self._sessions:
            claimed = self.world.claim({to.user_id: {to.device_id: SIGNED}})["one_time_keys"]
            (key,) = claimed[to.user_id][to.device_id].values()
            public = vodozemac.Curve25519PublicKey.from_base64
            session = self.account.create_outbound_session(public(curve), public(key["key"]))
            self._sessions[curve] = [session]
        payload = {
            "sender": self.user_id,
            "sender_device": self.device.device_id,
            "keys": {"ed25519": self.ed},
            "recipient": to.user_id,
            "recipient_keys": {"ed25519": ed},
            "type": kind,
            "content": content,
        }
        number, body = self._sessions[curve][-1].encrypt(json.dumps(payload).encode()).to_parts()
        ciphertext = {curve: {"type": number, "body": encode_base64(body)}}
        encrypted = {"algorithm": OLM, "sender_key": self.curve, "ciphertext": ciphertext}
        self.world.to_device(self.user_id, "m.room.encrypted", {to.user_id: {to.device_id: encrypted}})

    def read_inbox(self) -> None:
        """Take in room keys and requests for keys."""
        inbox, self.device.inbox = self.device.inbox, []
        for _, event in inbox:
            content = event["content"]
            if event["type"] == "m.room_key_request" and content["action"] == "request":
                self.asked.append(content)
            elif event["type"] == "m.room.encrypted" and self.curve in content["ciphertext"]:
                self._take(content["sender_key"], content["ciphertext"][self.curve])

    def _take(self, sender_key: str, ciphertext: Json) -> None:
        message = vodozemac.AnyOlmMessage.from_parts(ciphertext["type"], decode_base64(ciphertext["body"]))
        first = message.to_pre_key()
        known = self._sessions.setdefault(sender_key, [])
        plain: bytes | None = None
        for session in known:
            if first is None or session.session_matches(first):
                try:
                    plain = session.decrypt(message)
                    break
                except vodozemac.OlmDecryptionException:
                    continue
        if plain is None:
            assert first is not None, "a message of a session that was never begun"
            public = vodozemac.Curve25519PublicKey.from_base64(sender_key)
            session, plain = self.account.create_inbound_session(public, first)
            known.append(session)
        payload = json.loads(plain)
        if payload["type"] == "m.room_key":
            key = vodozemac.SessionKey(payload["content"]["session_key"])
            self._inbound.setdefault(payload["content"]["session_id"], vodozemac.InboundGroupSession(key))

    # -- speaking --------------------------------------------------------------------------------

    def say(self, room_id: str, body: str, *, share: bool = True, **more: Any) -> str:
        """Say something in an encrypted room and return its event id.

        Args:
            room_id: Where.
            body: What.
            share: Whether the bot gets the key, if it has not got it already.
            more: Further parts of the content.
        """
        content = self.encrypted(room_id, "m.room.message", {"msgtype": "m.text", "body": body} | more, share)
        return self.world.put(room_id, self.user_id, "m.room.encrypted", content)

    def sealed(self, content: bytes, mimetype: str, **more: Any) -> tuple[Json, Json]:
        """Put an encrypted file on the server; returns its `file` and its `info`."""
        ciphertext, keys = encrypt_attachment(content)
        media = f"own{len(self.world.media)}"
        self.world.media[media] = ciphertext
        return {"url": f"mxc://test/{media}", **keys}, {"mimetype": mimetype, "size": len(content)} | more

    def send_file(
        self, room_id: str, name: str, content: bytes, mimetype: str, *, share: bool = True, **more: Any
    ) -> str:
        """Send an encrypted file as Element does, and return the event id.

        Args:
            room_id: Where.
            name: What the file is called.
            content: What is in it.
            mimetype: What it says it is.
            share: Whether the bot gets the key of the message.
            more: Further parts of the content.
        """
        file, info = self.sealed(content, mimetype)
        msgtype = "m.image" if mimetype.startswith("image/") else "m.file"
        body = {"msgtype": msgtype, "body": name, "filename": name, "file": file, "info": info}
        encrypted = self.encrypted(room_id, "m.room.message", body | more, share)
        return self.world.put(room_id, self.user_id, "m.room.encrypted", encrypted)

    def reply(self, room_id: str, event_id: str, body: str) -> str:
        """Say something in reply to a message."""
        return self.say(room_id, body, **{"m.relates_to": {"m.in_reply_to": {"event_id": event_id}}})

    def opened(self, file: Json) -> bytes:
        """Download and decrypt a file."""
        ciphertext = self.world.media[file["url"].rpartition("/")[2]]
        opened: bytes = decrypt_attachment(ciphertext, file["key"]["k"], file["hashes"]["sha256"], file["iv"])
        return opened

    def tap(
        self, room_id: str, poll_event_id: str, *answers: str, share: bool = True, stable: bool = False
    ) -> str:
        """Answer a native poll as Element does, with the relation in clear, and return the event id."""
        kind = "m.poll.response" if stable else "org.matrix.msc3381.poll.response"
        said = {"m.selections": answers} if stable else {kind: {"answers": answers}}
        return self.refer(room_id, kind, said, poll_event_id, share=share)

    def refer(
        self,
        room_id: str,
        kind: str,
        content: Json,
        event_id: str,
        relation: str = "m.reference",
        *,
        share: bool = True,
    ) -> str:
        """Say something that refers to an event, with the relation in clear, and return its event id."""
        related = {"m.relates_to": {"rel_type": relation, "event_id": event_id}}
        encrypted = self.encrypted(room_id, kind, content | related, share)
        return self.world.put(room_id, self.user_id, "m.room.encrypted", encrypted | related)

    def start_poll(self, room_id: str, question: str, *answers: str, share: bool = True, **more: Any) -> str:
        """Make a native poll with an app's button and return its event id; its answers are called `a1`, `a2` and so on."""
        content = self.encrypted(room_id, POLL_START, poll_content(question, *answers, **more), share)
        return self.world.put(room_id, self.user_id, "m.room.encrypted", content)

    def withhold(self, code: str, session_id: str | None, kind: str = "m.room_key.withheld") -> None:
        """Tell the bot why it gets no key: of a session, or with `None` of any."""
        content = {"algorithm": MEGOLM, "sender_key": self.curve, "code": code, "reason": "a reason"}
        if session_id is not None:
            content |= {"room_id": "!willow:test", "session_id": session_id}
        for to in self.world.devices_of(BOT):
            self.world.to_device(self.user_id, kind, {BOT: {to.device_id: content}})

    def session_in(self, room_id: str) -> str:
        """Return the id of the session that is used in a room now."""
        return self._outbound[room_id].session_id

    def encrypted(self, room_id: str, kind: str, content: Json, share: bool = True) -> Json:
        """Return the content of an encrypted event."""
        session = self._outbound.get(room_id)
        if session is None:
            session = self._outbound[room_id] = vodozemac.GroupSession()
            self._inbound[session.session_id] = vodozemac.InboundGroupSession(session.session_key)
        if share:
            self.share_key(room_id)
        payload = json.dumps({"type": kind, "content": content, "room_id": room_id})
        return {
            "algorithm": MEGOLM,
            "sender_key": self.curve,
            "device_id": self.device.device_id,
            "session_id": session.session_id,
            "ciphertext": session.encrypt(payload.encode()).to_base64(),
        }

    def share_key(self, room_id: str) -> None:
        """Give the bot the key of what is said next, unless it has it."""
        session = self._outbound[room_id]
        for to in self.world.devices_of(BOT):
            if (session.session_id, to.device_id) not in self._shared:
                self._shared.add((session.session_id, to.device_id))
                content = {
                    "algorithm": MEGOLM,
                    "room_id": room_id,
                    "session_id": session.session_id,
                    "session_key": session.session_key.to_base64(),
                }
                self._olm(to, "m.room_key", content)

    def forward_keys(self) -> None:
        """Answer requests for room keys, as Element does for a person's own sessions."""
        self.read_inbox()
        for content in self.asked:
            asked = content["body"]
            exported = self._inbound[asked["session_id"]].export_at(0)
            assert exported is not None
            (to,) = (
                device
                for device in self.world.devices_of(BOT)
                if device.device_id == content["requesting_device_id"]
            )
            forwarded = {
                "algorithm": MEGOLM,
                "room_id": asked["room_id"],
                "sender_key": self.curve,
                "session_id": asked["session_id"],
                "session_key": exported.to_base64(),
                "sender_claimed_ed25519_key": self.ed,
                "forwarding_curve25519_key_chain": [],
            }
            self._olm(to, "m.forwarded_room_key", forwarded)
        self.asked.clear()

    def new_room_key(self, room_id: str) -> None:
        """Begin another session in a room with the next thing said."""
        self._outbound.pop(room_id, None)

    # -- hearing ---------------------------------------------------------------------------------

    def heard(self, room_id: str) -> list[Heard]:
        """Return everything the bot sent to a room, in the timeline's order, as far as this device can read it."""
        self.read_inbox()
        events = [stored.event for stored in self.world.rooms[room_id].events]
        return [self._read(event) for event in events if event["sender"] == BOT and "state_key" not in event]

    def texts(self, room_id: str) -> list[str]:
        """Return the texts of everything the bot sent to a room."""
        return [heard.text for heard in self.heard(room_id)]

    def _read(self, event: Json) -> Heard:
        content = event["content"]
        if event["type"] != "m.room.encrypted":
            return Heard(event["event_id"], event["type"], content)
        session = self._inbound.get(content["session_id"])
        try:
            assert session is not None
            message = vodozemac.MegolmMessage.from_base64(content["ciphertext"])
            plain = json.loads(session.decrypt(message).plaintext)
        except (AssertionError, vodozemac.MegolmDecryptionException):
            return Heard(event["event_id"], "m.room.encrypted", None)
        return Heard(event["event_id"], plain["type"], plain["content"])


def poll_content(question: str, *answers: str, most: int = 1, kind: str = "disclosed") -> Json:
    """Return a poll's start as Element writes it."""
    text = "org.matrix.msc1767.text"
    return {
        POLL_START: {
            "question": {text: question},
            "kind": f"org.matrix.msc3381.poll.{kind}",
            "max_selections": most,
            "answers": [{"id": f"a{number}", text: words} for number, words in enumerate(answers, 1)],
        },
        text: question,
    }
