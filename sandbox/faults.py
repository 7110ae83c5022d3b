"""What can go wrong between a client and its homeserver, as a middleware for aiohttp.

Rule: a fault is asked for by the words of a request, happens a counted number of times and never depends on
time: what is held is held until it is let go. The in-process homeserver of the tests and the proxy in front of
Synapse share it, so that a fault means the same on both.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE = "<html><body><h1>502 Bad Gateway</h1></body></html>"
"""What a proxy says on its own behalf."""


@dataclass
class Fault:
    """Something that goes wrong with some requests.

    Args:
        what: Before anything happened: `fail` answers at once, `refuse` closes the connection, `wait` holds the
            request. After it happened: `lose` closes within the answer, `drop` before it, `cut` gives half of
            its text, `hold` holds it, `repeat` gives the last good answer to such a request once more and
            forgets this one, `rewrite` changes its JSON.
        pattern: Found in `METHOD /path`.
        times: How many requests are left to go wrong.
        status: The HTTP status, for `fail`.
        body: JSON or a page, for `fail`.
        headers: For `fail`.
        change: Changes the parsed answer in place, for `rewrite`.
        reached: Set when it happens.
    """

    what: str
    pattern: re.Pattern[str]
    times: int
    status: int = 0
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    change: Callable[[Any], None] | None = None
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def release(self) -> None:
        """Let go what is held, and let nothing more go wrong."""
        self.times = 0
        self.released.set()


class Faults:
    """A server on a loopback port with its faults, and what was asked of it and answered.

    Attributes:
        asked: Every request as `METHOD /path`, in order.
        statuses: How often each status was answered, by the request's `METHOD endpoint`; 0 is no answer.
    """

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self.faults: list[Fault] = []
        self.asked: list[str] = []
        self.statuses: Counter[tuple[str, int]] = Counter()
        self._on_change = on_change
        self._last_good: dict[str, bytes] = {}
        self._port = 0
        self._runner: web.AppRunner | None = None

    def application(self) -> web.Application:
        """Return what answers the requests that get through; it has the middleware."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """The base URL for clients, which stays the same while connections are refused."""
        return f"http://127.0.0.1:{self._port}"

    async def accept_connections(self) -> None:
        """Listen, at the same port as before."""
        self._runner = web.AppRunner(
            self.application(), access_log=None, shutdown_timeout=0.1, handler_cancellation=True
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port, reuse_address=True).start()
        self._port = self._runner.addresses[0][1]

    async def refuse_connections(self) -> None:
        """Close every connection and accept none."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def fault(self, what: str, pattern: str, times: int = 1, **more: Any) -> Fault:
        """Let something go wrong; see `Fault`."""
        fault = Fault(what, re.compile(pattern), times, **more)
        self.faults.append(fault)
        return fault

    def fail(
        self,
        pattern: str,
        status: int,
        errcode: str = "",
        times: int = 1,
        headers: dict[str, str] | None = None,
        **body: Any,
    ) -> Fault:
        """Refuse requests before they have any effect; without a code, as a proxy would."""
        answer: Any = {"errcode": errcode, "error": "no", **body} if errcode else PAGE
        return self.fault("fail", pattern, times, status=status, body=answer, headers=headers or {})

    def rewrite(self, pattern: str, change: Callable[[Any], None], times: int = 1) -> Fault:
        """Change what good answers say."""
        return self.fault("rewrite", pattern, times, change=change)

    def release_all(self) -> None:
        """Let everything go well from now on."""
        for fault in self.faults:
            fault.release()
        self.faults.clear()

    def count(self, pattern: str) -> int:
        """Return how many such requests came."""
        return sum(re.search(pattern, asked) is not None for asked in self.asked)

    def answered(self, status: int, endpoint: str = "") -> int:
        """Return how often a status was answered, by one endpoint or by all."""
        return sum(
            count for (name, code), count in self.statuses.items() if code == status and endpoint in name
        )

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let a request go wrong as was asked for."""
        asked = f"{request.method} {request.path}"
        self.asked.append(asked)
        self._on_change()
        status = 0
        try:
            answer = await self._answer(request, handler, asked)
            status = 0 if request.transport is None or request.transport.is_closing() else answer.status
        finally:
            self.statuses[endpoint(asked), status] += 1
            self._on_change()
        return answer

    async def _answer(self, request: web.Request, handler: Handler, asked: str) -> web.StreamResponse:
        if fault := self._struck(asked, "fail"):
            return answered(fault.status, fault.body, fault.headers)
        if self._struck(asked, "refuse"):
            return await _broken(request, "drop")
        if fault := self._struck(asked, "wait"):
            await fault.released.wait()
        answer = await handler(request)
        # a sync may have been waiting for news since before the fault was asked for
        if "/sync" in asked and (fault := self._struck(asked, "fail")):
            return answered(fault.status, fault.body, fault.headers)
        if fault := self._struck(asked, "hold"):
            await fault.released.wait()
        if fault := self._struck(asked, "lose", "drop"):
            return await _broken(request, fault.what)
        if not isinstance(answer, web.Response) or answer.status != 200:
            return answer
        return self._spoilt(asked, answer)

    def _spoilt(self, asked: str, answer: web.Response) -> web.Response:
        body = answer.body if isinstance(answer.body, bytes) else b""
        place = endpoint(asked)
        if place in self._last_good and self._struck(asked, "repeat"):
            return _json(self._last_good[place])
        self._last_good[place] = body
        if self._struck(asked, "cut"):
            return _json(body[: len(body) // 2])
        if fault := self._struck(asked, "rewrite"):
            assert fault.change is not None  # noqa: S101 - `rewrite` gives one
            content = json.loads(body)
            fault.change(content)
            return _json(json.dumps(content).encode())
        return answer

    def _struck(self, asked: str, *kinds: str) -> Fault | None:
        for fault in self.faults:
            if fault.times > 0 and fault.what in kinds and fault.pattern.search(asked):
                fault.times -= 1
                fault.reached.set()
                self._on_change()
                return fault
        return None


_ENDPOINTS = re.compile(
    r"/(sync|send|redact|sendToDevice|keys/\w+|messages|event|joined_members|state|join|leave|invite|kick"
    r"|upload|download|versions|whoami|login)(?=/|$)"
)


def endpoint(asked: str) -> str:
    """Return a request without its ids, such as `PUT send`."""
    method, _, path = asked.partition(" ")
    found = _ENDPOINTS.search(path)
    return f"{method} {found[1] if found else 'other'}"


def answered(status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
    """Return an answer; a text is a proxy's page."""
    if isinstance(body, str):
        return web.Response(status=status, text=body, content_type="text/html", headers=headers)
    return web.json_response(body, status=status, headers=headers)


def _json(body: bytes) -> web.Response:
    return web.Response(body=body, content_type="application/json")


async def _broken(request: web.Request, how: str) -> web.StreamResponse:
    broken = web.StreamResponse(headers={"Content-Length": "1000"})
    if how == "lose":  # within the answer; before it, the client's library may repeat the request itself
        await broken.prepare(request)
    if request.transport is not None:
        request.transport.abort()
    return broken
