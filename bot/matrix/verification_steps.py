"""Carries the steps of verifications to the other side, and asks the server what they need.

Rule: a step whose sending failed is sent again under the same transaction id, so that it arrives once; and
nothing is ever sent into a room that is not encrypted.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from bot.domain.errors import GiveUp, Retry
from bot.matrix.backoff import Backoff, Pause
from bot.matrix.client import BotClient
from bot.matrix.identity import Published
from bot.matrix.requests import V3, request
from bot.matrix.sas_flow import Flow, Sending
from bot.matrix.verification_events import PREFIX, Heard, is_request_to
from bot.ports import Clock

log = logging.getLogger(__name__)

LASTS = timedelta(minutes=10)
"""How long one verification may take (specification: a request older than this is ignored)."""
EVERY_DEVICE = "*"

T = TypeVar("T")


@dataclass
class Talk:
    """A verification under way.

    Args:
        number: What the operator calls it; 0 for one that was never taken up.
        device_id: From which of their devices, or `EVERY_DEVICE` where that is not known.
        room_id: The room, or `None` if it goes from device to device.
        told: Whether the log has said that it waits for the operator.
    """

    number: int
    flow: Flow
    user_id: str
    device_id: str
    room_id: str | None
    transaction: str
    begun_at: datetime
    told: bool = False

    def is_late(self, now: datetime) -> bool:
        """Tell whether its time is over."""
        return now - self.begun_at >= LASTS

    @property
    def ids(self) -> dict[str, str]:
        """What the log says beside its sentences."""
        return {"room_id": self.room_id} if self.room_id else {}


class Courier:
    """Sends steps and looks things up.

    Args:
        client: Logged in.
        clock: The source of time.
        pause: How to wait before another try.
    """

    def __init__(self, client: BotClient, clock: Clock, pause: Pause = asyncio.sleep) -> None:
        self._client = client
        self._clock = clock
        self._pause = pause

    async def send(self, talk: Talk, sendings: list[Sending]) -> None:
        """Send steps in order; where one cannot be sent, the verification is over."""
        for sending in sendings:
            try:
                await self._patiently(talk, partial(self._send, talk, sending, uuid.uuid4().hex))
            except GiveUp as error:
                log.warning("a step could not be sent: %s", error.reason, extra=talk.ids)
                talk.flow.cancel("m.timeout" if talk.is_late(self._clock.now()) else "m.user")
                return

    async def send_once(self, talk: Talk, sendings: list[Sending]) -> None:
        """Send steps, each tried once."""
        for sending in sendings:
            try:
                await self._send(talk, sending, uuid.uuid4().hex)
            except (Retry, GiveUp) as error:
                log.info("a step could not be sent: %s", error.reason, extra=talk.ids)

    async def keys_of(self, talk: Talk) -> dict[str, str]:
        """Ask for the keys that the other side's codes are compared with; none if the server does not say."""
        query = {"device_keys": {talk.user_id: [talk.device_id]}}
        ask = partial(request, self._client, "POST", f"{V3}/keys/query", query)
        try:
            published = Published.parse(await self._patiently(talk, ask), talk.user_id, talk.device_id)
        except GiveUp as error:
            log.warning("the keys of %s are not told: %s", talk.user_id, error.reason)
            return {}
        key_id = f"ed25519:{talk.device_id}"
        keys = (published.device or {}).get("keys")
        key = keys.get(key_id) if isinstance(keys, dict) else None
        known = {key_id: key} if isinstance(key, str) else {}
        return known | ({f"ed25519:{published.master}": published.master} if published.master else {})

    async def was_for_us(self, heard: Heard) -> bool:
        """Ask the server whether a step in a room goes on with its sender's request to us."""
        path = f"{V3}/rooms/{quote(heard.room_id or '', safe='')}/event/{quote(heard.transaction, safe='')}"
        try:
            found = await request(self._client, "GET", path)
        except (Retry, GiveUp):
            return False
        content = found.get("content")
        return (
            found.get("sender") == heard.user_id
            and isinstance(content, dict)
            and is_request_to(self._client.user_id, found.get("type"), content)
        )

    async def _patiently(self, talk: Talk, work: Callable[[], Awaitable[T]]) -> T:
        """Try until it is done.

        Raises:
            GiveUp: The server refuses, or the verification's time is over.
        """
        backoff = Backoff(self._pause)
        while True:
            try:
                return await work()
            except Retry as error:
                if talk.is_late(self._clock.now()):
                    raise GiveUp(f"it took too long: {error.reason}") from error
                await backoff.wait(error)

    async def _send(self, talk: Talk, sending: Sending, txn_id: str) -> None:
        kind, content = PREFIX + sending.kind, dict(sending.content)
        if talk.room_id is None:
            content["transaction_id"] = talk.transaction
            body = {"messages": {talk.user_id: {talk.device_id: content}}}
            await request(self._client, "PUT", f"{V3}/sendToDevice/{kind}/{txn_id}", body)
            return
        room = self._client.rooms.get(talk.room_id)
        if room is None or not room.encrypted:
            raise GiveUp("the room is not there any more, or not encrypted")
        content["m.relates_to"] = {"rel_type": "m.reference", "event_id": talk.transaction}
        await self._client.preparer.prepare([talk.room_id])
        kind, content = self._client.encrypt(talk.room_id, kind, content)
        path = f"{V3}/rooms/{quote(talk.room_id, safe='')}/send/{kind}/{txn_id}"
        await request(self._client, "PUT", path, content)
