"""Fetches the files of summaries: downloads, checks, opens, cleans, and uploads each once under a new key.

Rule: fetching decides nothing. A row in the database asks for a file; it goes with the transaction in which the file is
known to be here, or cannot be. A crash anywhere before that does it again, and leaves at the worst a ciphertext on the
server that nobody has the key of. Nothing of a file is written to the disk.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from urllib.parse import quote

from nio.crypto.attachments import decrypt_attachment, encrypt_attachment
from nio.exceptions import EncryptionError

from bot.domain.errors import DiskError, GiveUp, Retry
from bot.domain.files import Fetch, Remark, Sealed, Unfit, made_harmless
from bot.domain.metadata import clean
from bot.logs import fault
from bot.matrix.client import BotClient
from bot.matrix.files import ADDRESS, MEDIA_SECONDS, upload
from bot.matrix.requests import NOT_FOUND, Refused, network, read_json, request
from bot.ports import Clock, Fetched, HandleFile, NotFetched
from bot.store import summary_files
from bot.store.database import Database

log = logging.getLogger(__name__)

DOWNLOADS = ("/_matrix/client/v1/media/download", "/_matrix/media/v3/download")
CONFIGS = ("/_matrix/client/v1/media/config", "/_matrix/media/v3/config")
"""With authentication (Matrix specification 1.11), and as servers before that have it."""
LARGEST_THUMBNAIL = 1_000_000
PIECE = 65_536
LONGEST_PAUSE = timedelta(minutes=10)
LOOK_AGAIN = 60.0
"""Seconds, because the system's clock may jump."""


class _Unfit(Exception):
    """The file cannot go along."""

    def __init__(self, why: Unfit) -> None:
        super().__init__(why.value)
        self.why = why


class Fetcher:
    """Fetches what is wanted, one file at a time, so that no more than one is in memory.

    Args:
        client: The logged-in client.
        database: Where the wishes are.
        clock: The source of time.
        handle: Takes in what became of a file.
        largest: Bytes that a file may have; the server may allow fewer.
    """

    def __init__(
        self, client: BotClient, database: Database, clock: Clock, handle: HandleFile, largest: int
    ) -> None:
        self._client = client
        self._database = database
        self._clock = clock
        self._handle = handle
        self._largest = largest
        self.is_busy = False
        """Whether it is at work at this moment."""

    async def run(self) -> None:
        """Fetch until cancelled."""
        wanted = self._database.files_wanted
        while True:
            wanted.clear()
            wait = await self._fetch_due()
            try:
                async with asyncio.timeout(wait if wait is None else min(wait, LOOK_AGAIN)):
                    await wanted.wait()
            except TimeoutError:
                continue

    async def _fetch_due(self) -> float | None:
        """Fetch all that is due; returns the seconds until something may be, or `None` for nothing in sight."""
        while True:
            now = self._clock.now()
            async with self._database.transaction("files") as tx:
                fetch = await summary_files.due_fetch(tx, now)
                later = await summary_files.next_fetch_at(tx)
            if fetch is None:
                return max((later - now).total_seconds(), 0.05) if later is not None else None
            self.is_busy = True
            try:
                await self._take(fetch)
            finally:
                self.is_busy = False

    async def _take(self, fetch: Fetch) -> None:
        largest = self._largest
        try:
            largest = min(largest, await self._most_the_server_takes())
            await self._settle(fetch, await self._fetch(fetch, largest))
        except _Unfit as error:
            await self._settle(fetch, NotFetched(fetch, error.why, largest))
        except Retry as error:
            await self._put_off(fetch, error)
        except GiveUp as error:
            if isinstance(error, Refused) and error.is_passing:
                await self._put_off(fetch, Retry(error.reason))
                return
            log.warning("a file was refused: %s", error.reason)
            await self._settle(fetch, NotFetched(fetch, Unfit.REFUSED, largest))
        except DiskError:
            raise
        except Exception as error:  # noqa: BLE001 - one file's fault must not stop the others
            log.error("fetching failed: %s", fault(error))
            await self._put_off(fetch, Retry("a fault in the program; see its log"))

    async def _settle(self, fetch: Fetch, found: Fetched | NotFetched) -> None:
        async with self._database.transaction(f"file.{fetch.summary_id}.{fetch.since}") as tx:
            if await summary_files.settle_fetch(tx, fetch.id):
                await self._handle(tx, found)

    async def _put_off(self, fetch: Fetch, error: Retry) -> None:
        pause = error.after or min(timedelta(seconds=2 ** min(fetch.attempts, 10)), LONGEST_PAUSE)
        log.info("a file is put off: %s", error.reason)
        async with self._database.transaction("files") as tx:
            await summary_files.put_off_fetch(tx, fetch.id, self._clock.now() + pause, error.reason)

    # -- one file --------------------------------------------------------------------------------

    async def _fetch(self, fetch: Fetch, largest: int) -> Fetched:
        source = made_harmless(fetch.source)
        if source.content is None:
            raise _Unfit(Unfit.UNREADABLE)
        content, remark = await self._copy(source.content, largest)
        thumbnail: Sealed | None = None
        if source.thumbnail is not None:
            try:
                thumbnail, _remark = await self._copy(source.thumbnail, min(largest, LARGEST_THUMBNAIL))
            except _Unfit as error:
                log.info("a thumbnail is left out: %s", error.why.value)
        return Fetched(fetch, content, thumbnail, remark)

    async def _copy(self, sealed: Sealed, largest: int) -> tuple[Sealed, Remark]:
        """Return a copy under a new key, and what became of what it says of itself."""
        if sealed.size > largest:
            raise _Unfit(Unfit.TOO_LARGE)
        ciphertext = await self._download(sealed.url, largest)
        # beside the loop: for a large file it takes as long as many messages
        opened, remark = await asyncio.to_thread(_open, sealed, ciphertext)
        del ciphertext
        size = len(opened)
        encrypted, keys = await asyncio.to_thread(encrypt_attachment, opened)
        del opened
        try:
            copy = await upload(
                self._client,
                encrypted,
                keys,
                mimetype=sealed.mimetype,
                size=size,
                width=sealed.width,
                height=sealed.height,
            )
        except GiveUp as error:
            raise _too_large(error) or error from error
        return copy, remark

    async def _download(self, url: str, largest: int) -> bytearray:
        found = ADDRESS.fullmatch(url)
        if found is None:
            raise _Unfit(Unfit.UNREADABLE)
        place = "/".join(quote(part, safe=":") for part in found.groups())
        for path in DOWNLOADS:
            try:
                return await self._read(f"{path}/{place}", largest)
            except Refused as error:
                if error.status == NOT_FOUND and error.errcode == "M_UNRECOGNIZED" and path != DOWNLOADS[-1]:
                    continue  # an older server
                if error.errcode == "M_NOT_FOUND":
                    raise _Unfit(Unfit.MISSING) from error
                raise _too_large(error) or error from error
            except Retry as error:
                raise _too_large(error) or error from error
        raise AssertionError

    async def _read(self, path: str, largest: int) -> bytearray:
        """Read a file in pieces, and no further than it may be long."""
        headers = {"Authorization": f"Bearer {self._client.access_token}"}
        with network():
            answer = await self._client.send("GET", path, None, headers, timeout=MEDIA_SECONDS)
            try:
                if answer.status != 200:
                    await read_json(answer, "download")
                    raise Retry("download: the answer is no file")
                if (answer.content_length or 0) > largest:
                    raise _Unfit(Unfit.TOO_LARGE)
                content = bytearray()
                async for piece in answer.content.iter_chunked(PIECE):
                    content += piece
                    if len(content) > largest:
                        raise _Unfit(Unfit.TOO_LARGE)
                return content
            finally:
                answer.close()

    async def _most_the_server_takes(self) -> int:
        """Ask how large an upload may be; a server that does not say leaves it to us."""
        for path in CONFIGS:
            try:
                most = (await request(self._client, "GET", path)).get("m.upload.size")
            except Refused as error:
                if error.errcode == "M_UNKNOWN_TOKEN":
                    raise
                continue
            return most if isinstance(most, int) and most > 0 else self._largest
        return self._largest


def _open(sealed: Sealed, ciphertext: bytes | bytearray) -> tuple[bytes, Remark]:
    """Check and decrypt a file, and take out what it says of itself."""
    try:
        # nio takes whatever has bytes in it
        opened: bytes = decrypt_attachment(ciphertext, sealed.key, sealed.sha256, sealed.iv)  # type: ignore[arg-type]
    except EncryptionError as error:
        changed = "SHA-256" in str(error)
        raise _Unfit(Unfit.CHANGED if changed else Unfit.UNREADABLE) from error
    except (ValueError, TypeError, OverflowError) as error:  # what should be base64 is none
        raise _Unfit(Unfit.UNREADABLE) from error
    return clean(opened)


def _too_large(error: Retry | GiveUp) -> _Unfit | None:
    return _Unfit(Unfit.TOO_LARGE) if "M_TOO_LARGE" in error.reason else None
