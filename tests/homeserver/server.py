"""The homeserver on a loopback port; what can go wrong on the way to it is `sandbox.faults`."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from bot.ports import FixedClock
from sandbox.faults import Faults, Handler, answered
from tests.homeserver import syncing
from tests.homeserver.world import Bell, Device, Json, MatrixError, World

V3 = "/_matrix/client/v3"


class Homeserver(Faults):
    """An HTTP face on a `World`."""

    def __init__(self, world: World) -> None:
        super().__init__(world.bell.ring)
        self.world = world
        self.polled_at: int | None = None
        self.rewind = 0
        self.filters: list[Json] = []
        """What each `/sync` asked for."""
        self._delivered: set[tuple[str, str]] = set()
        self._stopping = False
        self.largest_upload = 2**26
        self.received: list[bytes] | None = None
        """Every request as it came, with its headers and its body, once a test has set it to a list."""
        self.limit(0, 0)

    @classmethod
    @asynccontextmanager
    async def running(cls) -> AsyncIterator[Homeserver]:
        """Run on a free port until the block ends."""
        server = cls(World(FixedClock(), Bell()))
        await server.accept_connections()
        try:
            yield server
        finally:
            server._stopping = True
            server.release_all()
            server.world.bell.ring()
            await server.refuse_connections()

    def application(self) -> web.Application:
        """Return what answers requests."""
        app = web.Application(middlewares=[self._record, self.middleware, _refusals], client_max_size=2**26)
        app.add_routes(self._routes())
        return app

    def limit(self, per_second: float, burst: int) -> None:
        """Limit how fast anybody may send, as Synapse does; 0 and 0 lift it."""
        self._per_second, self._burst, self._used, self._used_at = (
            per_second,
            burst,
            0.0,
            self.world.clock.now(),
        )

    def _spend(self) -> None:
        if not self._per_second:
            return
        now = self.world.clock.now()
        passed = (now - self._used_at).total_seconds()
        self._used, self._used_at = max(self._used - passed * self._per_second, 0), now
        if self._used + 1 > self._burst:
            wait = round((self._used + 1 - self._burst) / self._per_second * 1000)
            raise MatrixError(429, "M_LIMIT_EXCEEDED", "Too Many Requests", retry_after_ms=wait)
        self._used += 1

    # -- requests --------------------------------------------------------------------------------

    def _routes(self) -> list[web.RouteDef]:
        def to(method: str, path: str, work: Callable[[Device, web.Request, Json], Json]) -> web.RouteDef:
            async def handler(request: web.Request) -> web.StreamResponse:
                body = await request.json() if request.body_exists else {}
                return answered(200, work(self._device(request), request, body))

            return web.route(method, path, handler)

        world, room = self.world, f"{V3}/rooms/{{room}}"
        return [
            web.get("/_matrix/client/versions", self._versions),
            web.get(f"{V3}/sync", self._sync),
            web.post("/_matrix/media/v3/upload", self._upload),
            web.get("/_matrix/client/v1/media/download/{server}/{media}", self._download),
            web.get("/_matrix/client/v1/media/config", self._media_config),
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
            to(
                "GET",
                "/_matrix/client/v1/rooms/{room}/relations/{event}",
                lambda _, request, __: self._relations(request),
            ),
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
        return answered(200, {"versions": ["v1.11"]})

    async def _sync(self, request: web.Request) -> web.StreamResponse:
        device, query = self._device(request), request.query
        since = int(query["since"][1:]) if "since" in query else None
        wanted = json.loads(query["filter"])
        self.filters.append(wanted)
        full = since is None or query.get("full_state") == "true"
        while True:
            shown_since = since
            if since is not None and self.rewind:
                shown_since, self.rewind = max(since - self.rewind, 0), 0
            answer, has_news = syncing.sync(self.world, device, shown_since, wanted, full)
            if has_news or full or self._stopping or query.get("timeout") in (None, "0"):
                return answered(200, answer)
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
        self._spend()
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
                return self._with_edit(stored.event, request.match_info["room"])
        raise MatrixError(404, "M_NOT_FOUND")

    def _with_edit(self, event: Json, room: str) -> Json:
        """Show an event with its newest edit beside it, as Synapse does."""
        for stored in reversed(self.world.rooms[room].events):
            relation = stored.event["content"].get("m.relates_to", {})
            named = relation.get("rel_type"), relation.get("event_id"), stored.event["sender"]
            if named == ("m.replace", event["event_id"], event["sender"]):
                return event | {"unsigned": {"m.relations": {"m.replace": stored.event}}}
        return event

    def _relations(self, request: web.Request) -> Json:
        """Show what refers to an event, the newest first, some at a time, as Synapse does: never what was deleted."""
        room, target = self.world.rooms[request.match_info["room"]], request.match_info["event"]
        found = [
            stored.event
            for stored in reversed(room.events)
            if stored.event["content"].get("m.relates_to", {}).get("event_id") == target
        ]
        start, limit = int(request.query.get("from", 0)), int(request.query.get("limit", 5))
        more = {"next_batch": str(start + limit)} if start + limit < len(found) else {}
        return {"chunk": found[start : start + limit]} | more

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

    def _leave(self, device: Device, request: web.Request, body: Json) -> Json:
        room = request.match_info["room"]
        if self.world.rooms[room].membership(device.user_id) not in ("join", "invite"):
            raise MatrixError(403, "M_FORBIDDEN", "User not in room")
        self.world.member(room, device.user_id, "leave", reason=body.get("reason"))
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
        content = await request.read()
        if len(content) > self.largest_upload:
            raise MatrixError(413, "M_TOO_LARGE", "Upload request body is too large")
        media = f"m{len(self.world.media) + 1}"
        self.world.media[media] = content
        return answered(200, {"content_uri": f"mxc://test/{media}"})

    async def _download(self, request: web.Request) -> web.StreamResponse:
        self._device(request)
        content = self.world.media.get(request.match_info["media"])
        if content is None:
            raise MatrixError(404, "M_NOT_FOUND", "Not found")
        return web.Response(body=content)

    async def _media_config(self, request: web.Request) -> web.StreamResponse:
        self._device(request)
        return answered(200, {"m.upload.size": self.largest_upload})

    @web.middleware
    async def _record(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if self.received is not None:
            head = f"{request.method} {request.path_qs} {dict(request.headers)} "
            self.received.append(head.encode() + await request.read())
        return await handler(request)


@web.middleware
async def _refusals(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except MatrixError as error:
        return answered(error.status, error.body)
