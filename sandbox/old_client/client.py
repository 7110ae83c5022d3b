"""Be a client of the years before vodozemac: matrix-nio 0.25 on libolm, taking orders as JSON lines.

Rule: runs in an environment of its own and imports nothing of this project; it says what it decrypted, no more.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import Any

from nio import (
    Event,
    InviteMemberEvent,
    LoginResponse,
    MatrixRoom,
    MegolmEvent,
    RoomMemberEvent,
    RoomSendResponse,
)
from nio.client.async_client import AsyncClient, AsyncClientConfig

# The default filter brings ten events a room; Synapse gives at most a hundred.
FILTER = {"presence": {"not_types": ["*"]}, "room": {"timeline": {"limit": 100}}}


def write(line: dict[str, Any]) -> None:
    """Say one line to the owner."""
    print(json.dumps(line), flush=True)


class OldClient:
    """One user of matrix-nio 0.25."""

    def __init__(self, url: str, user_id: str, store: str) -> None:
        config = AsyncClientConfig(encryption_enabled=True, store_sync_tokens=False)
        self.nio = AsyncClient(url, user_id, store_path=store, config=config)
        self.position = 0
        self.syncing: asyncio.Task[None] | None = None

    async def enter(self, password: str) -> dict[str, str]:
        """Log in and sync for ever."""
        answer = await self.nio.login(password, device_name="old client")
        if not isinstance(answer, LoginResponse):
            raise RuntimeError(str(answer))  # noqa: TRY004 - the server's refusal
        self.nio.add_event_callback(self.see, Event)
        self.nio.add_event_callback(self.accept, InviteMemberEvent)  # type: ignore[arg-type] # as documented
        await self.nio.sync(timeout=0, full_state=True, sync_filter=FILTER)
        self.syncing = asyncio.create_task(self.nio.sync_forever(timeout=30_000, sync_filter=FILTER))
        self.syncing.add_done_callback(lambda _: sys.exit("the sync ended"))
        return {"user_id": answer.user_id, "device_id": answer.device_id}

    async def accept(self, room: MatrixRoom, event: InviteMemberEvent) -> None:
        """Join every room this user is invited to."""
        if event.membership == "invite" and event.state_key == self.nio.user_id:
            await self.nio.join(room.room_id)

    async def see(self, room: MatrixRoom, event: Event) -> None:
        """Report an event as it was decrypted here."""
        unread = isinstance(event, MegolmEvent)
        seen = {
            "event_id": event.event_id,
            "room_id": room.room_id,
            "sender": event.sender,
            "type": event.source["type"],
            "state_key": event.source.get("state_key"),
            "content": event.source["content"],
            "origin_server_ts": event.server_timestamp,
            "encrypted": unread or event.decrypted,
            "shield": None,
            "shield_reason": None,
            "redacted": "redacted_because" in event.source.get("unsigned", {}),
            "utd": "NO_SESSION" if unread else None,
            "position": self.position,
        }
        self.position += 1
        write({"push": "event", "seen": seen})
        if isinstance(event, RoomMemberEvent):
            who = {"user_id": event.state_key, "membership": event.membership}
            write({"push": "membership", "room_id": room.room_id, **who})

    async def send(self, room_id: str, type: str, content: dict[str, Any]) -> str:
        """Send an event once the room is known, to every device there is."""
        while room_id not in self.nio.rooms:
            await self.nio.synced.wait()
        if self.nio.should_query_keys:
            await self.nio.keys_query()
        answer = await self.nio.room_send(room_id, type, content, ignore_unverified_devices=True)
        if not isinstance(answer, RoomSendResponse):
            raise RuntimeError(str(answer))  # noqa: TRY004 - the server's refusal
        return str(answer.event_id)

    async def carry_out(self, op: str, request: dict[str, Any]) -> str | dict[str, str]:
        """Do what the owner asked for."""
        if op == "enter":
            return await self.enter(**request)
        if op == "send":
            return await self.send(**request)
        raise RuntimeError(f"no operation {op}")


async def answer(client: OldClient, line: bytes) -> None:
    """Carry out one order and say what became of it."""
    request = json.loads(line)
    number, op = request.pop("id"), request.pop("op")
    try:
        write({"id": number, "ok": await client.carry_out(op, request)})
    except Exception as error:  # noqa: BLE001 - the owner is told, and decides
        write({"id": number, "error": f"{type(error).__name__}: {error}"})


async def main() -> None:
    """Serve until standard input ends."""
    url, user_id, store = sys.argv[1:]
    orders = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    client = OldClient(url, user_id, store)
    write({"push": "ready"})
    running: set[asyncio.Task[None]] = set()
    async for line in orders:
        task = asyncio.create_task(answer(client, line))
        running.add(task)
        task.add_done_callback(running.discard)
    os._exit(0)  # the sync would go on


if __name__ == "__main__":
    asyncio.run(main())
