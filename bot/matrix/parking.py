"""Keeps encrypted events that cannot be read yet, and reads them when their key or device list has come.

Rule: only what the server showed is kept, never what was decrypted; and an event is let go of in the same
transaction in which it is handled. Why a key was withheld is nobody's signed word: it chooses a sentence, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from nio.events import Event, MegolmEvent, UnknownToDeviceEvent

from bot.domain.names import clean
from bot.matrix.client import BotClient
from bot.matrix.inbound import Readable, readable
from bot.ports import Clock
from bot.store import held, inbox, rooms, unread
from bot.store.database import Tx
from bot.text import utc

WITHHELD = ("m.room_key.withheld", "org.matrix.room_key.withheld")
CODES = ("m.blacklisted", "m.unverified", "m.unauthorised", "m.unavailable", "m.no_olm")
"""Reasons of the Matrix specification (`m.room_key.withheld`)."""
LONGEST_KEY = 100
"""Characters; a session's id and a device's key have 43."""


class Parking:
    """Where unreadable events wait.

    Args:
        client: Has the keys.
        clock: The source of time.
    """

    def __init__(self, client: BotClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self.may_be_readable = True
        """Whether something has happened since the last look that can make an event readable."""

    async def park(self, tx: Tx, room_id: str, event: Any) -> None:
        """Keep an event for later."""
        keyless = isinstance(event, MegolmEvent)
        source = event.source if keyless else event.encrypted_source
        relation = _dict(source["content"].get("m.relates_to"))
        waiting = inbox.Parked(
            event.event_id,
            room_id,
            event.sender,
            event.session_id or "",
            source,
            self._clock.now(),
            utc(event.server_timestamp),
            _text(relation.get("rel_type")),
            _text(relation.get("event_id")),
            "key" if keyless else "devices",
        )
        await inbox.park(tx, waiting)
        if not keyless and room_id in self._client.rooms:
            # whose device it is from, and then whose devices an answer goes to
            self._client.queries.hurry(self._client.rooms[room_id].users)

    async def waiting(self, tx: Tx) -> list[inbox.Parked]:
        """Return what may be tried, in the order it came: what there is a key of, but not what an unsigned device sent."""
        keys = self._client.olm.inbound_group_store
        found = await inbox.parked_of_sessions(tx, lambda *session: bool(keys.find(*session)))
        unsigned = await held.ids(tx) if found else set()
        return [
            waiting
            for waiting in found
            if waiting.event_id not in unsigned
            or self._client.is_key_trusted(waiting.sender, waiting.source["content"].get("sender_key"))
        ]

    async def take(self, tx: Tx, waiting: inbox.Parked) -> Event | None:
        """Return an event decrypted and let go of it, or `None` if it cannot be read yet."""
        event = MegolmEvent.from_dict(waiting.source)
        if not isinstance(event, MegolmEvent):
            await inbox.unpark(tx, waiting.event_id)
            return None
        event.room_id = waiting.room_id
        olm = self._client.olm
        if olm.room_key_of(event, event.room_id) is None:
            return None
        # nio wants an unknown device's owner asked for again each time it decrypts; what was asked already counts
        unasked = waiting.sender in olm.users_for_key_query
        plain = olm._decrypt_megolm_no_error(event)
        if not isinstance(plain, Event):
            return None
        if not self._client.is_bound_to_device(plain):
            if unasked:
                return None
            olm.users_for_key_query.discard(waiting.sender)
        if readable(self._client, plain) is Readable.LATER:
            return None
        await inbox.unpark(tx, waiting.event_id)
        await held.drop(tx, waiting.event_id)
        await unread.forget_withheld(tx, waiting)
        return plain

    async def note_withheld(self, tx: Tx, events: Iterable[Any]) -> None:
        """Keep why members' apps give us no key, of keys that are not here.

        Args:
            tx: The open transaction.
            events: Messages to this device, of any kind.
        """
        found = [
            event for event in events if isinstance(event, UnknownToDeviceEvent) and event.type in WITHHELD
        ]
        here = {session.id for session in self._client.olm.inbound_group_store} if found else set()
        for event in found:
            content = event.source["content"]
            code, key = content.get("code"), content.get("session_id") or content.get("sender_key")
            if (
                code in CODES
                and isinstance(key, str)
                and len(key) <= LONGEST_KEY
                and key not in here
                and await rooms.shared_rooms(tx, clean(event.sender))
            ):
                await unread.note_withheld(tx, self._clock.now(), clean(event.sender), clean(key), code)


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return clean(value) if isinstance(value, str) else None
