"""Ask for a bot's very first sync while the program is still being loaded: the server works on it for seconds.

Rule: it is taken only in the place of a request that asks the same. Nothing of it is handled before everything is
checked that is checked at a start, and asking for it changes nothing, here or on the server
(docs/adr/0021-the-server-is-asked-before-the-program-is-loaded.md).
"""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qs, urlencode, urlsplit

import aiohttp

from bot.config import Config
from bot.matrix import datafolder
from bot.matrix.filters import AT_FIRST, NO_RECEIPTS, asked_for

_PATH = "/_matrix/client/v3/sync"


class FirstSync:
    """A sync that was asked for ahead.

    Args:
        homeserver: Its URL, without a slash at the end.
        token: The access token.
    """

    def __init__(self, homeserver: str, token: str) -> None:
        wanted = json.dumps(asked_for(NO_RECEIPTS, AT_FIRST), separators=(",", ":"))
        self._query = urlencode({"full_state": "true", "filter": wanted})
        fetching = asyncio.create_task(self._fetch(homeserver, token), name="first sync")
        # seen even if nobody takes it
        fetching.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._fetching: asyncio.Task[aiohttp.ClientResponse] | None = fetching

    def stands_for(self, method: str, path: str) -> bool:
        """Tell whether a request asks the same, and the answer was not taken yet."""
        if self._fetching is None or method != "GET":
            return False
        asked = urlsplit(path)
        return asked.path == _PATH and parse_qs(asked.query) == parse_qs(self._query)

    async def take(self) -> aiohttp.ClientResponse:
        """Return the answer, its body read, once: it is large, and not kept here.

        Raises:
            aiohttp.ClientError: There was none.
        """
        assert self._fetching is not None  # noqa: S101 - it stands for nothing any more
        fetching, self._fetching = self._fetching, None
        return await fetching

    def drop(self) -> None:
        """Wait for it no longer; it stands for nothing from now on."""
        if self._fetching is not None:
            self._fetching.cancel()
            self._fetching = None

    async def _fetch(self, homeserver: str, token: str) -> aiohttp.ClientResponse:
        url = f"{homeserver}{_PATH}?{self._query}"
        # no limit of time, as for any sync of everything: how long that takes depends on how many rooms there are
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
            answer = await session.get(url, headers={"Authorization": f"Bearer {token}"})
            await answer.read()
            return answer  # not released, which would have its body forgotten


def ask(config: Config, store_key: bytes) -> FirstSync | None:
    """Ask for it, if a setup that was finished left what that takes.

    Raises:
        StartError: As `datafolder.load` and `SavedSession.unseal`.
    """
    saved = datafolder.load(config.data_dir)
    if saved is None or saved.user_id != config.user_id or not saved.is_complete:
        return None
    token = saved.access_token(store_key)
    return FirstSync(config.homeserver.rstrip("/"), token) if token else None
