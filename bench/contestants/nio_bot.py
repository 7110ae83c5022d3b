"""A bot on matrix-nio as its examples write one: `sync_forever`, callbacks and `room_send`.

Rule: nothing of ours is in it; it shows what our own work on the library is worth.
"""

from __future__ import annotations

import asyncio
from typing import Any

from nio import MatrixRoom, RoomMessageText, RoomSendResponse, UnknownEvent
from nio.client.async_client import AsyncClient, AsyncClientConfig
from orders import serve  # type: ignore[import-not-found] # beside this file, wherever it runs


class NioBot:
    """The bot."""

    def __init__(self) -> None:
        self.counted = 0
        self._client: AsyncClient | None = None
        self._syncing: asyncio.Task[None] | None = None

    async def start(self, url: str, user: str, device: str, token: str, store: str) -> None:
        """Log in with what there is and sync."""
        config = AsyncClientConfig(encryption_enabled=True, store_sync_tokens=True)
        client = self._client = AsyncClient(url, user, device_id=device, store_path=store, config=config)
        client.restore_login(user, device, token)
        client.add_event_callback(self._hear, RoomMessageText)
        client.add_event_callback(self._count, UnknownEvent)
        self._syncing = asyncio.create_task(client.sync_forever(timeout=30_000, full_state=True))
        synced = asyncio.create_task(client.synced.wait())
        await asyncio.wait([self._syncing, synced], return_when=asyncio.FIRST_COMPLETED)
        if self._syncing.done():
            self._syncing.result()

    async def send(self, room: str, text: str) -> None:
        """Send one message."""
        await self._send(room, {"msgtype": "m.text", "body": text})

    async def stop(self) -> None:
        """Stop syncing and close."""
        if self._syncing is not None:
            self._syncing.cancel()
        if self._client is not None:
            await self._client.close()  # type: ignore[no-untyped-call]

    async def _send(self, room: str, content: dict[str, object]) -> None:
        assert self._client is not None  # noqa: S101 - it was started
        answer = await self._client.room_send(room, "m.room.message", content, ignore_unverified_devices=True)
        if not isinstance(answer, RoomSendResponse):
            raise RuntimeError(str(answer))  # noqa: TRY004 - the server's refusal

    async def _hear(self, room: MatrixRoom, event: Any) -> None:
        if event.body.startswith("!ping") and event.sender != room.own_user_id:
            relation = {"m.in_reply_to": {"event_id": event.event_id}}
            await self._send(room.room_id, {"msgtype": "m.text", "body": "pong", "m.relates_to": relation})

    async def _count(self, _: MatrixRoom, event: Any) -> None:
        self.counted += event.type == "org.matrix.msc3381.poll.response"


if __name__ == "__main__":
    asyncio.run(serve(NioBot()))
