"""The homeserver on a loopback port, and everything that can go wrong on the way to it.

Faults are asked for by the words of a request (`PUT .*/send/`), happen a counted number of times, and
never depend on time: what is held is held until the test lets it go.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from bot.ports import FixedClock
from tests.homeserver import syncing
from tests.homeserver.world import Bell, Device, Json, MatrixError, World

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
V3 = "/_matrix/client/v3"


@dataclass
class Fault:
    """Something that goes wrong with some requests.

    Args:
        what: `fail` before anything happened, or after it happened `lose` the answer (closed within it),
            `drop` it (closed before it), `cut` it (half of its text) or `hold` it; `wait` holds the request.
        pattern: Found in `METHOD /path`.
        times: How many requests are left to go wrong.
    """

    what: str
    pattern: re.Pattern[str]
    times: int
    status: int = 0
    body: Any = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        self.times = 0
        self.released.set()


class Homeserver:
    """An HTTP face on a `World`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.url = ""
        self.faults: list[Fault] = []
        self.asked: list[str] = []
        self.polled_at: int | None = None
        self.rewind = 0
        self._delivered: set[tuple[str, str]] = set()
        self._stopping = False

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[Homeserver]:
        """Run on a free port until the block ends."""
        server = cls(World(FixedClock(), Bell()))
        app = web.Application(middlewares=[server._through_faults], client_max_size=2**26)
        app.add_routes(server._routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield server
        finally:
            server._stopping = True
            for fault in server.faults:
                fault.release()
            server.world.bell.ring()
            await runner.cleanup()

    # -- faults ----------------------------------------------------------------------------------

    def fault(self, what: str, pattern: str, times: int = 1, status: int = 0, body: Any = None) -> Fault:
        """Let something go wrong; see `Fault`."""
        fault = Fault(what, re.compile(pattern), times, status, body)
        self.faults.append(fault)
        return fault

    def fail(self, pattern: str, status: int, errcode: str = "", times: int = 1, **body: Any) -> Fault:
        """Refuse requests before they have any effect; without a code, as a proxy would."""
        answer: Any = {"errcode": errcode, "error": "no", **body} if errcode else "<html>Bad gateway</html>"
        return self.fault("fail", pattern, times, status, answer)

    def count(self, pattern: str) -> int:
        """Return how many such requests came."""
        return sum(re.search(pattern, asked) is not None for asked in self.asked)

    def _struck(self, asked: str, *kinds: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.what in kinds and fault.pattern.search(asked):
                fault.times -= 1
                fault.reached.set()
                self.world.bell.ring()
                return fault
        return None

    @web.middleware
    async def _through_faults(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        asked = f"{request.method} {request.path}"
        self.asked.append(asked)
        self.world.bell.ring()
        if fault := self._struck(asked, "fail"):
            return _answer(fault.status, fault.body)
        if fault := self._struck(asked, "wait"):
            await fault.released.wait()
        try:
            answer = await handler(request)
        except MatrixError as error:
            answer = _answer(error.status, error.body)
        if "/sync" in asked and (fault := self._struck(asked, "fail")):
            return _answer(fault.status, fault.body)
        if fault := self._struck(asked, "hold"):
            await fault.released.wait()
        if fault := self._struck(asked, "cut"):
            assert isinstance(answer, web.Response)
            text = answer.text or ""
            return web.Response(text=text[: len(text) // 2], content_type="application/json")
        if fault := self._struck(asked, "lose", "drop"):
            return await self._broken(request, fault.what)
        return answer

    async def _broken(self, request: web.Request, how: str) -> web.StreamResponse:
        broken = web.StreamResponse(headers={"Content-Length": "1000"})
        if how == "lose":  # within the answer; before it, the client's library may repeat the request itself
            await broken.prepare(request)
        if request.transport is not None:
            request.transport.abort()
        return broken

    # -- requests --------------------------------------------------------------------------------

    def _routes(self) -> list[web.RouteDef]:
        def to(method: str, path: str, work: Callable[[Device, web.Request, Json], Json]) -> web.RouteDef:
            async def handler(request: web.Request) -> web.StreamResponse:
                body = await request.json() if request.can_read_body else {}
                return _answer(200, work(self._device(request), request, body))

            return web.route(method, path, handler)

        world, room = self.world, f"{V3}/rooms/{{room}}"
        return [
            web.get("/_matrix/client/versions", self._versions),
            web.get(f"{V3}/sync", self._sync),
            web.post("/_matrix/media/v3/upload", self._upload),
            web.get("/_matrix/client/v1/media/download/{server}/{media}", self._download),
            to(
                "GET",
                f"{V3}/account/whoami",
                lambda d, _, __: {"user_id": d.user_id, "device_id": d.device_id},
            ),
            to("POST", f"{V3}/keys/upload", lambda d, _, body: world.upload(d, body)),
            to("POST", f"{V3}/keys/query", lambda _, __, body: world.query(body["device_keys"])),
            to("POST", f"{V3}/keys/claim", lambda _, __, body: world.claim(body["one_time_keys"])),
            to("PUT", f"{V3}/sendToDevice/{{type}}/{{txn}}", self._to_device),
            to("PUT", f"{room}/send/{{type}}/{{txn}}", self._send),
            to("PUT", f"{room}/redact/{{event}}/{{txn}}", self._redact),
            to("GET", f"{room}/messages", self._messages),
            to("GET", f"{room}/event/{{event}}", self._event),
            to("GET", f"{room}/state", self._state),
            to("GET", f"{room}/joined_members", self._joined_members),
            to("POST", f"{V3}/join/{{room}}", self._join),
            to("POST", f"{room}/leave", self._leave),
            to("POST", f"{room}/invite", lambda d, r, body: self._change(d, r, body, "invite", 0)),
            to("POST", f"{room}/kick", lambda d, r, body: self._change(d, r, body, "kick", 50)),
        ]

    def _device(self, request: web.Request) -> Device:
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        device = self.world.devices.get(token)
        if device is None:
            raise MatrixError(401, "M_UNKNOWN_TOKEN", "Unknown access token", soft_logout=False)
        return device

    async def _versions(self, _: web.Request) -> web.StreamResponse:
        return _answer(200, {"versions": ["v1.11"]})

    async def _sync(self, request: web.Request) -> web.StreamResponse:
        device, query = self._device(request), request.query
        since = int(query["since"][1:]) if "since" in query else None
        limit = json.loads(query["filter"])["room"]["timeline"]["limit"]
        full = since is None or query.get("full_state") == "true"
        while True:
            shown_since = since
            if since is not None and self.rewind:
                shown_since, self.rewind = max(since - self.rewind, 0), 0
            answer, has_news = syncing.sync(self.world, device, shown_since, limit, full)
            if has_news or full or self._stopping or query.get("timeout") in (None, "0"):
                return _answer(200, answer)
            if self.polled_at != self.world.now:
                self.polled_at = self.world.now
                self.world.bell.ring()
            await self.world.bell.heard()

    def _to_device(self, device: Device, request: web.Request, body: Json) -> Json:
        # the client's library repeats a request whose connection broke; the server knows it by its address
        if (device.token, request.path) not in self._delivered:
            self._delivered.add((device.token, request.path))
            self.world.to_device(device.user_id, request.match_info["type"], body["messages"])
        return {}

    def _send(self, device: Device, request: web.Request, body: Json) -> Json:
        at = request.match_info
        return {"event_id": self.world.send(device, at["room"], at["type"], body, at["txn"])}

    def _redact(self, device: Device, request: web.Request, body: Json) -> Json:
        at = request.match_info
        redacted = self.world.send(device, at["room"], "m.room.redaction", body, at["txn"], at["event"])
        return {"event_id": redacted}

    def _messages(self, device: Device, request: web.Request, _: Json) -> Json:
        room, query = request.match_info["room"], request.query
        self.world.require(room, device.user_id, "", 0)
        limit = int(query.get("limit", 10))
        return syncing.messages(self.world, device, room, query.get("from", ""), query.get("to", ""), limit)

    def _event(self, _: Device, request: web.Request, __: Json) -> Json:
        for stored in self.world.rooms[request.match_info["room"]].events:
            if stored.event["event_id"] == request.match_info["event"]:
                return stored.event
        raise MatrixError(404, "M_NOT_FOUND")

    def _state(self, _: Device, request: web.Request, __: Json) -> Any:
        return [stored.event for stored in self.world.rooms[request.match_info["room"]].state().values()]

    def _joined_members(self, _: Device, request: web.Request, __: Json) -> Json:
        members = self.world.rooms[request.match_info["room"]].members()
        return {"joined": {user: {"display_name": None} for user in members}}

    def _join(self, device: Device, request: web.Request, _: Json) -> Json:
        room = self.world.rooms.get(request.match_info["room"])
        if room is None:
            raise MatrixError(404, "M_UNKNOWN", "No known servers")
        membership = room.membership(device.user_id)
        if membership == "ban" or not (membership in ("invite", "join") or room.public):
            raise MatrixError(403, "M_FORBIDDEN", "You are not invited to this room.")
        if membership != "join":
            self.world.member(room.room_id, device.user_id, "join")
        return {"room_id": room.room_id}

    def _leave(self, device: Device, request: web.Request, _: Json) -> Json:
        room = request.match_info["room"]
        if self.world.rooms[room].membership(device.user_id) not in ("join", "invite"):
            raise MatrixError(403, "M_FORBIDDEN", "User not in room")
        self.world.member(room, device.user_id, "leave")
        return {}

    def _change(self, device: Device, request: web.Request, body: Json, what: str, default: int) -> Json:
        room = request.match_info["room"]
        self.world.require(room, device.user_id, what, default)
        membership = {"invite": "invite", "kick": "leave"}[what]
        if membership == "invite" and self.world.rooms[room].membership(body["user_id"]) in ("join", "ban"):
            raise MatrixError(403, "M_FORBIDDEN", "already in the room, or banned")
        self.world.member(room, body["user_id"], membership, by=device.user_id)
        return {}

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        self._device(request)
        media = f"m{len(self.world.media) + 1}"
        self.world.media[media] = await request.read()
        return _answer(200, {"content_uri": f"mxc://test/{media}"})

    async def _download(self, request: web.Request) -> web.StreamResponse:
        return web.Response(body=self.world.media[request.match_info["media"]])


def _answer(status: int, body: Any) -> web.Response:
    if isinstance(body, str):
        return web.Response(status=status, text=body, content_type="text/html")
    return web.json_response(body, status=status)
