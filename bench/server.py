"""A throw-away Synapse that notes every request it has answered, and reads its notes back.

Rule: what a contestant asked for, and when it was answered, is taken from the server, so that all contestants are
measured by the same clock and none measures itself.
"""

from __future__ import annotations

import asyncio
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sandbox.install import SandboxError
from sandbox.synapse import Synapse

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made there
_ENOUGH = 2**30
_LOOKS_EVERY = 0.02  # seconds
_LINE = re.compile(
    r"(?P<at>[\d.]+) \S+ - \S+ - \{(?P<who>[^}]*)\} Processed request: (?P<took>[\d.]+)sec/.*?"
    r" (?P<code>\d{3})!? \"(?P<method>[A-Z]+) (?P<path>\S+) HTTP"
)
_KINDS = (
    ("sync", re.compile(r"/sync\b")),
    ("send", re.compile(r"/rooms/[^/]+/send/")),
    ("to device", re.compile(r"/sendToDevice/")),
    ("claim", re.compile(r"/keys/claim")),
    ("query", re.compile(r"/keys/query")),
    ("upload", re.compile(r"/keys/upload")),
    ("members", re.compile(r"/(joined_)?members\b")),
)


@dataclass(frozen=True, slots=True)
class Request:
    """One request that was answered.

    Args:
        at: When the answer was complete, in seconds since 1970.
        who: The user who asked, if any.
        kind: `send`, `sync`, `to device`, `claim`, `query`, `upload`, `members` or `other`.
        room: The room it concerns, if it is a `send`.
    """

    at: float
    who: str
    kind: str
    room: str
    took: float
    code: int

    @property
    def asked_at(self) -> float:
        """When it came in."""
        return self.at - self.took


def read_line(line: str) -> Request | None:
    """Read one line of the log; `None` for another one."""
    found = _LINE.match(line)
    if found is None:
        return None
    path = found["path"]
    kind = next((name for name, pattern in _KINDS if pattern.search(path)), "other")
    room = re.search(r"/rooms/([^/]+)/send/", path)
    return Request(
        at=float(found["at"]),
        who=found["who"],
        kind=kind,
        room=unquote(room[1]) if room else "",
        took=float(found["took"]),
        code=int(found["code"]),
    )


def in_memory() -> Path | None:
    """Return where files lie in memory, if the system has a gigabyte to spare there."""
    return _MEMORY if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ENOUGH else None


class Server(Synapse):
    """The server with its notes; its files lie in memory where the system has room for that."""

    def __init__(self, database: Path | None = None) -> None:
        super().__init__(database=database, within=in_memory())
        self.requests: list[Request] = []
        self._read = 0

    @property
    def access(self) -> Path:
        """The file of the notes."""
        return self.folder / "access.log"

    def _adapt_logs(self, logs: dict[str, Any]) -> None:
        logs["formatters"]["access"] = {"format": "%(created).6f %(message)s"}
        logs["handlers"]["access"] = {
            "class": "logging.FileHandler",
            "filename": str(self.access),
            "formatter": "access",
        }
        logs["loggers"]["synapse.access"] = {"level": "INFO", "handlers": ["access"], "propagate": False}

    def look(self) -> None:
        """Take in what was noted since the last look."""
        if not self.access.exists():
            return
        with self.access.open("rb") as file:
            file.seek(self._read)
            new = file.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read += len(whole)
        self.requests += filter(None, map(read_line, whole.decode(errors="replace").splitlines()))

    def since(self, mark: int, who: str, *kinds: str) -> list[Request]:
        """Return somebody's requests that were answered with success since a mark.

        Args:
            mark: The length of `requests` at that time.
            who: Whose.
            kinds: Of which kinds; all but `sync` where none is named.
        """
        self.look()
        return [
            each
            for each in self.requests[mark:]
            if each.who == who and each.code < 400 and (each.kind in kinds if kinds else each.kind != "sync")
        ]

    def mark(self) -> int:
        """Return where the notes end now."""
        self.look()
        return len(self.requests)

    async def until(self, what: str, is_true: Callable[[], bool], within: float) -> None:
        """Wait until something is true of the notes.

        Raises:
            SandboxError: It did not come within so many seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        self.look()
        while not is_true():
            if loop.time() > deadline:
                raise SandboxError(f"{what}: not within {within:.0f} s")
            await asyncio.sleep(_LOOKS_EVERY)
            self.look()

    async def until_sent(
        self,
        mark: int,
        who: str,
        rooms: Iterable[str],
        within: float,
        has_ended: Callable[[], bool] = lambda: False,
    ) -> list[Request]:
        """Wait until somebody has sent an event to each of these rooms since a mark; returns the first of each.

        Raises:
            SandboxError: It took too long, or whoever was to send has ended.
        """
        wanted = set(rooms)

        def first() -> dict[str, Request]:
            found: dict[str, Request] = {}
            for each in self.requests[mark:]:
                if each.kind == "send" and each.who == who and each.code == 200 and each.room in wanted:
                    found.setdefault(each.room, each)
            return found

        def done() -> bool:
            if len(first()) == len(wanted):
                return True
            if has_ended():
                raise SandboxError("the process has ended")
            return False

        try:
            await self.until("fan-out", done, within)
        except SandboxError as error:
            raise SandboxError(f"{error}; {len(first())} of {len(wanted)} rooms have it") from None
        return list(first().values())

    async def until_quiet(self, mark: int, who: str, kinds: Iterable[str], seconds: float) -> Request | None:
        """Wait until somebody has asked for nothing of some kinds for so long; returns the last such request."""
        loop = asyncio.get_running_loop()
        wanted = set(kinds)
        seen, since = -1, loop.time()
        while True:
            self.look()
            found = [each for each in self.requests[mark:] if each.who == who and each.kind in wanted]
            if len(found) != seen:
                seen, since = len(found), loop.time()
            elif loop.time() - since >= seconds:
                return found[-1] if found else None
            await asyncio.sleep(_LOOKS_EVERY)


def counted(requests: Iterable[Request]) -> dict[str, int]:
    """Count requests by kind."""
    return dict(Counter(each.kind for each in requests))
