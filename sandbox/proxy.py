"""A reverse proxy on a loopback port in front of a homeserver, in which things go wrong when told to.

Rule: what it is not told to spoil passes unchanged, so that what is seen through it is the homeserver's doing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import aiohttp
from aiohttp import web
from yarl import URL

from sandbox.faults import PAGE, Faults, answered

if TYPE_CHECKING:
    from types import TracebackType

OWN_HEADERS = (
    "Host",
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Content-Encoding",
    "Date",
    "Server",
)
LARGEST = 64 * 1024 * 1024


class Proxy(Faults):
    """A proxy in front of one server, as an async context manager.

    Args:
        server: The URL of the server.
    """

    def __init__(self, server: str) -> None:
        super().__init__()
        self._server = server
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(auto_decompress=True, timeout=aiohttp.ClientTimeout(total=None))
        await self.accept_connections()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release_all()
        await self.refuse_connections()
        if self._session is not None:
            await self._session.close()

    def application(self) -> web.Application:
        """Return what passes requests on."""
        app = web.Application(middlewares=[self.middleware], client_max_size=LARGEST)
        app.router.add_route("*", "/{path:.*}", self._forward)
        return app

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        assert self._session is not None  # noqa: S101 - it is there as long as we listen
        passed = {name: value for name, value in request.headers.items() if name not in OWN_HEADERS}
        try:
            async with self._session.request(
                request.method,
                # as it was written: ids have slashes in them
                URL(self._server + request.raw_path, encoded=True),
                headers=passed,
                data=await request.read(),
                allow_redirects=False,
            ) as answer:
                body = await answer.read()
        except aiohttp.ClientConnectionError:
            return answered(502, PAGE)
        headers = {name: value for name, value in answer.headers.items() if name not in OWN_HEADERS}
        return web.Response(status=answer.status, body=body, headers=headers)
