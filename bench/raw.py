"""The limit: what the server does with bare requests, without a bot.

Rule: the same account, the same rooms and the same sizes as the contestants have, and as many requests at once as
the server does best with.
"""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import aiohttp

from bench.peer import MEGOLM
from bench.server import Server
from bench.world import BOT, in_parallel
from sandbox.install import SandboxError

AT_ONCE = 64
"""Requests in flight; Synapse takes about twice as many events a second as with one, and no more with 128."""
CIPHERTEXT = 800
"""Characters of an encrypted text of the length that is fanned out."""

SYNC: dict[str, Any] = {
    "presence": {"types": []},
    "account_data": {"types": []},
    "room": {
        "ephemeral": {"types": []},
        "account_data": {"types": []},
        "state": {"lazy_load_members": False},
        "timeline": {"limit": 10, "lazy_load_members": False},
    },
}
"""What a client asks for at first that wants all members; the default number of messages."""


class Raw:
    """Bare requests by the bot's account.

    Args:
        server: The server.
        token: A login without keys.
    """

    def __init__(self, server: Server, token: str) -> None:
        self._server = server
        self._headers = {"Authorization": f"Bearer {token}"}
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=AT_ONCE), timeout=aiohttp.ClientTimeout(total=300)
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._session.close()

    async def fan_out(
        self, rooms: Sequence[str], *, encrypted_size: bool = False, at_once: int = AT_ONCE
    ) -> float:
        """Send one event to each room; returns the seconds until the server had answered the last one."""
        if encrypted_size:
            content: dict[str, Any] = {
                "algorithm": MEGOLM,
                "sender_key": secrets.token_urlsafe(32),
                "device_id": "RAW",
                "session_id": secrets.token_urlsafe(32),
                "ciphertext": secrets.token_urlsafe(CIPHERTEXT * 3 // 4),
            }
        else:
            content = {"msgtype": "m.text", "body": "This is the limit."}
        kind = "m.room.encrypted" if encrypted_size else "m.room.message"
        mark, began = self._server.mark(), time.time()
        await in_parallel([self.send(room, kind, content) for room in rooms], at_once)
        done = await self._server.until_sent(mark, BOT, rooms, 5)
        return max(each.at for each in done) - began

    async def send(self, room: str, kind: str, content: dict[str, Any]) -> str:
        """Send one event and return its id."""
        path = f"/rooms/{quote(room)}/send/{kind}/{uuid.uuid4()}"
        return str((await self._ask("PUT", path, content))["event_id"])

    async def initial_sync(self, sync_filter: dict[str, Any]) -> tuple[float, str]:
        """Ask for everything, as a client does that has nothing; returns the seconds and where it ended."""
        began = time.perf_counter()
        answer = await self._ask("GET", "/sync", None, {"filter": json.dumps(sync_filter), "timeout": "0"})
        return time.perf_counter() - began, str(answer["next_batch"])

    async def echo(self, since: str, sync_filter: dict[str, Any]) -> None:
        """Answer every plain `ping` at once, until cancelled: the floor under a bot's answer."""
        query = {"filter": json.dumps(sync_filter), "timeout": "30000"}
        while True:
            answer = await self._ask("GET", "/sync", None, {**query, "since": since})
            since = str(answer["next_batch"])
            for room, found in answer.get("rooms", {}).get("join", {}).items():
                for event in found["timeline"]["events"]:
                    if event["sender"] != BOT and event["type"] == "m.room.encrypted":
                        relation = {"m.in_reply_to": {"event_id": event["event_id"]}}
                        content = {"msgtype": "m.text", "body": "pong", "m.relates_to": relation}
                        await self.send(room, "m.room.message", content)

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None, query: dict[str, str] | None = None
    ) -> dict[str, Any]:
        url = f"{self._server.url}/_matrix/client/v3{path}"
        async with self._session.request(
            method, url, json=body, params=query, headers=self._headers
        ) as answer:
            found: dict[str, Any] = await answer.json()
            if answer.status != 200:
                raise SandboxError(f"{path.partition('?')[0]}: {answer.status} {found}")
            return found
