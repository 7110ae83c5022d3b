"""A bot on mautrix-python with its SQLite stores, set up as maubot sets its clients up.

Rule: it lives in an environment of its own (libolm) and imports nothing of this project.
"""

from __future__ import annotations

import asyncio
from typing import Any

# of another environment than the one that is type-checked
from mautrix.client import Client, InternalEventType  # type: ignore[import-not-found]
from mautrix.crypto import OlmMachine, PgCryptoStateStore, PgCryptoStore  # type: ignore[import-not-found]
from mautrix.types import (  # type: ignore[import-not-found]
    EventFilter,
    EventType,
    Filter,
    InReplyTo,
    MessageType,
    RelatesTo,
    RoomEventFilter,
    RoomFilter,
    StateFilter,
    TextMessageEventContent,
)
from mautrix.util.async_db import Database  # type: ignore[import-not-found]
from orders import serve  # type: ignore[import-not-found] # beside this file, wherever it runs

VOTE = EventType.find("org.matrix.msc3381.poll.response", EventType.Class.MESSAGE)
FILTER = Filter(
    presence=EventFilter(not_types=[EventType.ALL]),
    room=RoomFilter(
        include_leave=False,
        state=StateFilter(lazy_load_members=True),
        timeline=RoomEventFilter(lazy_load_members=True, limit=50),
    ),
)


class Syncing(Client):  # type: ignore[misc]
    """A client that says when its first sync has been handled."""

    first: asyncio.Event

    def handle_sync(self, data: Any) -> list[asyncio.Task[Any]]:
        """Handle an answer."""
        tasks: list[asyncio.Task[Any]] = super().handle_sync(data)
        if not self.first.is_set():
            asyncio.gather(*tasks, return_exceptions=True).add_done_callback(lambda _: self.first.set())
        return tasks


class MautrixBot:
    """The bot."""

    def __init__(self) -> None:
        self.counted = 0
        self._client: Syncing | None = None
        self._database: Any = None

    async def start(self, url: str, user: str, device: str, token: str, store: str) -> None:
        """Open the stores and sync."""
        self._database = database = Database.create(f"sqlite:///{store}/mautrix.db")
        await database.start()
        crypto_store = PgCryptoStore(account_id=user, pickle_key="bench", db=database)
        state_store = PgCryptoStateStore(database)
        for one in (crypto_store, state_store):
            await one.upgrade_table.upgrade(database)
        await crypto_store.open()
        client = Syncing(
            mxid=user,
            device_id=device,
            base_url=url,
            token=token,
            sync_store=crypto_store,
            state_store=state_store,
        )
        self._client = client
        client.first = asyncio.Event()
        client.crypto = OlmMachine(client, crypto_store, state_store)
        await crypto_store.put_device_id(device)
        await client.crypto.load()
        if not client.crypto.account.shared:
            await client.crypto.share_keys()
        client.add_event_handler(EventType.ROOM_MESSAGE, self._hear)
        client.add_event_handler(VOTE, self._count)
        stopped = asyncio.Event()
        client.add_event_handler(InternalEventType.SYNC_STOPPED, lambda _: stopped.set())
        knows = await crypto_store.get_next_batch()
        client.start(FILTER)
        if knows:
            return  # it listens already: the first answer comes when there is news
        done = [asyncio.create_task(event.wait()) for event in (client.first, stopped)]
        await asyncio.wait(done, return_when=asyncio.FIRST_COMPLETED)
        if stopped.is_set():
            raise RuntimeError("the sync has ended")

    async def send(self, room: str, text: str) -> None:
        """Send one message."""
        await self._send(room, TextMessageEventContent(msgtype=MessageType.TEXT, body=text))

    async def stop(self) -> None:
        """Stop syncing and close."""
        if self._client is not None:
            self._client.stop()
            await self._client.api.session.close()
        await self._database.stop()

    async def _send(self, room: str, content: Any) -> None:
        assert self._client is not None  # noqa: S101 - it was started
        await self._client.send_message_event(room, EventType.ROOM_MESSAGE, content)

    async def _hear(self, event: Any) -> None:
        if event.content.body.startswith("!ping") and self._client and event.sender != self._client.mxid:
            content = TextMessageEventContent(msgtype=MessageType.TEXT, body="pong")
            content.relates_to = RelatesTo(in_reply_to=InReplyTo(event_id=event.event_id))
            await self._send(event.room_id, content)

    async def _count(self, _: Any) -> None:
        self.counted += 1


if __name__ == "__main__":
    asyncio.run(serve(MautrixBot()))
